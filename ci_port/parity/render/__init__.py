"""A report in the forms that other programs and people read."""

from collections.abc import Callable

from ci_port.parity.render.annotations import github
from ci_port.parity.render.junit import junit
from ci_port.parity.render.markdown import markdown
from ci_port.parity.render.page import page
from ci_port.parity.render.sarif import sarif
from ci_port.parity.report import Report

RENDERERS: dict[str, Callable[[Report], str]] = {
    "markdown": markdown,
    "junit": junit,
    "sarif": sarif,
    "github": github,
}

__all__ = ["RENDERERS", "page"]
