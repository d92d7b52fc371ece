"""The forms of a report, by name."""

from __future__ import annotations

import json

import pytest

from ci_port.parity import to_json
from ci_port.parity.render.forms import FORMATS, RENDERERS, render
from ci_port.parity.render.plot import Series
from tests.unit.parity import sample

REPORT = sample.make(sample.BAD[:2])


@pytest.mark.parametrize("form", sorted(set(FORMATS) - {"text"}))
def test_every_form_but_text_is_rendered_and_ends_its_last_line(form: str) -> None:
    assert render(REPORT, form).endswith("\n")


def test_json_is_the_report_itself() -> None:
    assert json.loads(render(REPORT, "json")) == json.loads(json.dumps(to_json(REPORT)))


def test_runs_are_plotted_on_the_page_and_nowhere_else() -> None:
    series = (Series("1 (limited)", ("2026-11-20",), (3,), (0,), (0,), (0,)),)
    assert "Phase 1 (limited)" in render(REPORT, "html", series)
    assert all(render(REPORT, form, series) == renderer(REPORT) for form, renderer in RENDERERS.items())
