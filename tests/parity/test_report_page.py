"""The HTML report in a real browser: it loads, filters, opens a difference, and asks the network for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_port.model import Case
from ci_port.parity.render.page import page
from ci_port.parity.render.plot import Series
from tests.parity.browser import Browser, browser
from tests.unit.parity import sample

BUILDS = ("linux-gcc", "linux-clang", "cuda")
CONFIGS = ("unit", "lint", "new", "broken", "guess")
CASES = tuple(
    Case(f"job:{build}/{config}/{shard}of2", (("BUILD", build), ("CONFIG", config), ("SHARD", str(shard))))
    for build in BUILDS
    for config in CONFIGS
    for shard in (1, 2)
)
SERIES = Series("1 (limited)", ("2026-11-01", "2026-11-02"), (4, 6), (0, 3), (0, 1), (0, 0))


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, Path]]:
    folder = tmp_path_factory.mktemp("page")
    file = folder / "report.html"
    file.write_text(page(sample.make(CASES), [SERIES]), encoding="utf-8")
    with browser(folder / "profile") as opened:
        yield opened, file


def test_it_loads_and_shows_every_job_in_a_grid(tab: tuple[Browser, Path]) -> None:
    opened, file = tab
    opened.open(file)
    assert opened.texts("#verdict") == ["✗ parity does not hold"]
    assert opened.texts("#shown") == ["30 cases shown"]
    assert opened.texts("#grid tbody th") == sorted(BUILDS)
    assert sorted(opened.texts("#grid thead th")[1:]) == sorted(CONFIGS)
    assert len(opened.texts("#grid .cell")) == len(BUILDS) * len(CONFIGS)
    assert (
        opened.ask("document.querySelector('.cell[aria-label=\"cuda, unit: 2 of 2 cases different\"]').textContent")
        == "≠ 2"
    )
    assert opened.ask("document.querySelectorAll('#evidence svg rect').length") == 4
    assert opened.errors == []


def test_a_result_is_told_by_its_sign_and_not_by_colour_alone(tab: tuple[Browser, Path]) -> None:
    opened, file = tab
    opened.open(file)
    pairs = opened.ask("[...document.querySelectorAll('.cell')].map((e) => e.dataset.result + e.textContent[0])")
    assert set(pairs) == {"same✓", "different≠", "not ported∅", "untrusted?"}


def test_the_filter_leaves_what_has_all_its_words(tab: tuple[Browser, Path]) -> None:
    opened, file = tab
    opened.open(file)
    opened.ask(
        "const q = document.getElementById('query'); q.value = 'linux UNIT'; q.dispatchEvent(new Event('input'))"
    )
    assert opened.texts("#shown") == ["4 cases shown"]
    assert opened.texts("#grid tbody th") == ["linux-clang", "linux-gcc"]
    assert "q=linux+UNIT" in opened.ask("location.hash"), "what is seen can be sent as a link"


def test_a_tile_leaves_one_result(tab: tuple[Browser, Path]) -> None:
    opened, file = tab
    opened.open(file)
    opened.ask("document.querySelector('.tile[data-result=different]').click()")
    assert opened.texts("#shown") == ["4 cases shown"]
    assert set(opened.ask("[...document.querySelectorAll('.cell')].map((e) => e.dataset.result)")) == {"different"}


def test_a_cell_opens_both_plans_with_the_differing_words_marked(tab: tuple[Browser, Path]) -> None:
    opened, file = tab
    opened.open(file)
    opened.ask("document.querySelector('.cell[aria-label^=\"cuda, unit\"]').click()")
    assert opened.ask("document.getElementById('detail').classList.contains('open')")
    assert "job:cuda/unit/1of2" in opened.texts("#title")[0]
    assert opened.texts("table.plans del") == ["--verbose"]
    assert opened.texts("table.plans ins") == []
    assert len(opened.texts("table.plans tr.off")) == 1
    assert "scripts/test.sh:11 in run_suite" in opened.texts("table.plans .place")
    assert "port.py:11 in run_suite" in opened.texts("table.plans .place")
    opened.ask("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))")
    assert not opened.ask("document.getElementById('detail').classList.contains('open')")


def test_a_link_opens_a_case(tab: tuple[Browser, Path]) -> None:
    opened, file = tab
    opened.open(file, "#open=job%3Acuda%2Flint%2F2of2&result=different")
    assert "job:cuda/lint/2of2" in opened.texts("#title")[0]
    assert opened.texts("#shown") == ["4 cases shown"]


def test_a_finding_opens_its_first_case(tab: tuple[Browser, Path]) -> None:
    opened, file = tab
    opened.open(file)
    opened.ask("document.querySelector('.finding').click()")
    assert "job:cuda/unit/1of2" in opened.texts("#title")[0]


def test_a_case_without_plans_says_why(tab: tuple[Browser, Path]) -> None:
    opened, file = tab
    opened.open(file, "#open=job%3Acuda%2Fbroken%2F1of2")
    assert opened.texts("#plans") == ["There are no two plans to show."]
    assert "a device is opened" in opened.texts("#facts")[0]


def test_it_asks_the_network_for_nothing(tab: tuple[Browser, Path]) -> None:
    opened, file = tab
    opened.requests.clear()
    opened.open(file, "#open=job%3Acuda%2Funit%2F1of2")
    assert {url.partition(":")[0] for url in opened.requests} <= {"file", "about"}
    assert opened.errors == []


@pytest.mark.parametrize("dark", [False, True])
def test_it_can_be_looked_at(tab: tuple[Browser, Path], dark: bool) -> None:
    """People have looked at it (docs/reports.md); here: a picture comes out, and text stands out from its ground."""
    opened, file = tab
    opened.open(file)
    opened.scheme("dark" if dark else "light")
    assert opened.screenshot().startswith(b"\x89PNG")
    colours = opened.ask(
        "(() => { const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]; })()"
    )
    ink, ground = (sum(int(part) for part in colour.strip("rgb()").split(",")) for colour in colours)
    assert (ink > ground) is dark
    assert abs(ink - ground) > 400
