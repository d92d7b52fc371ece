"""`Case`: one environment to run, how the script is started in it, and what is changed in the world."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from ci_port.model.fields import DataError, Document, Fields, all_of
from ci_port.model.overlay import Overlay, needs_version_2, overlay_from_json, overlay_to_json
from ci_port.model.paths import check_variable


@dataclass(frozen=True, slots=True)
class Case:
    """What is laid over the world's `env` (None removes a variable), and what is changed in the world.

    `args` are the script's arguments, `stdin` is what stands ready on its standard input (None: nothing was given).
    `wrong` says why the case cannot be read; it fails on either side, and takes no other down.
    """

    id: str
    env: tuple[tuple[str, str | None], ...]
    world: Overlay | None = None
    args: tuple[str, ...] = ()
    stdin: str | None = None
    wrong: str = ""


def case_from_json(fields: Fields) -> Case:
    """Return the case that `fields` describes; a recorded `plan` may stand in it and is left to the caller."""
    case = Case(
        id=fields.text("id"),
        env=env_from_json(fields),
        world=overlay_from_json(fields.object("world")) if fields.has("world") else None,
        args=args_from_json(fields),
        stdin=fields.text_or_none("stdin"),
        wrong=fields.text("wrong", ""),
    )
    if fields.has("plan"):
        fields.object("plan")
    fields.finish()
    return case


def case_to_json(case: Case) -> dict[str, object]:
    """Return the case as a JSON object, without a plan."""
    result: dict[str, object] = {"id": case.id, "env": dict(case.env)}
    if case.world is not None:
        result["world"] = overlay_to_json(case.world)
    if case.args:
        result["args"] = list(case.args)
    if case.stdin is not None:
        result["stdin"] = case.stdin
    if case.wrong:
        result["wrong"] = case.wrong
    return result


def read_cases(text: str, source: str) -> list[Case]:
    """Return the cases of a JSON-lines text, in order; one that is wrong stands there by its place, and says why.

    Raises DataError with file, line and field where none is right.
    """
    seen: dict[str, int] = {}

    def case(line: str, number: int) -> Case:
        case = case_from_json(Document(line, source, number).parse())
        if case.id in seen:
            raise DataError(source, number, "id", f"{case.id!r} stands already in line {seen[case.id]}")
        seen[case.id] = number
        return case

    return each_alone(case, ((line, number) for number, line in enumerate(text.split("\n"), 1) if line.strip()), source)


_T = TypeVar("_T")


def each_alone(read: Callable[[_T, int], Case], lines: Iterable[tuple[_T, int]], source: str) -> list[Case]:
    """Read what stands in numbered lines, each by itself; raises DataError that says all where none can be read."""
    found: list[tuple[int, Case | DataError]] = []
    for line, number in lines:
        try:
            found.append((number, read(line, number)))
        except DataError as error:
            found.append((number, error))
    errors = [one for _, one in found if isinstance(one, DataError)]
    if errors and len(errors) == len(found):
        raise all_of(errors)
    taken = {one.id for _, one in found if isinstance(one, Case)}
    return [
        one if isinstance(one, Case) else Case(_free(f"{source}:{number}", taken), (), wrong=str(one))
        for number, one in found
    ]


def _free(id: str, taken: set[str]) -> str:
    """Return an id that no right case has."""
    return id if id not in taken else _free(f"{id}'", taken)


def refusal(case: Case, version: int) -> str | None:
    """Return why a world of this version cannot run the case; None: it can."""
    if case.wrong:
        return case.wrong
    if version >= 2:
        return None
    field = "args" if case.args else "stdin" if case.stdin is not None else None
    if field is None and case.world is not None and (inside := needs_version_2(case.world)):
        field = f"world.{inside}"
    return field and f'{field} of the case {case.id!r} needs a world with "version": 2'


def env_from_json(fields: Fields) -> tuple[tuple[str, str | None], ...]:
    """Return the field `env`, sorted by name; null removes a variable. Raises DataError with file, line and field."""
    changes = fields.changes("env", {})
    for name, value in changes.items():
        check_variable(fields, "env", name, value or "")
    return tuple(sorted(changes.items()))


def args_from_json(fields: Fields) -> tuple[str, ...]:
    """Return the field `args`; raises DataError with file, line and field."""
    args = fields.texts("args", [])
    for number, word in enumerate(args):
        if "\0" in word:
            raise fields.error("args", f"a word without NUL is expected, found {word!r}", number)
    return tuple(args)
