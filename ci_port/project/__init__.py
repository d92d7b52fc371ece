"""What is compared, by name: which script, port, world and jobs; how a side is made of them; spaces of cases.

Rooms are joined here. Nothing in this room knows any particular script; a project is data.
"""
