"""`Rule`: what a command answers, and what it makes of the world's files."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ci_port.bash import pattern
from ci_port.model import templates
from ci_port.model.fields import Fields
from ci_port.model.files import Content, content_from_json, content_to_json

ONE = "*"
ANY_NUMBER = "**"
OPERAND = "[!-]*"
"""The words of a rule that stand for others: any word; as a last word any number of them; a word that does not begin
with a dash, so that no option is taken for a file."""

WILDCARDS = frozenset((ONE, ANY_NUMBER, OPERAND))

Made = Content | None
"""What a rule puts at a path; None is a directory."""

NEWEST = 2
"""The newest version of worlds; what carries no version of its own (a case, a library) may say all that it knows."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a command answers: `argv` matches word by word, the words of `WILDCARDS` match others.

    A rule with `nth` speaks of the nth command of a run that its `argv` matches, and of no other; 0 is every one.
    `makes` and `removes` hold templates of paths (`ci_port.model.templates`), relative to the command's directory.
    """

    argv: tuple[str, ...]
    status: int = 0
    stdout: str = ""
    when: tuple[tuple[str, str], ...] = ()
    nth: int = 0
    stderr: str = ""
    makes: tuple[tuple[str, Made], ...] = ()
    removes: tuple[str, ...] = ()

    def matches(self, argv: Sequence[str]) -> bool:
        """Return whether the rule speaks of this command."""
        rule = self.argv
        if rule and rule[-1] == ANY_NUMBER:
            rule = rule[:-1]
            if len(argv) < len(rule):
                return False
        elif len(argv) != len(rule):
            return False
        return all(map(_speaks_of, rule, argv))

    def applies(self, start: Mapping[str, str]) -> bool:
        """Return whether the starting environment matches all globs of `when`; unset counts as empty."""
        return all(pattern.matches(glob, start.get(name, "")) for name, glob in self.when)

    def effects(self, argv: Sequence[str], cwd: str) -> Effects:
        """Return what the rule does to files when it answers the command `argv` in the absolute directory `cwd`.

        A template that names a word which the command does not have does nothing. Paths are joined, not resolved:
        whoever carries the effects out follows links and `..` as the kernel does.
        """
        made = ((templates.filled(template, argv), content) for template, content in self.makes)
        gone = (templates.filled(template, argv) for template in self.removes)
        return Effects(
            tuple(os.path.join(cwd, path) for path in gone if path),
            tuple((os.path.join(cwd, path), content) for path, content in made if path),
        )


def _speaks_of(want: str, have: str) -> bool:
    return want in (have, ONE) or (want == OPERAND and have[:1] not in ("", "-"))


@dataclass(frozen=True, slots=True)
class Effects:
    """What one command does to files: absolute paths; what is removed goes first."""

    removes: tuple[str, ...] = ()
    makes: tuple[tuple[str, Made], ...] = ()


class Answers:
    """The rules in force during one run; it counts how often each matched, for those that speak of the nth time."""

    __slots__ = ("_rules", "_uses")

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._uses = [0] * len(self._rules)

    def to(self, argv: Sequence[str]) -> Rule | None:
        """Return the first rule that speaks of the command; None: it exits 0 and prints nothing.

        A rule with `nth` counts every command that its words match, also one that a rule before it answers.
        """
        answer: Rule | None = None
        for index, rule in enumerate(self._rules):
            if not (rule.nth or answer is None) or not rule.matches(argv):
                continue
            self._uses[index] += 1
            if answer is None and rule.nth in (0, self._uses[index]):
                answer = rule
        return answer


def rule_from_json(fields: Fields, version: int = NEWEST) -> Rule:
    """Return the rule that `fields` describes; raises DataError with file, line and field."""
    argv = _argv(fields)
    for name in ("stderr", "makes", "removes"):
        if version < 2 and fields.has(name):
            raise fields.error(name, 'needs "version": 2 in the world')
    status = fields.integer("status", 0)
    if not 0 <= status <= 255:
        raise fields.error("status", f"an exit status from 0 to 255 is expected, found {status}")
    nth = fields.integer("nth", 0)
    if nth < 0:
        raise fields.error("nth", f"a number from 0 (every time) is expected, found {nth}")
    rule = Rule(
        argv,
        status,
        fields.text("stdout", ""),
        _when(fields),
        nth,
        fields.text("stderr", ""),
        _makes(fields, argv),
        tuple(_template(fields, "removes", path, argv, at) for at, path in enumerate(fields.texts("removes", []))),
    )
    fields.finish()
    return rule


def rule_to_json(rule: Rule) -> dict[str, object]:
    """Return the rule as a JSON object, defaults left out."""
    result: dict[str, object] = {
        "argv": list(rule.argv),
        "status": rule.status,
        "stdout": rule.stdout,
        "stderr": rule.stderr,
        "when": dict(rule.when),
        "nth": rule.nth,
        "makes": {path: None if made is None else content_to_json(made) for path, made in rule.makes},
        "removes": list(rule.removes),
    }
    return {name: value for name, value in result.items() if value}


def _argv(fields: Fields) -> tuple[str, ...]:
    argv = tuple(fields.texts("argv"))
    if not argv:
        raise fields.error("argv", "a command has at least one word")
    for number, word in enumerate(argv):
        if word == ANY_NUMBER and number < len(argv) - 1:
            raise fields.error("argv", '"**" can only be the last word', number)
        if "\0" in word:
            raise fields.error("argv", f"a word without NUL is expected, found {word!r}", number)
    return argv


def _when(fields: Fields) -> tuple[tuple[str, str], ...]:
    when = fields.mapping("when", {})
    for name, glob in when.items():
        try:
            pattern.compile_pattern(glob)
        except ValueError as error:
            raise fields.error("when", str(error), name) from None
    return tuple(when.items())


def _makes(fields: Fields, argv: tuple[str, ...]) -> tuple[tuple[str, Made], ...]:
    if not fields.has("makes"):
        fields.mapping("makes", {})
        return ()
    inside = fields.object("makes")
    made = {path: content_from_json(inside, path, NEWEST) if inside.has(path) else None for path in inside.names()}
    return tuple((_template(fields, "makes", path, argv, path), content) for path, content in made.items())


def _template(fields: Fields, name: str, path: str, argv: tuple[str, ...], *inside: str | int) -> str:
    if path in ("", "/") or "\0" in path:
        raise fields.error(name, f"a path is expected, found {path!r}", *inside)
    most = max(templates.words(path), default=0)
    if argv[-1] != ANY_NUMBER and most >= len(argv):
        problem = f"{{{most}}} is no word of the command: its words are {{0}} to {{{len(argv) - 1}}}"
        raise fields.error(name, problem, *inside)
    return path
