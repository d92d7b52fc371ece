"""Decisions of whole scripts: their files, and how often a text is read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ci_port.shell.decisions import Decisions
from ci_port.shell.frames import Frame
from tests.unit.shell.courses import SCRIPT, answers


def test_a_text_that_is_not_known_decides() -> None:
    frame = Frame("elsewhere.sh", 1, "main")
    assert answers("a").decides(["a"], [frame], errexit=False, pipefail=False)
    assert answers("a").decides(["a"], [], errexit=False, pipefail=False)
    within = [Frame(SCRIPT, 1, "f"), frame]
    assert answers("f() { a; b; }").decides(["a"], within, errexit=False, pipefail=False)


def test_functions_and_traps_of_further_files_count() -> None:
    texts = {SCRIPT: 'a\ncheck\nsource "$somewhere"\n', "/lib/check.sh": "check() { rc=$?; }\n"}
    frames = [Frame(SCRIPT, 1, "main")]
    without, with_file = Decisions(texts.get), Decisions(texts.get, ["/lib/check.sh", "/lib/none.sh"])
    assert not without.decides(["a"], frames, errexit=False, pipefail=False)
    assert with_file.decides(["a"], frames, errexit=False, pipefail=False)


def test_sourced_files_are_found_beside_the_script() -> None:
    texts = {
        "/w/ci/s.sh": 'source "${BASH_SOURCE%/*}/lib/one.sh"\na\ncheck\n',
        "/w/ci/lib/one.sh": "# shellcheck source=../two.sh\nsource $two\n",
        "/w/ci/two.sh": "check() { rc=$?; }\n",
    }
    assert Decisions(texts.get).decides(["a"], [Frame("/w/ci/s.sh", 2, "main")], errexit=False, pipefail=False)


def test_a_text_is_read_once() -> None:
    names = []

    def text_of(name: str) -> str:
        names.append(name)
        return "f() { a; }\n" * 300 + "f || b\n"

    decisions = Decisions(text_of)
    for line in range(1, 301):
        frames = [Frame(SCRIPT, line, "f"), Frame(SCRIPT, 301, "main")]
        assert decisions.decides(["a"], frames, errexit=False, pipefail=False)
    assert names == [SCRIPT]


def test_it_needs_no_package() -> None:
    program = (
        "import sys; sys.modules['bashlex'] = None\n"
        "from ci_port.shell.decisions import Decisions\nfrom ci_port.shell.frames import Frame\n"
        "frames = [Frame('s', 1, 'main')]\n"
        "print(Decisions({'s': 'a && b'}.get).decides(['a'], frames, errexit=False, pipefail=False))"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
