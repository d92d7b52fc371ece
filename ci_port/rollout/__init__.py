"""Phases, evidence and gates: may the port run more jobs than it does?"""
