"""What a script is made of. Every node knows its place: `start` and `end` are offsets into the text.

A `Statement` is one list of commands as bash reads it, up to a newline, `;` or `&`. Whatever stands in it and needs a
reader of its own (compound commands, substitutions, tests, arrays, here-documents) hangs below it as a part.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Node:
    """A stretch of the text."""

    start: int
    end: int


@dataclass(slots=True)
class Block(Node):
    """Commands in order, each with what ends it (`&`, `;` or a newline)."""

    statements: list[Statement] = field(default_factory=list)


@dataclass(slots=True)
class Statement(Node):
    """One list of pipelines. `words` are the places of its plain words, as a second reading to hold against bashlex."""

    parts: list[Node] = field(default_factory=list)
    words: list[tuple[int, int]] = field(default_factory=list)
    background: bool = False
    pipelines: list[Pipeline] = field(default_factory=list)


@dataclass(slots=True)
class Pipeline(Node):
    """One pipeline of a list; `sign` is the `&&` or `||` before it. Alone, `!` and `time` have no command.

    The compound commands among `commands` are parts of the statement, too.
    """

    sign: str = ""
    negated: bool = False
    commands: list[Simple | Compound] = field(default_factory=list)


@dataclass(slots=True)
class Simple(Node):
    """A simple command: the places of its assignments, of its words, and whether it is redirected."""

    assignments: list[tuple[int, int]] = field(default_factory=list)
    words: list[tuple[int, int]] = field(default_factory=list)
    redirected: bool = False


@dataclass(slots=True)
class Holder(Node):
    """A node with parts of its own."""

    parts: list[Node] = field(default_factory=list)


# Compound commands (bash manual, "Compound Commands"). Each stands where a command may stand.


@dataclass(slots=True)
class Compound(Holder):
    """A command that is no simple command; the parts are those of its header words and redirections."""

    redirected: bool = field(default=False, kw_only=True)


@dataclass(slots=True)
class Arm(Node):
    """`if`, `elif` or `else`: from its keyword to the end of its body."""

    kind: str
    condition: Block | None
    body: Block


@dataclass(slots=True)
class If(Compound):
    """`if ... then ... elif ... else ... fi`."""

    arms: list[Arm] = field(default_factory=list)


@dataclass(slots=True)
class Loop(Compound):
    """`for`, `while`, `until`; `select` and `for (( ))` are `for`. `header` is what stands before `do`."""

    kind: str = "for"
    variable: str = ""
    header: tuple[int, int] = (0, 0)
    condition: Block | None = None
    body: Block | None = None


@dataclass(slots=True)
class Item(Node):
    """One item of a `case`: from its first pattern to the end of its body; `sign` is what ends it, if anything."""

    patterns: list[tuple[int, int]]
    body: Block
    sign: str = ""


@dataclass(slots=True)
class Case(Compound):
    """`case word in pattern) ... ;; esac`."""

    subject: tuple[int, int] = (0, 0)
    items: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class Group(Compound):
    """`{ ...; }`, or `( ... )` in a shell of its own."""

    subshell: bool = False
    body: Block | None = None


@dataclass(slots=True)
class Function(Compound):
    """A function definition. Its body is a compound command, which stands in `parts`."""

    name: str = ""


@dataclass(slots=True)
class Test(Compound):
    """`[[ ... ]]`."""

    expression: Expression | None = None


@dataclass(slots=True)
class Arithmetic(Compound):
    """`(( ... ))`; `inner` is what stands between the parentheses."""

    inner: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class Coproc(Compound):
    """`coproc [NAME] command`."""

    name: str = ""
    body: Statement | None = None


# What can stand in words.


@dataclass(slots=True)
class Substitution(Node):
    """`$(...)`, backquotes, `<(...)` or `>(...)`."""

    sign: str
    body: Block


@dataclass(slots=True)
class Parameter(Holder):
    """`$x` or `${x...}`; `operator` is what follows the name, as far as it is an operator."""

    name: str = ""
    operator: str = ""


@dataclass(slots=True)
class ArithmeticExpansion(Holder):
    """`$(( ... ))` or `$[ ... ]`."""

    inner: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class Array(Holder):
    """The `(...)` of a compound assignment."""


@dataclass(slots=True)
class Subscript(Holder):
    """The `[...]` of an assignment to an element."""


@dataclass(slots=True)
class Opaque(Node):
    """A stretch that is text to the reader of words: an ANSI-C quote, an extended glob."""


@dataclass(slots=True)
class HereDocument(Holder):
    """A here-document: the node is its operator, `body` its text; expanded unless the delimiter is `quoted`."""

    delimiter: str = ""
    quoted: bool = False
    tabs: bool = False
    body: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class Skipped(Node):
    """What no command is made of: comments, continued lines, here-documents' bodies, `time`, the `&` of `|&`."""

    reason: str


@dataclass(slots=True)
class Unknown(Node):
    """What could not be understood, by name."""

    name: str


# The expression of `[[ ]]`, `[ ]` and `test`.


@dataclass(slots=True)
class Expression(Node):
    """`operator` is `&&`, `||`, `!`, a unary or binary operator, or empty for a single word."""

    operator: str
    operands: tuple[Expression | tuple[int, int], ...]
