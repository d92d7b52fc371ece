"""What is known not to be there: absolute paths, or globs over them in which `*` also matches `/`."""

from __future__ import annotations

from collections.abc import Iterable

from ci_port.bash import pattern
from ci_port.model.fields import Fields
from ci_port.model.paths import above, absolutes, is_glob


def absent_from_json(fields: Fields) -> tuple[str, ...]:
    """Return the paths and globs of the field `absent`; raises DataError with file, line and field."""
    found = absolutes(fields, "absent")
    for number, path in enumerate(found):
        try:
            pattern.compile_pattern(path)
        except ValueError as error:
            raise fields.error("absent", str(error), number) from None
    return tuple(found)


def is_absent(path: str, absent: Iterable[str]) -> bool:
    """Return whether one of the paths and globs speaks of `path`, or of a directory that it stands below."""
    whole = (path, *above(path))
    return any(any(_speaks(one, of) for of in whole) for one in absent)


def _speaks(one: str, path: str) -> bool:
    return pattern.matches(one, path) if is_glob(one) else one == path
