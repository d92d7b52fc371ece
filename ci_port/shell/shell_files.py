"""The files that run in one shell, and what they say about all that runs in it."""

from __future__ import annotations

import re

from ci_port.shell import tree
from ci_port.shell.asking import Asking
from ci_port.shell.positions import File, Term
from ci_port.shell.traps import traps_of

_NOTHING = frozenset((":", "true"))
_CHANGES = frozenset(("set", "shopt", "source", ".", "eval"))
_ERREXIT = re.compile(r"^#!.*\s-[a-z]*e|\bset\s+(?:-\w+\s+)*-(?:[a-zA-Z]*e|o\s+errexit)", re.MULTILINE)


class ShellFiles:
    """Files by their names; `sourced` has, by the identity of a `source` command, the file that it names."""

    def __init__(self, files: dict[str, File], sourced: dict[int, File]) -> None:
        self.files = files
        self.asking = Asking(files, sourced)
        self.traps = traps_of(files.values(), self.asking)
        self.waits = [member for file in files.values() for member in file.named("wait", "fg") if len(member.words) > 1]
        texts = [file.text for file in files.values()]
        self.stops = any(_ERREXIT.search(text) for text in texts)
        self.pipefail = any("pipefail" in text for text in texts)
        self.lastpipe = any("lastpipe" in text for text in texts)

    def changes_options(self, file: File, node: tree.Node) -> bool:
        """Return whether a command inside may set other options in the shell that it runs in."""
        return any(
            member.words and (member.name is None or member.name in _CHANGES or member.name in self.asking.functions)
            for member in file.inside(node)
        )

    def nothing(self, term: Term) -> bool:
        """Return whether a pipeline does nothing but succeed."""
        member = term.members[0] if len(term.members) == 1 and not term.negated else None
        if member is None or member.parts:
            return False
        if isinstance(member.node, tree.Group):
            lines = member.bodies[0].lines if term.end == member.node.end else []
            return bool(lines) and all(len(line.terms) == 1 and self.nothing(line.terms[0]) for line in lines)
        node = member.node
        plain = isinstance(node, tree.Simple) and not node.assignments and not node.redirected
        return plain and None not in member.words and member.name in _NOTHING - self.asking.functions.keys()
