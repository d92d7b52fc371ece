"""`World`: the machine around the script. Both sides get the same one, so a dry run never guesses.

The format is described in `docs/formats.md`. A world without `"version": 2` is one of version 1, the format of
`tests/parity/recorded/README.md`: there, commands change no files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ci_port.bash import pattern
from ci_port.model import libraries
from ci_port.model.absent import absent_from_json, is_absent
from ci_port.model.environment import Environment
from ci_port.model.fields import Document, Fields
from ci_port.model.files import Content, files_from_json, files_to_json, octal
from ci_port.model.overlay import Overlay
from ci_port.model.paths import above, absolute, absolutes, below, check_variable, is_glob, plain_names
from ci_port.model.reading import read_text
from ci_port.model.rules import Rule, rule_from_json, rule_to_json
from ci_port.model.tools import PURE

if TYPE_CHECKING:
    from pathlib import Path

_SCRIPTS = {1: ".ci/pytorch", 2: "."}
"""Where the scripts stand in a world that does not say; version 1 has them where the recorded cases have them."""


@dataclass(frozen=True, slots=True)
class User:
    """Who runs the script. Without a name or a home, they are those of the world's `env` (`USER`, `HOME`)."""

    name: str | None = None
    uid: int = 1000
    gid: int = 1000
    home: str | None = None


@dataclass(frozen=True, slots=True)
class World:
    """The machine: paths are absolute; `files` maps a path to its content; `pure` are commands that really run.

    `scripts` is where the script and its neighbours stand, relative to the workspace. What follows `version` means
    something in version 2 only: `missing` commands do not exist, at `absent` paths and globs nothing stands at the
    start, `include` names libraries whose rules come after `commands`, `shell` is how CI starts the script (empty: as
    its first line says), `checkout` that the files tracked beside it are there, `follow` which scripts are looked into.
    """

    workspace: str
    path: str
    env: Environment = field(default_factory=Environment)
    executables: frozenset[str] = frozenset()
    dirs: frozenset[str] = frozenset()
    files: Mapping[str, Content] = field(default_factory=dict)
    commands: tuple[Rule, ...] = ()
    pure: frozenset[str] = frozenset()
    scripts: str = _SCRIPTS[1]
    version: int = 1
    missing: frozenset[str] = frozenset()
    absent: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    user: User = field(default_factory=User)
    host: str = "localhost"
    umask: int = 0o022
    cpus: int = 2
    shell: tuple[str, ...] = ()
    checkout: bool = False
    follow: tuple[str, ...] = ()

    def overlaid(self, overlay: Overlay | None) -> World:
        """Return this world with a case's own changes laid over it."""
        if overlay is None:
            return self
        return self._overlaid_1(overlay) if self.version < 2 else self._overlaid_2(overlay)

    def _overlaid_1(self, overlay: Overlay) -> World:
        gone = set(overlay.absent)
        files = {path: text for path, text in {**self.files, **dict(overlay.files)}.items() if path not in gone}
        return replace(
            self,
            commands=overlay.commands + self.commands,
            files=files,
            dirs=self.dirs - gone,
            executables=self.executables - gone,
        )

    def _overlaid_2(self, overlay: Overlay) -> World:
        added = {path for path, _ in overlay.files} | {*overlay.executables}
        kept = {path: content for path, content in self.files.items() if path not in added}
        named = {path.rpartition("/")[2] for path in overlay.executables} | {rule.argv[0] for rule in overlay.commands}
        lost = {f"{directory}/{name}" for directory in self.path.split(":") for name in overlay.missing}
        executables = frozenset(_left(self.executables - lost - added, overlay.absent)) | {*overlay.executables}
        return replace(
            self,
            commands=overlay.commands + self.commands,
            files={**{path: kept[path] for path in _left(kept, overlay.absent)}, **dict(overlay.files)},
            dirs=frozenset(_left(self.dirs, overlay.absent)),
            executables=executables,
            absent=self.absent + overlay.absent,
            missing=(self.missing - named) | {*overlay.missing},
        )

    def is_known_absent(self, path: str) -> bool:
        """Return whether it is known that nothing stood at this absolute path when the run began.

        What the world does have is there all the same: `absent` speaks of what is left.
        """
        return is_absent(path, self.absent)

    @property
    def user_name(self) -> str:
        """The name of the user who runs the script."""
        return self.user.name if self.user.name is not None else self.env.get("USER") or "user"

    @property
    def home(self) -> str:
        """The home directory of that user, as the account database has it."""
        return self.user.home if self.user.home is not None else self.env.get("HOME") or "/"

    @property
    def every_rule(self) -> tuple[Rule, ...]:
        """The world's own rules, and behind them those of the libraries that it includes."""
        return self.commands + tuple(rule for name in self.include for rule in libraries.library(name))

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
        return tuple(rule for rule in self.every_rule if rule.applies(start))


def _left(paths: Iterable[str], absent: tuple[str, ...]) -> list[str]:
    return [path for path in paths if not is_absent(path, absent)]


def load_world(path: Path) -> World:
    """Return the world of a JSON file; raises DataError with file, line and field."""
    return world_from_json(Document(read_text(path), str(path)).parse())


def world_from_json(fields: Fields) -> World:
    """Return the world that `fields` describes; raises DataError with file, line and field."""
    version = _version(fields)
    world = World(
        workspace=absolute(fields, "workspace", fields.text("workspace")),
        path=fields.text("path"),
        env=_environment(fields),
        executables=frozenset(absolutes(fields, "executables")),
        dirs=frozenset(absolutes(fields, "dirs")),
        files=files_from_json(fields, "files", version),
        commands=tuple(rule_from_json(rule, version) for rule in fields.objects("commands", [])),
        pure=_pure(fields, version),
        scripts=_scripts(fields, version),
        version=version,
        **_of_version_2(fields, version),
    )
    fields.finish()
    if version >= 2:
        _check_whole(fields, world)
    return world


def world_to_json(world: World) -> dict[str, object]:
    """Return the world as a JSON object, defaults left out; reading it again gives the same world."""
    result: dict[str, Any] = {"workspace": world.workspace, "path": world.path}
    plain = {
        "env": dict(world.env),
        "executables": sorted(world.executables),
        "dirs": sorted(world.dirs),
        "files": files_to_json(world.files),
        "commands": [rule_to_json(rule) for rule in world.commands],
    }
    result |= {name: value for name, value in plain.items() if value}
    if world.pure != _default_pure(world.version, world.missing):
        result["pure"] = sorted(world.pure)
    if world.scripts != _SCRIPTS[world.version]:
        result["scripts"] = world.scripts
    return result if world.version < 2 else {"version": world.version, **result, **_version_2_to_json(world)}


def _version_2_to_json(world: World) -> dict[str, Any]:
    user = {name: getattr(world.user, name) for name in ("name", "uid", "gid", "home")}
    values: dict[str, Any] = {
        "missing": sorted(world.missing),
        "absent": list(world.absent),
        "include": list(world.include),
        "user": {name: value for name, value in user.items() if value != getattr(User(), name)},
        "host": world.host if world.host != "localhost" else "",
        "umask": f"{world.umask:03o}" if world.umask != 0o022 else "",
        "cpus": world.cpus if world.cpus != 2 else 0,
        "shell": list(world.shell),
        "checkout": world.checkout,
        "follow": list(world.follow),
    }
    return {name: value for name, value in values.items() if value}


_NEW_FIELDS = ("missing", "absent", "include", "user", "host", "umask", "cpus", "shell", "checkout", "follow")


def _version(fields: Fields) -> int:
    version = fields.integer("version", 1)
    if version not in _SCRIPTS:
        raise fields.error("version", f"version 1 or 2 is expected, found {version}")
    for name in fields.names():
        if version < 2 and name in _NEW_FIELDS:
            raise fields.error(name, 'needs "version": 2')
    return version


def _environment(fields: Fields) -> Environment:
    values = fields.mapping("env", {})
    for name, value in values.items():
        check_variable(fields, "env", name, value)
    return Environment(values)


def _default_pure(version: int, missing: Iterable[str]) -> frozenset[str]:
    return PURE.difference(missing) if version >= 2 else frozenset()


def _pure(fields: Fields, version: int) -> frozenset[str]:
    if not fields.has("pure"):
        fields.texts("pure", [])
        return _default_pure(version, fields.texts("missing", []))
    return frozenset(plain_names(fields, "pure") if version >= 2 else fields.texts("pure"))


def _scripts(fields: Fields, version: int) -> str:
    scripts = fields.text("scripts", _SCRIPTS[version])
    if scripts != ".":
        return below(fields, "scripts", scripts)
    if version < 2:
        raise fields.error("scripts", 'a path below the workspace is expected; "." needs "version": 2')
    return scripts


def _of_version_2(fields: Fields, version: int) -> dict[str, Any]:
    """Return what only worlds of version 2 say, by the names of `World`; none of it stands in one of version 1."""
    if version < 2:
        return {}
    return {
        "missing": frozenset(plain_names(fields, "missing")),
        "absent": absent_from_json(fields),
        "include": _include(fields),
        "user": _user(fields.object("user")) if "user" in fields.names() else User(),
        "host": _word(fields, "host", "localhost"),
        "umask": octal(fields, "umask", "022", 0o777),
        "cpus": _number(fields, "cpus", 2, 1, 1 << 16),
        "shell": _shell(fields),
        "checkout": fields.boolean("checkout", False),
        "follow": _follow(fields),
    }


def _include(fields: Fields) -> tuple[str, ...]:
    names = fields.texts("include", [])
    for number, name in enumerate(names):
        if name not in libraries.NAMES:
            known = ", ".join(libraries.NAMES)
            raise fields.error("include", f"there is no library of rules {name!r}; known are {known}", number)
        if name in names[:number]:
            raise fields.error("include", f"{name!r} stands there already", number)
    return tuple(names)


def _user(fields: Fields) -> User:
    user = User(
        name=_word(fields, "name", None),
        uid=_number(fields, "uid", 1000, 0, (1 << 32) - 2),
        gid=_number(fields, "gid", 1000, 0, (1 << 32) - 2),
        home=absolute(fields, "home", fields.text("home")) if fields.has("home") else fields.text_or_none("home"),
    )
    fields.finish()
    return user


def _word(fields: Fields, name: str, default: Any) -> Any:
    value = fields.text(name, default)
    if value is not default and not re.fullmatch(r"[^\s:/\0]+", value):
        raise fields.error(name, f"a name without blanks, colons and slashes is expected, found {value!r}")
    return value


def _number(fields: Fields, name: str, default: int, least: int, most: int) -> int:
    value = fields.integer(name, default)
    if not least <= value <= most:
        raise fields.error(name, f"a number from {least} to {most} is expected, found {value}")
    return value


def _shell(fields: Fields) -> tuple[str, ...]:
    words = fields.texts("shell", [])
    if fields.has("shell") and (not words or words[0].rpartition("/")[2] not in ("bash", "sh")):
        found = f"{words[0]!r}" if words else "no word"
        raise fields.error("shell", f"the first word must be bash or sh, found {found}")
    for number, word in enumerate(words):
        if "\0" in word:
            raise fields.error("shell", f"a word without NUL is expected, found {word!r}", number)
    return tuple(words)


def _follow(fields: Fields) -> tuple[str, ...]:
    globs = fields.texts("follow", [])
    for number, glob in enumerate(globs):
        if not glob or glob.startswith("/"):
            raise fields.error("follow", f"a glob over paths below the workspace is expected, found {glob!r}", number)
        try:
            pattern.compile_pattern(glob)
        except ValueError as error:
            raise fields.error("follow", str(error), number) from None
    return tuple(globs)


def _check_whole(fields: Fields, world: World) -> None:
    """Raise DataError where two fields of a world contradict each other."""
    _check_tree(fields, world)
    named = {*world.files, *world.dirs, *world.executables, world.workspace}
    there = named.union(*map(above, named))
    for number, path in enumerate(world.absent):
        if path in there:
            raise fields.error("absent", f"{path!r} is there: the world has it", number)
        if is_glob(path) and is_absent(world.workspace, (path,)):
            raise fields.error("absent", f"{path!r} speaks of the workspace, which is there", number)
    _check_missing(fields, world)


def _check_tree(fields: Fields, world: World) -> None:
    """Raise DataError unless each path is one thing, and only directories have something below them."""
    executables = list(enumerate(fields.texts("executables", [])))
    dirs = list(enumerate(fields.texts("dirs", [])))
    leaves = world.files.keys() | world.executables
    for number, path in executables:
        if path in world.files:
            raise fields.error("executables", f"{path!r} stands in files too; give it a mode there", number)
    if world.workspace in leaves:
        raise fields.error("workspace", f"{world.workspace!r} is a directory here, and a file elsewhere in the world")
    for number, path in dirs:
        if path in leaves:
            raise fields.error("dirs", f"{path!r} is a directory here, and a file elsewhere in the world", number)
    places: list[tuple[str, str | int, str]] = [("files", path, path) for path in world.files]
    places += [("executables", at, path) for at, path in executables] + [("dirs", at, path) for at, path in dirs]
    for name, inside, path in places:
        if parents := leaves.intersection(above(path)):
            raise fields.error(name, f"{path!r} stands below {max(parents)!r}, which is a file", inside)


def _check_missing(fields: Fields, world: World) -> None:
    """Raise DataError if a command that does not exist is answered, really runs, or stands on PATH."""
    found = {f"{directory}/{name}": name for directory in world.path.split(":") for name in world.missing}
    for number, path in enumerate(fields.texts("executables", [])):
        if path in found:
            raise fields.error("executables", f"{found[path]!r} is missing, and stands on PATH", number)
    for number, rule in enumerate(world.commands):
        if rule.argv[0] in world.missing:
            problem = f"{rule.argv[0]!r} is missing, and is answered"
            raise fields.error("commands", problem, number, "argv")
    for number, name in enumerate(fields.texts("pure", [])):
        if name in world.missing:
            raise fields.error("pure", f"{name!r} is missing, and really runs", number)
