"""`World`: the machine around the script. Both sides get the same one, so a dry run never guesses.

The format is the one of `tests/parity/recorded/README.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ci_port.bash import pattern
from ci_port.model.environment import Environment
from ci_port.model.fields import DataError, Document, Fields

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rule:
    """What a command answers: `argv` matches element by element (`*` one element, a last `**` any number).

    A rule with `nth` speaks of the nth command of a run that its `argv` matches, and of no other; 0 is every one.
    """

    argv: tuple[str, ...]
    status: int = 0
    stdout: str = ""
    when: tuple[tuple[str, str], ...] = ()
    nth: int = 0

    def matches(self, argv: Sequence[str]) -> bool:
        """Return whether the rule speaks of this command."""
        rule = self.argv
        if rule and rule[-1] == "**":
            rule = rule[:-1]
            if len(argv) < len(rule):
                return False
        elif len(argv) != len(rule):
            return False
        return all(want in ("*", have) for want, have in zip(rule, argv, strict=False))

    def applies(self, start: Mapping[str, str]) -> bool:
        """Return whether the starting environment matches all globs of `when`; unset counts as empty."""
        return all(pattern.matches(glob, start.get(name, "")) for name, glob in self.when)


@dataclass(frozen=True, slots=True)
class Overlay:
    """What a case changes in the world: rules put before the others, files added or replaced, files removed."""

    commands: tuple[Rule, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()


# The recorded format's own place (tests/parity/recorded/README.md).
_SCRIPTS = ".ci/pytorch"


@dataclass(frozen=True, slots=True)
class World:
    """The machine: paths are absolute; `files` maps a path to its content; `pure` are commands that really run.

    `scripts` is where the script and its neighbours stand, relative to the workspace; a world that does not say has
    them where the recorded format has them.
    """

    workspace: str
    path: str
    env: Environment = field(default_factory=Environment)
    executables: frozenset[str] = frozenset()
    dirs: frozenset[str] = frozenset()
    files: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[Rule, ...] = ()
    pure: frozenset[str] = frozenset()
    scripts: str = _SCRIPTS

    def overlaid(self, overlay: Overlay | None) -> World:
        """Return this world with a case's own changes laid over it."""
        if overlay is None:
            return self
        gone = set(overlay.absent)
        files = {path: text for path, text in {**self.files, **dict(overlay.files)}.items() if path not in gone}
        return replace(
            self,
            commands=overlay.commands + self.commands,
            files=files,
            dirs=self.dirs - gone,
            executables=self.executables - gone,
        )

    def relative(self, path: str) -> str:
        """Return a path as plans write it: relative to the workspace, absolute outside it."""
        if path == self.workspace:
            return "."
        return path[len(self.workspace) + 1 :] if path.startswith(self.workspace + "/") else path

    def start(self, changes: Mapping[str, str | None] | None = None) -> Environment:
        """Return the starting environment: `PATH`, the world's `env`, and a case's `env` laid over them."""
        base = Environment({"PATH": self.path, **self.env})
        return base.overlaid(changes) if changes else base

    def rules(self, start: Mapping[str, str]) -> tuple[Rule, ...]:
        """Return the rules whose `when` holds for this starting environment, in order."""
        return tuple(rule for rule in self.commands if rule.applies(start))


class Answers:
    """The rules in force during one run; it counts how often each matched, for those that speak of the nth time."""

    __slots__ = ("_rules", "_uses")

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._uses: dict[int, int] = {}

    def to(self, argv: Sequence[str]) -> Rule | None:
        """Return the first rule that speaks of the command; None: it exits 0 and prints nothing."""
        for index, rule in enumerate(self._rules):
            if not rule.matches(argv):
                continue
            if rule.nth == 0:
                return rule
            self._uses[index] = self._uses.get(index, 0) + 1
            if self._uses[index] == rule.nth:
                return rule
        return None


@dataclass(frozen=True, slots=True)
class Case:
    """One environment to run: what is laid over the world's `env`, and what is changed in the world."""

    id: str
    env: tuple[tuple[str, str | None], ...]
    world: Overlay | None = None


def read_text(path: Path) -> str:
    """Return the text of a file, unpacked if its name ends in `.gz`; raises DataError naming the file."""
    import gzip  # not at the top: the runner starts faster without, and its world is not packed
    import zlib

    try:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            raw = gzip.decompress(raw)
        return raw.decode()
    except OSError as error:
        reason = error.strerror or str(error)
    except (EOFError, zlib.error, UnicodeDecodeError) as error:
        reason = str(error)
    raise DataError(str(path), 1, "", f"cannot be read: {reason}")


def load_world(path: Path) -> World:
    """Return the world of a JSON file; raises DataError with file, line and field."""
    return world_from_json(Document(read_text(path), str(path)).parse())


def world_from_json(fields: Fields) -> World:
    """Return the world that `fields` describes; raises DataError with file, line and field."""
    world = World(
        workspace=_absolute(fields, "workspace", fields.text("workspace")),
        path=fields.text("path"),
        env=_environment(fields, "env"),
        executables=frozenset(_absolutes(fields, "executables", fields.texts("executables", []))),
        dirs=frozenset(_absolutes(fields, "dirs", fields.texts("dirs", []))),
        files=_files(fields),
        commands=tuple(_rule(rule) for rule in fields.objects("commands", [])),
        pure=frozenset(fields.texts("pure", [])),
        scripts=_below(fields, "scripts", fields.text("scripts", _SCRIPTS)),
    )
    fields.finish()
    return world


def overlay_from_json(fields: Fields) -> Overlay:
    """Return a case's changes of the world; raises DataError with file, line and field."""
    overlay = Overlay(
        commands=tuple(_rule(rule) for rule in fields.objects("commands", [])),
        files=tuple(_files(fields).items()),
        absent=tuple(_absolutes(fields, "absent", fields.texts("absent", []))),
    )
    fields.finish()
    return overlay


def case_from_json(fields: Fields) -> Case:
    """Return the case that `fields` describes; a recorded `plan` may stand in it and is left to the caller."""
    case = Case(
        id=fields.text("id"),
        env=tuple(sorted(_changes(fields, "env").items())),
        world=overlay_from_json(fields.object("world")) if fields.has("world") else None,
    )
    if fields.has("plan"):
        fields.object("plan")
    fields.finish()
    return case


def case_to_json(case: Case) -> dict[str, object]:
    """Return the case as a JSON object, without a plan."""
    result: dict[str, object] = {"id": case.id, "env": dict(case.env)}
    if case.world is not None:
        world: dict[str, object] = {}
        if case.world.commands:
            world["commands"] = [rule_to_json(rule) for rule in case.world.commands]
        if case.world.files:
            world["files"] = dict(case.world.files)
        if case.world.absent:
            world["absent"] = list(case.world.absent)
        result["world"] = world
    return result


def rule_to_json(rule: Rule) -> dict[str, object]:
    """Return the rule as a JSON object, defaults left out."""
    result: dict[str, object] = {"argv": list(rule.argv)}
    if rule.status:
        result["status"] = rule.status
    if rule.stdout:
        result["stdout"] = rule.stdout
    if rule.when:
        result["when"] = dict(rule.when)
    if rule.nth:
        result["nth"] = rule.nth
    return result


def read_cases(text: str, source: str) -> list[Case]:
    """Return the cases of a JSON-lines text, in order; raises DataError with file, line and field."""
    cases: list[Case] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        case = case_from_json(Document(line, source, number).parse())
        if case.id in seen:
            raise DataError(source, number, "id", f"{case.id!r} stands already in line {seen[case.id]}")
        seen[case.id] = number
        cases.append(case)
    return cases


def _rule(fields: Fields) -> Rule:
    argv = tuple(fields.texts("argv"))
    if not argv:
        raise fields.error("argv", "a command has at least one word")
    if "**" in argv[:-1]:
        raise fields.error("argv", '"**" can only be the last word')
    status = fields.integer("status", 0)
    if not 0 <= status <= 255:
        raise fields.error("status", f"an exit status from 0 to 255 is expected, found {status}")
    when = fields.mapping("when", {})
    for name, glob in when.items():
        try:
            pattern.compile_pattern(glob)
        except ValueError as error:
            raise fields.error("when", f"{name}: {error}") from None
    nth = fields.integer("nth", 0)
    if nth < 0:
        raise fields.error("nth", f"a number from 0 (every time) is expected, found {nth}")
    rule = Rule(argv, status, fields.text("stdout", ""), tuple(when.items()), nth)
    fields.finish()
    return rule


def _environment(fields: Fields, name: str) -> Environment:
    values = fields.mapping(name, {})
    try:
        return Environment(values)
    except ValueError as error:
        raise fields.error(name, str(error)) from None


def _changes(fields: Fields, name: str) -> dict[str, str | None]:
    changes = fields.changes(name, {})
    try:
        Environment({key: value or "" for key, value in changes.items()})
    except ValueError as error:
        raise fields.error(name, str(error)) from None
    return changes


def _files(fields: Fields) -> dict[str, str]:
    files = fields.mapping("files", {})
    _absolutes(fields, "files", list(files))
    return files


def _absolutes(fields: Fields, name: str, paths: list[str]) -> list[str]:
    return [_absolute(fields, name, path) for path in paths]


def _absolute(fields: Fields, name: str, path: str) -> str:
    parts = path.split("/")[1:]
    if not path.startswith("/") or "\0" in path or (path != "/" and any(part in ("", ".", "..") for part in parts)):
        raise fields.error(name, f"an absolute path without empty, '.' or '..' parts is expected, found {path!r}")
    return path


def _below(fields: Fields, name: str, path: str) -> str:
    if path.startswith("/") or "\0" in path or any(part in ("", ".", "..") for part in path.split("/")):
        raise fields.error(name, f"a path below the workspace is expected, found {path!r}")
    return path
