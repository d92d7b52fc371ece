"""Words and redirections (bash manual, "Quoting", "Shell Expansions", "Redirections")."""

from __future__ import annotations

import re

from ci_port.bash.names import NAME
from ci_port.shell import tree
from ci_port.shell.cursor import Cursor
from ci_port.shell.source import SyntaxFault

_PLAIN = re.compile(r"[^ \t\n\"'\\$`|&;()<>]+")
_IN_QUOTES = re.compile(r"[^\"\\$`]+")
_ANSI_C = re.compile(r"(?:[^'\\]|\\.)*'", re.DOTALL)
_REDIRECTION = re.compile(
    rf"(?:[0-9]+|\{{{NAME}(?:\[[^]\s]*\])?\}})?(<<<|<<-|<<|<>|<&|>&|>>|>\||<(?!\()|>(?!\())|(&>>|&>)"
)
_ASSIGNMENT = re.compile(rf"{NAME}\+?=")
_ELEMENT = re.compile(rf"{NAME}(?=\[)")
_PARAMETER = re.compile(rf"(?:{NAME}|[0-9]|[?$!#@*-])")
_BRACED = re.compile(rf"([!#]?)({NAME}|[0-9]+|[@*?$!#-])")
_EXPANDING = re.compile(r"[^\\$`]+")
# bashlex looks for expansions inside single quotes, too.
_HIDDEN = re.compile(r"[$`\\]")
_BACKQUOTED = re.compile(r"(?:[^`\\]|\\.)*", re.DOTALL)


class Expansions(Cursor):
    """Reads words with all that can stand in them. Commands in a substitution are read by who knows commands."""

    def script(self) -> tree.Block:
        """Return everything up to the end."""
        raise NotImplementedError

    def block(self, *closers: str, needed: str = "") -> tree.Block:
        """Return commands up to a closer."""
        raise NotImplementedError

    def redirection(self) -> bool:
        char = self.peek()
        if char not in "<>&{0123456789" or not char:
            return False
        match = _REDIRECTION.match(self.text, self.pos, self.end)
        if match is None:
            return False
        operator = match[1] or match[2]
        sign = match.end() - len(operator)
        if sign > self.pos and self.text[self.pos] == "{":
            self.parts.append(tree.Skipped(self.pos, sign, "descriptor"))
        self.pos = match.end()
        self.gap()
        at = self.pos
        if _REDIRECTION.match(self.text, at, self.end) is None:
            self.word()
        if self.pos == at:
            raise self.unexpected("a redirection needs a target")
        self.last = self.pos
        if operator in ("<<", "<<-"):
            self.here_document(sign, operator, at)
        return True

    def here_document(self, sign: int, operator: str, at: int) -> None:
        word = self.text[at : self.pos]
        self.parts = [part for part in self.parts if part.start < at]
        delimiter = re.sub(r"\$?(['\"])(.*?)\1|\\(.)", lambda found: found[2] or found[3] or "", word, flags=re.DOTALL)
        node = tree.HereDocument(
            sign, at, delimiter=delimiter, quoted=any(char in word for char in "'\"\\"), tabs=operator == "<<-"
        )
        self.parts.append(node)
        self.parts.append(tree.Opaque(at, self.pos))
        self.pending.append(node)

    def here_documents(self) -> None:
        """Read the bodies that are due: they begin on the line after their operators, in order."""
        pending, self.pending = self.pending, []
        for node in pending:
            start = self.pos
            line = ("\t*" if node.tabs else "") + re.escape(node.delimiter)
            found = re.compile(rf"^{line}$\n?", re.MULTILINE).search(self.text, start, self.end)
            # Without its delimiter bash takes the rest of the file, with a warning.
            node.body = (start, found.start() if found else self.end)
            if not node.quoted:
                self.expansions(node)
            self.pos = found.end() if found else self.end
            self.parts.append(tree.Skipped(start, self.pos, "here-document"))

    def expansions(self, node: tree.HereDocument) -> None:
        """Read `$` and backquotes of a body; bash looks at them only when it gets there, so an error is unknown."""
        end, outer = self.end, self.parts
        self.pos, self.end = node.body
        self.parts = node.parts
        try:
            while self.pos < self.end:
                if match := _EXPANDING.match(self.text, self.pos, self.end):
                    self.pos = match.end()
                elif self.text[self.pos] == "\\":
                    self.pos += 2
                else:
                    self.dollar_or_backquote(quoted=True)
        except SyntaxFault as fault:
            node.parts.append(tree.Unknown(fault.offset, node.body[1], f"in a here-document: {fault.problem}"))
        self.end, self.parts = end, outer

    # Words (bash manual, "Quoting" and "Shell Expansions").

    def word(self) -> None:
        """Consume one word, possibly nothing."""
        text, end = self.text, self.end
        start = self.pos
        while self.pos < end:
            if match := _PLAIN.match(text, self.pos, end):
                self.pos = match.end()
                continue
            char = text[self.pos]
            if char == '"':
                self.double_quoted()
            elif char == "'":
                self.single_quoted()
            elif char == "\\":
                self.backslash()
            elif char in "$`":
                self.dollar_or_backquote()
            elif char in "<>" and text.startswith("(", self.pos + 1):
                self.process_substitution()
            elif char == "(" and self.extglob and self.pos > start and text[self.pos - 1] in "?*+@!":
                self.extended_glob()
            else:
                break

    def backslash(self) -> None:
        if self.text.startswith("\\\n", self.pos):
            self.parts.append(tree.Skipped(self.pos, self.pos + 2, "continuation in a word"))
        self.pos = min(self.pos + 2, self.end)

    def single_quoted(self) -> None:
        close = self.text.find("'", self.pos + 1, self.end)
        if close < 0:
            raise self.unclosed(self.pos, "'")
        if _HIDDEN.search(self.text, self.pos, close):
            self.parts.append(tree.Opaque(self.pos, close + 1))
        self.pos = close + 1

    def double_quoted(self) -> None:
        start = self.pos
        self.pos += 1
        while self.pos < self.end:
            if match := _IN_QUOTES.match(self.text, self.pos, self.end):
                self.pos = match.end()
                continue
            char = self.text[self.pos]
            if char == '"':
                self.pos += 1
                return
            if char == "\\":
                self.backslash()
            else:
                self.dollar_or_backquote(quoted=True)
        raise self.unclosed(start, '"')

    def dollar_or_backquote(self, quoted: bool = False) -> None:
        if self.text[self.pos] == "`":
            self.backquoted()
            return
        follower = self.text[self.pos + 1 : min(self.pos + 2, self.end)]
        if follower == "(":
            self.command_substitution()
        elif follower == "{":
            self.braced()
        elif follower == "[":
            self.old_arithmetic()
        elif follower == "'" and not quoted:
            self.ansi_c_quoted()
        elif match := _PARAMETER.match(self.text, self.pos + 1, self.end):
            self.parts.append(tree.Parameter(self.pos, match.end(), name=match[0]))
            self.pos = match.end()
        else:
            self.pos += 1

    def ansi_c_quoted(self) -> None:
        match = _ANSI_C.match(self.text, self.pos + 2, self.end)
        if match is None:
            raise self.unclosed(self.pos, "$'")
        self.parts.append(tree.Opaque(self.pos, match.end()))
        self.pos = match.end()

    def command_substitution(self) -> None:
        start = self.pos
        if self.at("$((") and self.double_parenthesis(start + 1, expansion=True):
            return
        self.pos = start + 2
        body = self.inner_block()
        self.close(")", start, "$(")
        self.parts.append(tree.Substitution(start, self.pos, "$(", body))

    def process_substitution(self) -> None:
        start = self.pos
        sign = self.text[start : start + 2]
        self.pos += 2
        body = self.inner_block()
        self.close(")", start, sign)
        self.parts.append(tree.Substitution(start, self.pos, sign, body))

    def inner_block(self) -> tree.Block:
        """Read the commands of a substitution, which may have nothing to do with what stands around it."""
        outer, words, pending, last = self.parts, self.words, self.pending, self.last
        self.parts, self.words, self.pending = [], [], []
        body = self.block()
        # A here-document that is still due here has its body after the line that the substitution ends on.
        self.parts, self.words, self.pending, self.last = outer, words, pending + self.pending, last
        return body

    def backquoted(self) -> None:
        start = self.pos
        match = _BACKQUOTED.match(self.text, start + 1, self.end)
        assert match is not None
        if match.end() >= self.end:
            raise self.unclosed(start, "`")
        self.pos = match.end() + 1
        self.parts.append(self.read_backquoted(start, match.end()))

    def read_backquoted(self, start: int, close: int) -> tree.Node:
        """Read between backquotes. Bash reads it only when it gets there, so an error there is unknown to us.

        Inner backquotes are escaped: they become `$(` and ` )`, which have the same length.
        """
        text = self.text
        inner = text[start + 1 : close]
        if "\\`" in inner:
            signs = iter(("$(", " )") * inner.count("\\`"))
            inner = re.sub(r"\\`", lambda _: next(signs), inner)
            text = text[: start + 1] + inner + text[close:]
        reader = type(self)(text, start + 1, close)
        try:
            return tree.Substitution(start, close + 1, "`", reader.script())
        except SyntaxFault as fault:
            return tree.Unknown(start, close + 1, f"in backquotes: {fault.problem}")

    def braced(self) -> None:
        """Read `${...}`."""
        start = self.pos
        node = tree.Parameter(start, start)
        self.pos += 2
        outer, self.parts = self.parts, node.parts
        if match := _BRACED.match(self.text, self.pos, self.end):
            # `${#}` and `${!}` are parameters; `${#x}` and `${!x}` are x with an operator before it.
            node.name, node.operator = match[2], match[1]
            self.pos = match.end()
        rest = re.compile(r"\[|:?[-=?+]|##?|%%?|//?|\^\^?|,,?|@|:|\*").match(self.text, self.pos, self.end)
        node.operator += rest[0] if rest else ""
        self.matched("}", start, "${")
        node.end = self.pos
        self.parts = outer
        self.parts.append(node)

    def matched(self, close: str, start: int, opening: str, nests: str = "") -> None:
        """Consume up to `close`, with quotes and expansions in between; `nests` opens another level."""
        plain = re.compile(rf"[^\\\"'$`{re.escape(close + nests)}]+")
        depth = 0
        while self.pos < self.end:
            if match := plain.match(self.text, self.pos, self.end):
                self.pos = match.end()
                continue
            char = self.text[self.pos]
            if char == close:
                self.pos += 1
                if not depth:
                    return
                depth -= 1
            elif char == nests:
                depth += 1
                self.pos += 1
            elif char == "'":
                self.single_quoted()
            elif char == '"':
                self.double_quoted()
            elif char == "\\":
                self.pos = min(self.pos + 2, self.end)
            else:
                self.dollar_or_backquote()
        raise self.unclosed(start, opening)

    def old_arithmetic(self) -> None:
        node = tree.ArithmeticExpansion(self.pos, self.pos)
        start = self.pos
        self.pos += 2
        outer, self.parts = self.parts, node.parts
        self.matched("]", start, "$[", "[")
        node.end = self.pos
        node.inner = (start + 2, self.pos - 1)
        self.parts = outer
        self.parts.append(node)

    def double_parenthesis(self, start: int, expansion: bool = False) -> tuple[int, int] | None:
        """Read `((...))` at `start`; None, with nothing consumed, if it does not end with `))`: then it is no sum."""
        before, outer = self.pos, self.parts
        self.parts = []
        self.pos = start + 2
        try:
            self.matched(")", start, "((", "(")
            whole = self.peek() == ")"
        except SyntaxFault:
            # What begins a subshell may hold unbalanced parentheses in a `case`.
            whole = False
        parts, self.parts = self.parts, outer
        if not whole:
            self.pos = before
            return None
        self.pos += 1
        inner = (start + 2, self.pos - 2)
        if expansion:
            self.parts.append(tree.ArithmeticExpansion(start - 1, self.pos, parts, inner))
        else:
            self.parts.extend(parts)
        return inner

    def extended_glob(self) -> None:
        start = self.pos
        self.pos += 1
        before = len(self.parts)
        self.matched(")", start, "(", "(")
        self.parts[before:] = [tree.Opaque(start, self.pos), *self.parts[before:]]

    def assignment(self) -> bool:
        """Consume `name=value`, `name[...]=value` or `name=(...)`; False, with nothing consumed, for anything else."""
        start = self.pos
        match = _ASSIGNMENT.match(self.text, start, self.end)
        subscript = None
        if match is None:
            subscript = self.subscript(start)
            if subscript is None:
                return False
            self.parts.append(subscript)
        else:
            self.pos = match.end()
        if self.peek() == "(":
            self.array()
        else:
            self.word()
        return True

    def subscript(self, start: int) -> tree.Subscript | None:
        match = _ELEMENT.match(self.text, start, self.end)
        if match is None:
            return None
        node = tree.Subscript(match.end(), match.end())
        outer, self.parts = self.parts, node.parts
        self.pos = match.end() + 1
        self.matched("]", match.end(), "[", "[")
        sign = re.compile(r"\+?=").match(self.text, self.pos, self.end)
        self.parts = outer
        node.end = self.pos
        if sign is None:
            self.pos = start
            return None
        self.pos = sign.end()
        return node

    def array(self) -> None:
        node = tree.Array(self.pos, self.pos)
        start = self.pos
        self.pos += 1
        outer, self.parts = self.parts, node.parts
        while True:
            self.newlines()
            if self.pos >= self.end:
                raise self.unclosed(start, "(")
            if self.peek() == ")":
                break
            at = self.pos
            if self.peek() == "[":
                self.element()
            self.word()
            if self.pos == at:
                raise self.unexpected()
        self.pos += 1
        node.end = self.pos
        self.parts = outer
        self.parts.append(node)

    def element(self) -> None:
        """Consume `[subscript]` at the start of an element of an array."""
        start = self.pos
        self.pos += 1
        before = len(self.parts)
        try:
            self.matched("]", start, "[", "[")
        except SyntaxFault:
            self.pos = start
            del self.parts[before:]
