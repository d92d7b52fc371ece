"""`Overlay`: what one case changes in the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ci_port.model.absent import absent_from_json
from ci_port.model.fields import Fields
from ci_port.model.files import Content, files_from_json, files_to_json
from ci_port.model.paths import absolutes, plain_names
from ci_port.model.rules import NEWEST, Rule, rule_from_json, rule_to_json


@dataclass(frozen=True, slots=True)
class Overlay:
    """Rules put before the others, files added or replaced, paths removed, commands that are there or are not.

    In a world of version 2, `absent` holds paths or globs and goes first: it also says that nothing is there at the
    start, and whatever stands below such a path goes with it. In version 1 it holds paths, which go last.
    """

    commands: tuple[Rule, ...] = ()
    files: tuple[tuple[str, Content], ...] = ()
    absent: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    executables: tuple[str, ...] = ()


def overlay_from_json(fields: Fields) -> Overlay:
    """Return a case's changes of the world; raises DataError with file, line and field."""
    overlay = Overlay(
        commands=tuple(rule_from_json(rule) for rule in fields.objects("commands", [])),
        files=tuple(files_from_json(fields, "files", NEWEST).items()),
        absent=absent_from_json(fields),
        missing=tuple(plain_names(fields, "missing")),
        executables=tuple(absolutes(fields, "executables")),
    )
    fields.finish()
    return overlay


def overlay_to_json(overlay: Overlay) -> dict[str, object]:
    """Return the overlay as a JSON object; what changes nothing is left out."""
    result: dict[str, Any] = {
        "commands": [rule_to_json(rule) for rule in overlay.commands],
        "files": files_to_json(dict(overlay.files)),
        "absent": list(overlay.absent),
        "missing": list(overlay.missing),
        "executables": list(overlay.executables),
    }
    return {name: value for name, value in result.items() if value}


def needs_version_2(overlay: Overlay) -> str | None:
    """Return the name of a field of the overlay that only a world of version 2 understands; None without one."""
    for number, rule in enumerate(overlay.commands):
        for name in ("stderr", "makes", "removes"):
            if getattr(rule, name):
                return f"commands[{number}].{name}"
    for path, content in overlay.files:
        if not isinstance(content, str):
            return f"files.{path}"
    return "missing" if overlay.missing else "executables" if overlay.executables else None
