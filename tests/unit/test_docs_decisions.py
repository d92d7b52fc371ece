"""A page for each decision: all with the same headings, none longer than a page, each one listed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "decisions"
INDEX = FOLDER / "README.md"
PAGES = sorted(set(FOLDER.glob("*.md")) - {INDEX})
HEADINGS = ["The question", "Decided", "Why", "Weighed", "What would change it"]
MAY_STAND = "What it costs"
A_PAGE = 60
"""Lines."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_answers_what_a_newcomer_asks(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [title for title in re.findall(r"^## (.+)$", text, re.MULTILINE) if title != MAY_STAND] == HEADINGS
    assert len(text.splitlines()) <= A_PAGE


def test_every_page_is_listed() -> None:
    listed = re.findall(r"\]\(([\w-]+\.md)\)", INDEX.read_text(encoding="utf-8"))
    assert sorted(listed) == [page.name for page in PAGES]
