"""What CI starts instead of the script: choose a side, run it, fall back before the first command or not at all.

Imports nothing here: what a run doesn't use isn't loaded.
"""
