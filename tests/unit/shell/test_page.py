"""The HTML page, loaded in a headless Chromium where there is one."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from ci_port.shell import page, read_script, trace
from ci_port.shell.coverage import BranchCoverage, Coverage, Reader
from ci_port.shell.page import Fold
from ci_port.shell.trace import Declared
from ci_port.shell.twins import functions_of
from tests.parity import browser

SCRIPT = """\
greet() {
  if [[ "$A" == '</script><b>' ]]; then
    echo "<&>"
  else
    echo no
  fi
}
greet
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    script = tmp_path / "script.sh"
    script.write_text(SCRIPT)
    (tmp_path / "port.py").write_text('def greet(sh):\n    """Say </script> something."""\n')
    reader = Reader(read_script(script))
    twins = functions_of(tmp_path / "port.py")
    parts = list(trace.parts_of(reader.inventory, reader.name_of))
    named = {(part.file, part.id): Declared("port:greet") for part in parts}
    table = trace.trace(parts, trace.updated(parts, named, ()), twins)
    counts = (BranchCoverage(taken, 1, unseen) for taken, unseen in ((0, 0), (41, 1), (0, 3)))
    coverage = Coverage("jobs", 42, {key: next(counts) for key, _, _ in reader.every_branch()})
    path = tmp_path / "page.html"
    path.write_text(page.render(reader.files, table, twins, [coverage]))
    return path


def test_the_page_loads_nothing_and_escapes_what_it_shows(written: Path) -> None:
    text = written.read_text()
    assert not re.search(r"(?:src|href)\s*=|https?://|@import|url\(", text)
    assert text.count("</script>") == 2
    assert "&lt;/script&gt;&lt;b&gt;" in text
    assert "{{" not in text


def test_folds_lie_within_each_other() -> None:
    folds = [Fold(1, 9, "a"), Fold(2, 4, "b"), Fold(3, 6, "overlaps"), Fold(5, 5, "one line"), Fold(7, 9, "c")]
    assert [fold.key for fold in page.nested(folds)] == ["a", "b", "c"]


def test_in_a_browser_a_search_unfolds_the_branch_and_shows_its_twin(written: Path, tmp_path: Path) -> None:
    dom = in_browser(written.as_uri(), tmp_path / "one")
    assert 'data-ready="3"' in dom
    assert "<details data-key" in dom
    assert ">41<" in dom
    found = in_browser(f"{written.as_uri()}#search=greet%20script", tmp_path / "two")
    assert "<li>1 found</li>" in found
    assert "taken in 0 of 42 runs (jobs)" in found
    assert "Say &lt;/script&gt; something." in found
    assert re.search(r'<details data-key="script.sh greet" open="">', found)
    assert re.search(r'class="row chosen"', found)


def in_browser(address: str, profile: Path) -> str:
    """Return the document as it is after its program has run."""
    done = subprocess.run(
        [
            browser.chromium(),
            *browser.QUIET,
            f"--user-data-dir={profile}",
            "--virtual-time-budget=5000",
            "--dump-dom",
            address,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
