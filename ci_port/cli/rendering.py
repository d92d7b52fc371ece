"""The forms of a report, by name."""

from __future__ import annotations

from collections.abc import Sequence

from ci_port.model.plan import dumps
from ci_port.parity import Report, to_json
from ci_port.parity.render import RENDERERS, page
from ci_port.parity.render.plot import Series

FORMATS = ("text", "json", "html", *RENDERERS)


def render(report: Report, format: str, series: Sequence[Series] = ()) -> str:
    """Return the report in a form other than text, which needs to know where it is shown.

    `series` are what runs have shown; the page plots them.
    """
    if format == "json":
        return dumps(to_json(report)) + "\n"
    return page(report, series) if format == "html" else RENDERERS[format](report)
