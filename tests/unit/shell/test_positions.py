"""Where commands stand, and the lines that bash reports for them: held against bash itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.shell.frames import Frame
from ci_port.shell.positions import File, Member, Role, vanishes
from tests.unit.shell import courses

# `@` becomes the number of its line. A command counts by its own line where it begins; in substitutions bash counts
# in ways of its own, which only have to be among those that we expect.
LINES: dict[str, str] = {
    "words on other lines": "c @ \\\n x",
    "first word on another line": "\\\nc @",
    "an assignment before it": "v=1 \\\n c @",
    "an assignment over lines": 'v="1\n2" w=3 \\\n c @',
    "a redirection before it": "> /dev/null \\\n  c @",
    "a quote over lines": 'c @ "\n\n" y\nc @',
    "if over lines": "if c @ &&\n ! c @ ||\n c @\nthen\n c @\nfi",
    "elif": "if ! c @; then :\nelif\n c @\nthen\n c @\nfi",
    "one line": "c @; c @; if c @; then c @; fi",
    "pipeline": "c @ |\n c @ |\n c @",
    "not": "! \\\n c @",
    "time": "time \\\n c @",
    "while": "while c @ &&\n c @\ndo\n c @\n break\ndone",
    "until": "until\n c @\ndo\n :\ndone",
    "for": "for i in 1 \\\n 2; do\n c @\ndone",
    "words of a for": "for i in x $(c @) \\\n $(c @); do\n c @\ndone",
    "arithmetic for": "for ((i = $(c @; echo 0); i <\n $(c @; echo 1); i++)); do\n c @\ndone",
    "case": "case x in\n y) ;;\n x)\n  c @ ;;&\n *) c @\nesac",
    "words of a case": 'case "$(\n c @\n)" in\n x$(c @)) ;;\n *$(c @)) ;;\nesac',
    "group and subshell": "{ c @; c @\n c @; }; (\n c @\n c @ )",
    "redirected group": '{\n c @\n} > "$(c @; echo out)" 2> $(\nc @\necho out)',
    "function": "f() {\n c @\n\n c @ \\\n  x\n}\nf",
    "function on one line": "f() { c @; }\nf; f",
    "function called over lines": "f() {\n c @\n}\nf \\\n 1 \\\n 2",
    "function called in a substitution": "f() { c @; }\nx=$(\nf\n  f\n)",
    "function in a function": "f() {\n g() {\n  c @\n }\n g\n c @\n}\nf",
    "here-document": "c @ <<E\nbody\nE\nc @",
    "here-document with commands": "c @ <<E\n$(c @)\nx\n$(\n c @\n)\nE\nc @",
    "two here-documents": "c @ <<A; c @ <<B\n$(c @)\nA\n$(c @)\nB\nc @",
    "brackets": "[[ -n $(c @) ||\n -n $(c @) ]]\nc @",
    "test": '[ "a" \\\n = "$(c @)" -o \\\n "$(c @)" ]',
    "sum": "(( $(c @; echo 1) +\n $(c @; echo 1) ))",
    "sum in a word": 'echo $(( 1 +\n $(c @; echo 1) )) "${x:-\n$(c @)}"',
    "substitution": "x=$(c @)\nc @",
    "substitution over lines": "\n\nx=$(\n\n c @\n\n c @\n)\nc @",
    "substitution with words behind": 'c @ "$(c @\n c @)" \\\n "$(c @)"',
    "substitution in quotes": 'echo "a\n$(c @)\nb $(\nc @\n)"',
    "two substitutions": 'x="$(\nc @\n)" y="$(\nc @\n)" c @',
    "declaration": "declare x=$(\nc @\n) y=$(\nc @\n)",
    "array": "x=(a\n b\n $(c @)\n $(\n  c @\n )\n)",
    "compound in a substitution": "x=$(if c @; then c @; fi; c @\n c @\n)\n",
    "much in a substitution": (
        "x=$(\n# so\n\nif c @; then\n c @\nfi\ncase x in\n x) c @;;\nesac\nfor i in 1; do\n c @\ndone\n)"
    ),
    "functions in a substitution": "x=$(f() { c @; }; g() {\n c @; }; f; g; c @)",
    "subshell in a substitution": "x=$( (\n c @\n )\n c @\n)",
    "continued line in a substitution": "x=$(c @ \\\n  y\n c @)",
    "here-document in a substitution": "x=$(c @ <<E\na\nb\nE\nc @)",
    "substitutions in a substitution": "x=$(y=$(c @\nz=$(\n c @)\n )\n c @)",
    "pipeline in a substitution": "x=$(c @ | c @ |\n c @)",
    "backquotes": "x=`\n  c @\n  c @\n`\nc @",
    "backquotes in backquotes": "x=`c @ \\`c @\\`\n c @`",
    "process substitution": "cat <(c @) <(\n c @\n c @\n )",
    "process substitution of a loop": "while read x; do\n c @\ndone < <(\n c @\n echo x\n c @\n)",
    "coprocess": "coproc {\n c @\n c @\n}\nwait",
    "background": "c @ &\nc @ \\\n &\nwait",
    "eval": "eval 'c @\nc @'\nc @",
    "select": "select x in a; do c @; break; done <<< 1",
    "group of groups": "{ { c @; }\n( { c @; } ) | {\n c @\n}; }",
}


@pytest.mark.parametrize("name", LINES)
def test_a_command_is_found_on_the_line_that_bash_reports(name: str, tmp_path: Path) -> None:
    text = "\n".join(line.replace("@", str(number)) for number, line in enumerate(LINES[name].split("\n"), 1)) + "\n"
    file = File(text)
    course = courses.run(tmp_path, text)
    assert len(course.ran) >= LINES[name].count("@") > 0
    for ran in course.ran:
        frame, *outer = ran.frames
        assert any(_runs(member, ran.argv) for member in _standing(file, frame)), (ran, text)
        for callee, caller in zip(ran.frames, outer, strict=False):
            assert any(member.name == callee.function for member in _standing(file, caller)), (ran, text)


def _standing(file: File, frame: Frame) -> list[Member]:
    return [member for member in file.at(frame.line) if (member.body.function or "main") == frame.function]


def _runs(member: Member, argv: tuple[str, ...]) -> bool:
    return member.name == "eval" or member.words[:2] == argv[:2]


def commands(text: str) -> dict[str, Member]:
    """Return the simple commands of a text by their names."""
    return {member.name or "": member for member in File(text).commands}


def test_lines_of_a_command_are_its_own() -> None:
    found = commands("a\nb \\\n x\nif c; then\n d\nfi\n{ e; } > f\n")
    assert {name: member.lines for name, member in found.items()} == {
        "a": (1, 1),
        "b": (2, 3),
        "c": (4, 4),
        "d": (5, 5),
        "e": (7, 7),
    }


def test_lines_in_a_substitution_are_those_that_bash_may_count() -> None:
    found = commands("x=$(a)\ny=$(\n b\n)\n{\n c\n} < <(d)\n")
    assert [found[name].lines for name in "abcd"] == [(1, 1), (2, 6), (6, 6), (7, 7)]


def test_roles_and_what_holds_them() -> None:
    text = (
        "if a; then b; fi; while c; do d; done; case x in x) e;; esac; { f; }; ( g ); h() { i; }; j=$(k); l <(m)\n"
        "coproc n\n"
    )
    found = commands(text)
    assert {name: member.body.role for name, member in found.items() if name} == {
        "a": Role.CONDITION,
        "b": Role.ARM,
        "c": Role.CONDITION,
        "d": Role.LOOP,
        "e": Role.ITEM,
        "f": Role.GROUP,
        "g": Role.SUBSHELL,
        "i": Role.GROUP,
        "k": Role.SUBSTITUTION,
        "l": Role.SCRIPT,
        "m": Role.JOB,
        "n": Role.JOB,
    }
    holder = found["i"].body.holder
    assert holder is not None
    assert (holder.body.role, holder.body.function) == (Role.FUNCTION, "h")
    assert found["m"].body.holder is found["l"]
    assert found["k"].body.holder is found[""]


def test_lists_and_pipelines() -> None:
    text = "a && ! b | c || d & e"
    found = commands(text)
    term = found["b"].term
    assert (term.sign, term.negated, len(term.members), term.number) == ("&&", True, 2, 1)
    assert [other.sign for other in found["a"].term.rest] == ["&&", "||"]
    assert term.line.background
    assert term.line.next is found["e"].term.line
    assert found["e"].term.line.next is None


def test_words_are_known_where_bash_expands_nothing() -> None:
    found = commands("a 'b c' \"d\" $e *.f {g,h} ~i; `j \\$k`; command builtin l m; n=1 o; $p q")
    assert found["a"].words == ("a", "b c", "d", None, None, None, None)
    assert found["j"].words == ("j", None)
    assert found["l"].command == ("l", "m")
    assert found["l"].raw() == ["l", "m"]
    assert found["o"].words == ("o",)
    assert found[""].words[-1] in (None, "q")


@pytest.mark.parametrize(
    ("raw", "want"),
    [("$x", True), ("`a`", True), ('"$@"', True), ('"${x[@]}"', True), ('"$x"', False), ("a$x", False), ("''", False)],
)
def test_words_that_may_vanish(raw: str, want: bool) -> None:
    assert vanishes(raw) is want
