"""Reads the structure of a script: where each compound command, substitution, quote and here-document begins and ends.

A recursive descent along bash's own grammar (bash manual, "Shell Syntax", "Compound Commands", "Shell Expansions";
parse.y of bash 5.2 where the manual is silent). What stands between, lists of pipelines of simple commands, is left to
bashlex: `bashlex_reader` gets each statement with everything that bashlex cannot read masked at the same length.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ci_port.bash import conditional
from ci_port.bash.builtins import ASSIGNING
from ci_port.bash.names import COMPOUND, NAME
from ci_port.shell import tree
from ci_port.shell.expansions import Expansions
from ci_port.shell.source import SyntaxFault

# After a redirection, too, a word may be an assignment.
_SETS = re.compile(rf"{NAME}(?:\[[^]]*\])?\+?=")
_UNARY = re.compile(r"-[a-zA-Z](?=[ \t\n])")
_OPERATORS = "|".join(map(re.escape, (*conditional.STRINGS, *conditional.NUMBERS, *conditional.FILES)))
_BINARY = re.compile(rf"(?:{_OPERATORS})(?=[ \t\n])|[<>]")


class Reader(Expansions):
    """Reads one text, or the part of it from `start` to `end`. Raises SyntaxFault where bash would refuse it."""

    def __init__(self, text: str, start: int = 0, end: int | None = None) -> None:
        super().__init__(text, start, end)
        self.closed_itself = False
        self.compounds: dict[str, Callable[[], tree.Compound]] = {
            "if": self.if_command,
            "while": self.while_command,
            "until": self.while_command,
            "for": self.for_command,
            "select": self.for_command,
            "case": self.case_command,
            "function": self.function_keyword,
            "{": self.group,
            "[[": self.test_command,
            "coproc": self.coproc,
        }

    # The whole, and blocks.

    def script(self) -> tree.Block:
        """Return everything; raises SyntaxFault."""
        block = self.block()
        if self.pos < self.end:
            raise self.unexpected()
        self.here_documents()
        return block

    def block(self, *closers: str, needed: str = "") -> tree.Block:
        """Return commands up to a reserved word of `closers`, a `)`, `;;` or the end, which is left to the caller.

        `needed` names the construct that must not be empty.
        """
        self.newlines()
        block = tree.Block(self.pos, self.pos)
        while not self.at_close(closers):
            block.statements.append(self.statement())
            block.end = self.last
            if not self.separator(block.statements[-1], closers):
                break
        if needed and not block.statements:
            raise self.unexpected(f"{needed} has no command")
        return block

    def separator(self, statement: tree.Statement, closers: tuple[str, ...]) -> bool:
        """Consume what ends a statement; False if the block ends here without one."""
        self.gap()
        char = self.peek()
        if char == "\n":
            self.newlines()
        elif char == "&" and not self.at("&&"):
            self.pos += 1
            statement.background = True
            self.newlines()
        elif char == ";" and not self.at(";;") and not self.at(";&"):
            self.pos += 1
            self.newlines()
        else:
            if not (
                char in ("", ")") or self.at(";;") or self.at(";&") or (self.closed_itself and self.at_close(closers))
            ):
                raise self.unexpected()
            return False
        return True

    def at_close(self, closers: tuple[str, ...]) -> bool:
        if self.pos >= self.end:
            return True
        char = self.text[self.pos]
        if char == ")" or self.at(";;") or self.at(";&"):
            return True
        return bool(closers) and self.reserved() in closers

    def statement(self) -> tree.Statement:
        """Return one list, up to its separator."""
        outer, words = self.parts, self.words
        self.parts, self.words = [], []
        start = self.pos
        pipelines = self.and_or()
        statement = tree.Statement(start, self.last, self.parts, self.words, pipelines=pipelines)
        self.parts, self.words = outer, words
        return statement

    def and_or(self) -> list[tree.Pipeline]:
        found = [self.pipeline("")]
        while True:
            self.gap()
            if not (self.at("&&") or self.at("||")):
                return found
            sign = self.text[self.pos : self.pos + 2]
            self.pos += 2
            self.newlines()
            found.append(self.pipeline(sign))

    def pipeline(self, sign: str) -> tree.Pipeline:
        node = tree.Pipeline(self.pos, self.pos, sign)
        prefixes = self.prefix()
        node.negated = prefixes.count("!") % 2 == 1
        node.commands += self.command(optional=bool(prefixes))
        while True:
            node.end = self.last
            self.gap()
            if self.peek() != "|" or self.at("||"):
                return node
            self.pos += 1
            if self.peek() == "&":
                self.skip(1, "|&")
            self.newlines()
            if self.reserved() == "time":
                self.prefix()
            node.commands += self.command()

    def prefix(self) -> list[str]:
        """Consume and return `!` and `time`; after them bash lets the command be missing."""
        found = []
        while (word := self.reserved()) in ("!", "time"):
            if word == "!" and self.extglob and self.at("!("):
                break
            found.append(word)
            start = self.pos
            self.pos += len(word)
            self.last = self.pos
            if word == "time":
                self.gap()
                while match := re.compile(r"-p|--").match(self.text, self.pos, self.end):
                    self.pos = self.last = match.end()
                    self.gap()
                self.parts.append(tree.Skipped(start, self.last, "time"))
            self.gap()
        return found

    # Commands.

    def command(self, optional: bool = False) -> list[tree.Simple | tree.Compound]:
        """Read and return one command; none, where it is `optional` and missing."""
        self.closed_itself = False
        word = self.reserved()
        if word in self.compounds:
            return [self.compound(self.compounds[word])]
        if self.peek() == "(":
            return [self.compound(self.parenthesis)]
        if word and not (word == "!" and self.extglob and self.at("!(")):
            raise self.unexpected()
        return self.simple(optional)

    def compound(self, read: Callable[[], tree.Compound]) -> tree.Compound:
        node = self.collect(read)
        self.last = self.pos
        if isinstance(node, tree.Function):
            self.closed_itself = False
            node.end = self.last
            self.parts.append(node)
            return node
        self.parts.append(node)
        node.redirected = self.redirections()
        self.closed_itself = not node.redirected and not isinstance(node, tree.Coproc)
        return node

    def collect(self, read: Callable[[], tree.Compound]) -> tree.Compound:
        """Run a reader of a node with parts of its own."""
        outer, words = self.parts, self.words
        self.parts, self.words = [], []
        node = read()
        node.parts = self.parts
        self.parts, self.words = outer, words
        return node

    def redirections(self) -> bool:
        """Consume the redirections after a compound command; return whether there was one."""
        found = False
        self.gap()
        while self.redirection():
            found = True
            self.gap()
        return found

    def simple(self, optional: bool = False) -> list[tree.Simple | tree.Compound]:
        """Read assignments, words and redirections; a name with `()` after it defines a function."""
        start = self.pos
        node = tree.Simple(start, start)
        count = 0
        declaring = False
        first = ""
        while True:
            self.gap()
            char = self.peek()
            if self.redirection():
                count += 1
                first = first or ">"
                node.redirected = True
                continue
            if char in ("", "\n", ";", "&", "|", ")"):
                break
            if char == "(":
                if count == 1 and first not in ("", "=", ">"):
                    return [self.define(start)]
                raise self.unexpected()
            at = self.pos
            assigned = self.assignment() if first in ("", "=") or declaring else False
            if not assigned:
                self.word()
                first = self.text[at : self.pos] if first in ("", "=") else first
                declaring = declaring or (first in ASSIGNING and first == self.text[at : self.pos])
            else:
                first = first or "="
            if self.pos == at:
                raise self.unexpected()
            count += 1
            self.last = self.pos
            self.words.append((at, self.pos))
            sets = not node.words and (assigned or _SETS.match(self.text, at, self.pos))
            (node.assignments if sets else node.words).append((at, self.pos))
            if self.text[at : self.pos] in ("{", "}"):
                # To bashlex a brace is a reserved word wherever it stands.
                self.parts.append(tree.Opaque(at, self.pos))
        # `!` and `time` may stand alone, but only before what ends a line (parse.y, list_terminator).
        if not count and not (optional and self.peek() in ("", "\n", ";")):
            raise self.unexpected()
        node.end = self.last
        return [node] if count else []

    def define(self, start: int) -> tree.Compound:
        """Read the rest of `name () compound-command`; the name has been read as the only word."""
        name = self.text[start : self.last]
        if name in COMPOUND:
            raise SyntaxFault(start, f"{name} is a reserved word")
        self.words.pop()
        self.parts = [part for part in self.parts if part.start < start]
        self.pos += 1
        self.gap()
        if self.peek() != ")":
            raise self.unexpected()
        self.pos += 1
        return self.compound(lambda: self.body_of(tree.Function(start, start, name=name)))

    def body_of(self, function: tree.Function) -> tree.Function:
        self.newlines()
        word = self.reserved()
        if self.peek() == "(":
            self.compound(self.parenthesis)
        elif word in self.compounds and word not in ("function", "coproc"):
            self.compound(self.compounds[word])
        else:
            raise self.unexpected("the body of a function must be a compound command")
        function.end = self.last
        self.pos = self.last
        return function

    def function_keyword(self) -> tree.Function:
        start = self.pos
        self.pos += len("function")
        self.gap()
        at = self.pos
        self.word()
        name = self.text[at : self.pos]
        if not name:
            raise self.unexpected("a function needs a name")
        self.gap()
        if match := re.compile(r"\([ \t]*\)").match(self.text, self.pos, self.end):
            self.pos = match.end()
        return self.body_of(tree.Function(start, start, name=name))

    def if_command(self) -> tree.If:
        node = tree.If(self.pos, self.pos)
        keyword = "if"
        while True:
            start = self.pos
            self.expect(keyword)
            condition = None
            if keyword != "else":
                condition = self.block("then", needed=keyword)
                self.expect("then")
            body = self.block(*(("fi",) if keyword == "else" else ("elif", "else", "fi")), needed="then")
            node.arms.append(tree.Arm(start, body.end, keyword, condition, body))
            keyword = self.reserved()
            if keyword not in ("elif", "else") or node.arms[-1].kind == "else":
                break
        self.expect("fi", opened=node.start, by="if")
        node.end = self.pos
        return node

    def while_command(self) -> tree.Loop:
        node = tree.Loop(self.pos, self.pos, kind=self.reserved())
        self.pos += len(node.kind)
        node.condition = self.block("do", needed=node.kind)
        node.header = (node.start, node.condition.end)
        self.do_done(node)
        return node

    def do_done(self, node: tree.Loop) -> None:
        self.expect("do", opened=node.start, by=node.kind)
        node.body = self.block("done", needed="do")
        self.expect("done", opened=node.start, by=node.kind)
        node.end = self.pos

    def for_command(self) -> tree.Loop:
        node = tree.Loop(self.pos, self.pos)
        self.pos += len(self.reserved())
        self.gap()
        if self.at("(("):
            at = self.pos
            arithmetic = self.double_parenthesis(self.pos)
            if arithmetic is None or self.semicolons(arithmetic) != 2:
                raise SyntaxFault(at, "for (( )) needs three expressions")
            node.header = (node.start, self.pos)
            self.gap()
            if self.peek() == ";" and not self.at(";;"):
                self.pos += 1
        else:
            self.for_words(node)
        self.newlines()
        if self.reserved() == "{":
            self.pos += 1
            node.body = self.block("}", needed="{")
            self.expect("}", opened=node.start, by="for")
            node.end = self.pos
        else:
            self.do_done(node)
        return node

    def semicolons(self, span: tuple[int, int]) -> int:
        """Return how many semicolons stand in a stretch outside of its parts."""
        places = [match.start() for match in re.compile(";").finditer(self.text, *span)]
        return sum(not any(part.start <= place < part.end for part in self.parts) for place in places)

    def for_words(self, node: tree.Loop) -> None:
        at = self.pos
        self.word()
        node.variable = self.text[at : self.pos]
        if not node.variable:
            raise self.unexpected("for needs a name")
        node.header = (node.start, self.pos)
        self.gap()
        if self.peek() == ";":
            self.pos += 1
            return
        self.newlines()
        if self.reserved() != "in":
            return
        self.pos += 2
        while True:
            node.header = (node.start, self.pos)
            self.gap()
            if self.peek() in ("", "\n", ";"):
                break
            at = self.pos
            self.word()
            if self.pos == at:
                raise self.unexpected()
        if self.peek() == ";" and not self.at(";;"):
            self.pos += 1

    def case_command(self) -> tree.Case:
        node = tree.Case(self.pos, self.pos)
        self.pos += len("case")
        self.gap()
        at = self.pos
        self.word()
        if self.pos == at:
            raise self.unexpected("case needs a word")
        node.subject = (at, self.pos)
        self.newlines()
        self.expect("in", opened=node.start, by="case")
        self.newlines()
        while self.reserved() != "esac":
            if self.pos >= self.end:
                raise SyntaxFault(node.start, "case without its esac")
            node.items.append(self.item())
            self.newlines()
        self.pos += len("esac")
        node.end = self.pos
        return node

    def item(self) -> tree.Item:
        if self.peek() == "(":
            self.pos += 1
            self.gap()
        patterns: list[tuple[int, int]] = []
        while True:
            at = self.pos
            self.word()
            if self.pos == at:
                raise self.unexpected("a pattern is expected")
            patterns.append((at, self.pos))
            self.gap()
            if self.peek() != "|":
                break
            self.pos += 1
            self.gap()
        if self.peek() != ")":
            raise self.unexpected()
        self.pos += 1
        body = self.block("esac")
        ender = next((sign for sign in (";;&", ";;", ";&") if self.at(sign)), "")
        if not ender and self.reserved() != "esac":
            raise self.unexpected() if self.pos < self.end else SyntaxFault(patterns[0][0], "case without its esac")
        # An item without commands ends with its patterns.
        end = body.end if body.statements else patterns[-1][1]
        self.pos += len(ender)
        return tree.Item(patterns[0][0], end, patterns, body, ender)

    def group(self) -> tree.Group:
        node = tree.Group(self.pos, self.pos)
        self.pos += 1
        node.body = self.block("}", needed="{")
        self.expect("}", opened=node.start, by="{")
        node.end = self.pos
        return node

    def parenthesis(self) -> tree.Compound:
        """Read `(( ))`, or a subshell; `((` may also begin a subshell in a subshell."""
        start = self.pos
        if self.at("((") and (inner := self.double_parenthesis(start)):
            return tree.Arithmetic(start, self.pos, inner=inner)
        self.pos = start + 1
        body = self.block(needed="(")
        self.close(")", start, "(")
        return tree.Group(start, self.pos, subshell=True, body=body)

    def coproc(self) -> tree.Coproc:
        node = tree.Coproc(self.pos, self.pos)
        self.pos += len("coproc")
        self.gap()
        match = re.compile(rf"({NAME})[ \t]+").match(self.text, self.pos, self.end)
        if match and not self.reserved():
            at = self.pos
            self.pos = match.end()
            if self.reserved() in self.compounds or self.peek() == "(":
                node.name = match[1]
            else:
                self.pos = at
        outer, words = self.parts, self.words
        self.parts, self.words = [], []
        start = self.pos
        commands = self.command()
        pipeline = tree.Pipeline(start, self.last, commands=commands)
        node.body = tree.Statement(start, self.last, self.parts, self.words, pipelines=[pipeline])
        self.parts, self.words = outer, words
        node.end = self.last
        self.pos = self.last
        return node

    # `[[ ]]` (bash manual, "Conditional Constructs").

    def test_command(self) -> tree.Test:
        node = tree.Test(self.pos, self.pos)
        self.pos += 2
        extglob, self.extglob = self.extglob, True
        self.newlines()
        node.expression = self.test_or(node.start)
        self.extglob = extglob
        if not self.at_test_end():
            raise (
                self.unexpected("the test is not understood")
                if self.pos < self.end
                else self.unclosed(node.start, "[[")
            )
        self.pos += 2
        node.end = self.pos
        return node

    def at_test_end(self) -> bool:
        return self.at("]]") and (self.pos + 2 >= self.end or self.text[self.pos + 2] in " \t\n;&|()<>")

    def test_or(self, opened: int) -> tree.Expression:
        return self.joined("||", lambda: self.joined("&&", lambda: self.test_term(opened)))

    def joined(self, sign: str, operand: Callable[[], tree.Expression]) -> tree.Expression:
        operands = [operand()]
        while self.at(sign):
            self.pos += 2
            self.newlines()
            operands.append(operand())
        if len(operands) == 1:
            return operands[0]
        return tree.Expression(operands[0].start, operands[-1].end, sign, tuple(operands))

    def test_term(self, opened: int) -> tree.Expression:
        start = self.pos
        if self.reserved() == "!":
            self.pos += 1
            self.newlines()
            operand = self.test_term(opened)
            return tree.Expression(start, operand.end, "!", (operand,))
        if self.peek() == "(":
            self.pos += 1
            self.newlines()
            inner = self.test_or(opened)
            self.close(")", start, "(")
            node = tree.Expression(start, self.pos, "()", (inner,))
            self.newlines()
            return node
        if self.pos >= self.end:
            raise self.unclosed(opened, "[[")
        if self.at_test_end():
            raise self.unexpected("the test has no expression here")
        unary = _UNARY.match(self.text, self.pos, self.end)
        if unary and unary[0] in conditional.UNARY:
            self.pos = unary.end()
            self.gap()
            node = tree.Expression(start, start, unary[0], (self.test_word(),))
        else:
            node = self.binary(start)
        node.end = self.last
        self.newlines()
        return node

    def binary(self, start: int) -> tree.Expression:
        left = self.test_word()
        self.gap()
        match = _BINARY.match(self.text, self.pos, self.end)
        if match is None:
            if self.peek() == "\n":
                raise self.unexpected("a test of one word ends on its line")
            self.last = left[1]
            return tree.Expression(start, left[1], "", (left,))
        self.pos = match.end()
        self.gap()
        right = self.regex() if match[0] == "=~" else self.test_word()
        return tree.Expression(start, right[1], match[0], (left, right))

    def test_word(self) -> tuple[int, int]:
        start = self.pos
        if self.at_test_end():
            raise self.unexpected("the test lacks a word")
        self.word()
        if self.pos == start:
            raise self.unexpected("a word of a test is expected")
        self.last = self.pos
        return start, self.pos

    def regex(self) -> tuple[int, int]:
        """Read the right side of `=~`, where parentheses, and blanks within them, belong to the word."""
        start = self.pos
        depth = 0
        while self.pos < self.end:
            char = self.text[self.pos]
            if char in ("(", "|"):
                depth += char == "("
                self.pos += 1
            elif char == ")":
                if not depth:
                    break
                depth -= 1
                self.pos += 1
            elif char in " \t\n;&<>":
                if not depth:
                    break
                self.pos += 1
            else:
                self.word()
        if depth:
            raise self.unclosed(start, "(")
        if self.pos == start:
            raise self.unexpected("a regular expression is expected")
        self.last = self.pos
        return start, self.pos
