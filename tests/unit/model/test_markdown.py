"""Text of others in Markdown: held against a reader of CommonMark with GitHub's tables."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ci_port.bash.quoting import visible
from ci_port.model.markdown import cell, code, fenced

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MEAN = st.text(st.sampled_from("`|\\<>&[]()!*_~#@- \t\n\r\x1bab1:/.\"'é\udc80"), max_size=30)
ROWS = (
    *(
        "a",
        "",
        " ",
        "  ",
        " a ",
        " a",
        "`",
        "``",
        "a`b",
        "`a`",
        "a``b`c",
        "\\",
        "a|b",
        "a\\|b",
        "\\|",
        "|",
        "a\\",
        "`|`",
    ),
    *(
        "a\nb",
        "\n\n# head",
        "\x1b[31m",
        "![x](http://x/y.png)",
        "[x](javascript:x)",
        "<script>",
        "@team",
        "#12",
        "&lt;",
    ),
    *("$(x)", "~~a~~", "-->", "```", "| a | b |", "\r", "a\u2028b", "\ud800"),
)


def inline(text: str) -> list[Token]:
    """Return the tokens of a text that is one paragraph."""
    opening, body, closing = READER.parse(text)
    assert (opening.type, closing.type) == ("paragraph_open", "paragraph_close")
    assert body.children is not None
    return body.children


@pytest.mark.parametrize("text", ROWS)
def test_rows_are_one_code_span(text: str) -> None:
    check(text)


@given(MEAN)
def test_any_text_is_one_code_span(text: str) -> None:
    check(text)


def check(text: str) -> None:
    """A text is one code span that shows it, in a sentence, in a heading, in a list and in a table."""
    shown = visible(text) or " "
    before, span, after = inline(f"x {code(text)} y")
    assert (before.content, span.type, span.content, after.content) == ("x ", "code_inline", shown, " y")
    heading = READER.parse(f"### {code(text)}")
    assert [token.type for token in heading] == ["heading_open", "inline", "heading_close"]
    table = READER.parse(f"| a | b | c |\n|---|---|---|\n| x | {cell(text)} | y |\n")
    cells = [token for token in table if token.type == "inline"][3:]
    assert len(cells) == 3
    assert [cells[0].content, cells[2].content] == ["x", "y"]
    children = cells[1].children or []
    if "\\|" in text:
        assert [children[0].content, children[-1].content] == ["<code>", "</code>"]
        assert {token.type for token in children[1:-1]} <= {"text", "text_special"}
        assert html.unescape("".join(token.content for token in children[1:-1])) == shown
    else:
        assert [(token.type, token.content) for token in children] == [("code_inline", shown)]


@given(st.lists(MEAN, max_size=4))
def test_a_block_ends_where_it_ends(lines: list[str]) -> None:
    before, *_, block, _, after, _ = READER.parse(f"x\n\n{fenced(lines, 'diff')}\n\ny\n")
    assert (before.type, block.type, block.info, after.content) == ("paragraph_open", "fence", "diff", "y")
    assert block.content == "".join(f"{visible(line)}\n" for line in lines) or not lines


def test_nothing_is_made_smaller() -> None:
    assert re.fullmatch(r"`{4} ```a``` `{4}", code("```a```"))
