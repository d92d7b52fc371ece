"""All that was found out about a script, in each form that it is printed in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ci_port.bash.quoting import visible
from ci_port.shell import listing
from ci_port.shell.coverage import Coverage, Reader
from ci_port.shell.decided import Key
from ci_port.shell.trace import Trace
from ci_port.shell.twins import Twin


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to show; `reasons` are why branches cannot be reached."""

    reader: Reader
    traced: Trace | None
    twins: Mapping[str, Twin]
    coverages: Sequence[Coverage]
    reasons: Mapping[Key, str]


def lines(form: str, found: Found) -> Iterator[str]:
    """Yield what is printed in a form: text, json, markdown or html."""
    return _WRITERS[form](found)


def _json(found: Found) -> Iterator[str]:
    yield json.dumps(listing.to_json(found.reader.files, found.traced, found.coverages))


def _html(found: Found) -> Iterator[str]:
    from ci_port.shell import page

    yield page.render(found.reader.files, found.traced, found.twins, found.coverages)


def _markdown(found: Found) -> Iterator[str]:
    return listing.markdown_lines(found.reader.files, found.traced, found.coverages, found.reasons)


def _text(found: Found) -> Iterator[str]:
    return map(visible, _text_lines(found))


def _text_lines(found: Found) -> Iterator[str]:
    if found.traced is None and not found.coverages:
        yield from listing.text_lines(found.reader.files)
    if found.traced is not None:
        yield from listing.trace_lines(found.traced)
    for coverage in found.coverages:
        yield from listing.coverage_lines(coverage, found.reader.files, found.reasons)


_WRITERS: dict[str, Callable[[Found], Iterator[str]]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
    "html": _html,
}


def not_understood(reader: Reader) -> Iterator[str]:
    """Yield each thing in the script that was not understood, with its place."""
    for file in reader.files.values():
        for item in file.unknown:
            yield f"{file.file}:{item.line}:{item.column}: not understood: {item.name}"


def reasons(traced: Trace | None) -> Mapping[Key, str]:
    """Return why a branch cannot be reached, for those that say so."""
    rows = traced.rows if traced else ()
    return {
        (row.part.file, row.part.id): row.declared.unreachable
        for row in rows
        if row.declared is not None and row.declared.unreachable
    }
