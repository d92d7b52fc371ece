"""Text of others in Markdown: shown as it is, and nothing that it says is acted on (CommonMark; GitHub's tables).

A script's text, the name of a job, a message: each may hold links, images, mentions, HTML or the end of a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ci_port.bash.quoting import visible

_RUNS = re.compile("`+")


def code(text: str) -> str:
    """Return a text as a code span, on one line; control characters are shown."""
    shown = visible(text) or " "
    fence = "`" * _longer(shown)
    # One blank at each end is not shown where both are there; a backquote must not touch the fence.
    pad = " " if "`" in (shown[0], shown[-1]) or (shown[0] == shown[-1] == " " and shown.strip()) else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cell(text: str) -> str:
    """Return a text as a code span in a cell of a table, which ends at a bar wherever that stands.

    Readers differ about a bar behind a backslash: there, it is an element whose every character is an entity.
    """
    if "\\|" in text:
        return "<code>" + "".join(f"&#{ord(char)};" for char in visible(text)) + "</code>"
    return code(text).replace("|", "\\|")


def fenced(lines: Iterable[str], language: str = "") -> str:
    """Return lines as a fenced block."""
    body = "\n".join(map(visible, lines))
    fence = "`" * max(3, _longer(body))
    return f"{fence}{language}\n{body}\n{fence}"


def _longer(text: str) -> int:
    return 1 + max(map(len, _RUNS.findall(text)), default=0)
