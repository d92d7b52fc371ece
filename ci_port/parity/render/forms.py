"""The forms of a report, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ci_port.model.plan import dumps
from ci_port.parity.render.annotations import github
from ci_port.parity.render.junit import junit
from ci_port.parity.render.markdown import markdown
from ci_port.parity.render.page import page
from ci_port.parity.render.plot import Series
from ci_port.parity.render.sarif import sarif
from ci_port.parity.report import Report, to_json

RENDERERS: dict[str, Callable[[Report], str]] = {
    "markdown": markdown,
    "junit": junit,
    "sarif": sarif,
    "github": github,
}
FORMATS = ("text", "json", "html", *RENDERERS)


def render(report: Report, format: str, series: Sequence[Series] = ()) -> str:
    """Return the report in a form other than text, which needs to know where it is shown (`render.text`).

    `series` are what runs have shown; the page plots them.
    """
    if format == "json":
        return dumps(to_json(report)) + "\n"
    return page(report, series) if format == "html" else RENDERERS[format](report)
