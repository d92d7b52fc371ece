"""The forms of a report: what each says, and that nothing in a job can break it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as Xml

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ci_port.model import Case, Execute, Observation, Place, Plan
from ci_port.parity import Report
from ci_port.parity.render.forms import RENDERERS
from ci_port.parity.render.markdown import LIMIT
from ci_port.parity.render.page import page
from ci_port.parity.render.plot import Series, plot
from ci_port.parity.render.style import Style
from ci_port.parity.render.text import report_lines
from ci_port.parity.waivers import apply, read_waivers
from tests.unit.parity import sample
from tests.unit.parity.test_waivers import TEXT, TODAY, branch_of

BAD = sample.make(sample.BAD)
GOOD = sample.make()
HOSTILE = "</script><b>`|\n::error::%\x1b\x00\udcff'\"&"


def waived() -> Report:
    report = sample.make((sample.job("unit"), sample.job("unit", "cuda")))
    waivers = (*read_waivers(TEXT, "w.toml"), *read_waivers(TEXT.replace("run_suite", "other"), "w.toml"))
    uses = apply(waivers, report.results, branch_of, lambda result: {k: v or "" for k, v in result.case.env}, TODAY)
    return replace(report, waivers=uses)


def hostile() -> Report:
    def control(case: Case) -> Observation:
        return Observation(Plan((Execute(("run", HOSTILE)),), 0), (Place(f"a,b:{HOSTILE}", 3, ("f",)),))

    return sample.make((Case("a<b|c", (("BUILD", HOSTILE.replace("\x00", "")), ("CONFIG", "unit"))),), control=control)


def test_markdown_says_what_where_and_in_which_environment() -> None:
    text = RENDERERS["markdown"](BAD)
    assert text.startswith("## ❌ Parity does not hold\n\n6 cases: 1 same, 2 different, 1 not ported, 2 untrusted")
    assert "Script `scripts/test.sh:11 in run_suite`, port `port.py:11 in run_suite`" in text
    assert "- run --suite unit --verbose\n+ run --suite unit\n" in text
    assert "Smallest environment: `BUILD=cuda`" in text
    assert "| not ported | `the port has no function yet for the new arm` |" in text
    assert "the script could not be run: a device is opened (command: dd <x> \\| y)" in text
    assert RENDERERS["markdown"](GOOD).startswith("## ✅ Parity holds\n\n2 cases: 2 same")


def test_markdown_shows_waivers_and_what_is_wrong_with_them() -> None:
    text = RENDERERS["markdown"](waived())
    assert "| `run_suite` | `the port is quiet on purpose` | `somebody` | 2026-11-20 | 1 | in order |" in text
    assert "| `somebody` | 2026-11-20 | 0 | `matches no difference any more" in text
    assert ", 1 of them wanted" in text


def test_markdown_stays_below_what_github_takes() -> None:
    def control(case: Case) -> Observation:
        return sample.observed("scripts/test.sh", f"run {case.id} {'x' * 300}")

    many = sample.make([sample.job("unit", id=f"job-{number}") for number in range(400)], control=control)
    text = RENDERERS["markdown"](many)
    assert len(text) < LIMIT
    assert "more sections" in text


def test_junit_has_a_suite_for_each_space() -> None:
    root = Xml.fromstring(RENDERERS["junit"](BAD))
    assert root.attrib == {"name": "ci-port parity", "tests": "6", "failures": "3", "errors": "2", "skipped": "0"}
    (suite,) = root
    assert suite.get("name") == "jobs"
    cases = {case.get("name"): case for case in suite}
    assert list(cases["linux/unit"]) == []
    (failure,) = cases["cuda/unit"]
    assert "removed `--verbose` from `run …`" in (failure.get("message") or "")
    assert "script: scripts/test.sh:11 in run_suite" in (failure.text or "")
    assert [one.tag for one in cases["linux/broken"]] == ["error"]


def test_junit_counts_waivers() -> None:
    root = Xml.fromstring(RENDERERS["junit"](waived()))
    assert [suite.get("name") for suite in root] == ["jobs", "waivers"]
    assert (root.get("skipped"), root.get("failures")) == ("1", "1")


def sarif(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RENDERERS["sarif"](report))
    return found


def test_sarif_points_at_the_scripts_line_and_at_the_function() -> None:
    whole = sarif(BAD)
    assert whole["version"] == "2.1.0"
    (run,) = whole["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    first = run["results"][0]
    assert rules[first["ruleIndex"]] == first["ruleId"] == "parity/different"
    place = first["locations"][0]
    assert place["physicalLocation"]["artifactLocation"] == {"uri": "scripts/test.sh", "uriBaseId": "ROOT"}
    assert place["physicalLocation"]["region"] == {"startLine": 11}
    assert place["logicalLocations"] == [{"name": "run_suite", "kind": "function"}]
    assert first["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "port.py"
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["locations"], "GitHub refuses a result without a place"
        assert re.fullmatch("[0-9a-f]{64}", result["partialFingerprints"]["ciPort/v1"])
    assert sarif(GOOD)["runs"][0]["results"] == []


def test_sarif_keeps_an_alert_when_lines_shift() -> None:
    def shifted(case: Case) -> Observation:
        seen = sample.script(case)
        return replace(seen, places=tuple(replace(place, line=place.line + 7) for place in seen.places))

    cases = sample.BAD[:3]
    one, other = (sarif(sample.make(cases, control=side))["runs"][0]["results"] for side in (sample.script, shifted))
    assert one[0]["partialFingerprints"] == other[0]["partialFingerprints"]
    assert one[0]["locations"] != other[0]["locations"]


def test_annotations_are_on_both_sides() -> None:
    lines = RENDERERS["github"](BAD).splitlines()
    assert lines[0].startswith(
        "::error file=scripts/test.sh,line=11,title=parity%3A different::step 2 `run --suite unit"
    )
    assert lines[0].endswith("See also port.py:11 in run_suite.")
    assert lines[1].startswith("::error file=port.py,line=11,title=parity%3A different::")
    assert lines[-1].startswith("::error title=parity::6 cases: 1 same")
    assert RENDERERS["github"](GOOD) == (
        "::notice title=parity::2 cases: 2 same, 0 different, 0 not ported, 0 untrusted\n"
    )


def test_annotations_are_no_more_than_github_shows() -> None:
    def control(case: Case) -> Observation:
        return sample.observed("scripts/test.sh", f"run {case.id}", line=len(case.id))

    many = sample.make([sample.job("unit", id="x" * (number + 1)) for number in range(30)], control=control)
    lines = RENDERERS["github"](many).splitlines()
    assert sum(line.startswith("::error") for line in lines) <= 10


def test_nothing_in_a_job_breaks_a_form() -> None:
    report = hostile()
    Xml.fromstring(RENDERERS["junit"](report))
    sarif(report)
    commands = RENDERERS["github"](report).splitlines()
    assert all(re.match(r"::(error|notice) (file=[^:,]*,line=\d+,)?title=[^:,]*::", line) for line in commands)
    for row in RENDERERS["markdown"](report).splitlines():
        assert not row.startswith("::error")
    found = Page(page(report))
    assert found.count["script"] == 2


class Page(HTMLParser):
    """Counts elements, keeps the data, and notes whatever a page would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.count: dict[str, int] = {}
        self.loads: list[str] = []
        self._inside = ""
        self.data = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        given = dict(attrs)
        self.loads += [value for name in ("src", "href", "srcset", "action") if (value := given.get(name))]
        self._inside = given.get("id") or "" if tag == "script" else ""

    def handle_data(self, data: str) -> None:
        if self._inside == "data":
            self.data += data


def test_the_page_is_one_file_that_loads_nothing() -> None:
    text = page(BAD)
    found = Page(text)
    assert found.loads == []
    assert "default-src 'none'" in text
    assert not re.search(r"https?://|url\(|@import", re.sub(r"<script type.*?</script>", "", text, flags=re.DOTALL))
    data = json.loads(found.data)
    assert {one["result"] for one in data["cases"]} == {"same", "different", "not ported", "untrusted"}


def test_the_page_plots_evidence() -> None:
    days = tuple(f"2026-11-{day:02}" for day in range(1, 4))
    series = Series("2.1 <x>", days, (5, 0, 7), (0, 2, 3), (0, 0, 1), (0, 1, 0))
    text = page(GOOD, [series])
    assert "Phase 2.1 &lt;x&gt;" in text
    drawn = Xml.fromstring(plot(series))
    assert len(drawn.findall(".//rect")) == 6
    assert len(drawn.findall(".//path")) == 2
    assert "<!--PLOTS-->" not in page(GOOD)


def test_a_plot_of_nothing() -> None:
    Xml.fromstring(plot(Series("x", (), (), (), (), ())))


ACTIVE = {"link_open", "image", "html_inline", "html_block", "heading_open"}


def test_nothing_of_others_is_acted_on_in_markdown() -> None:
    """GitHub's readers find no link, no image and no element but our own in what a script or a case says."""
    reader = MarkdownIt("commonmark").enable("table")
    plain = [token for token in _flat(reader.parse(RENDERERS["markdown"](BAD))) if token.type in ACTIVE]
    hostile_text = RENDERERS["markdown"](hostile())
    found = [token for token in _flat(reader.parse(hostile_text)) if token.type in ACTIVE]
    assert {token.type for token in found} <= {token.type for token in plain}
    assert all(token.content.startswith(("<details>", "</details>")) for token in found if "html" in token.type)
    assert all(char.isprintable() or char == "\n" for char in hostile_text)


def _flat(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def test_nothing_is_sent_to_a_terminal() -> None:
    for line in report_lines(hostile(), {}, "ci-port", [], Style(colour=False), 100):
        assert line.isprintable(), ascii(line)
