"""Coverage from traces: traces are made by bash itself here, of scripts without commands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ci_port.model import Case, Observation, Overlay, Plan
from ci_port.shell import read_script
from ci_port.shell.coverage import _TRACER_TEXT, TRACER, Coverage, Reader, traced


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "script.sh"


def covered(script: Path, text: str, *worlds: dict[str, str]) -> Coverage:
    """Run the script once for each world, traced, and return what was covered."""
    script.write_text(text)
    tracer = script.with_name("tracer")
    tracer.write_text(_TRACER_TEXT)
    reader = Reader(read_script(script))
    runs = []
    for world in worlds:
        env = {"BASH_ENV": str(tracer), "PATH": "/usr/bin:/bin", **world}
        done = subprocess.run(["bash", str(script)], env=env, capture_output=True, text=True, check=False)
        runs.append(reader.run(Observation(Plan((), 0), messages=done.stderr)))
    return reader.coverage("test", runs)


def counts(coverage: Coverage) -> list[tuple[int, int]]:
    return [(branch.taken, branch.passed) for branch in coverage.branches.values()]


def test_arms_taken_and_passed_by(script: Path) -> None:
    text = "if [[ $A == x ]]; then\n  echo 1\nelif [[ $A == y ]]; then\n  echo 2\nelse\n  echo 3\nfi\n"
    found = covered(script, text, {"A": "x"}, {"A": "y"}, {"A": "z"})
    assert counts(found) == [(1, 2), (1, 1), (1, 0)]


def test_lists_on_one_line(script: Path) -> None:
    text = 'f() { [[ $A == x ]] && echo yes || echo no; }\nf\nx=$(cd . && pwd) || echo never\n"$A" || true\n'
    found = covered(script, text, {"A": "true"})
    assert counts(found) == [(0, 1), (1, 0), (0, 1), (1, 0), (0, 1)]


def test_each_test_true_false_and_deciding(script: Path) -> None:
    text = "if [[ $A == x && ( $B == y || -f /dev/null/x ) ]]; then\n  echo\nfi\n"
    found = covered(script, text, {"A": "x", "B": "y"}, {"A": "x", "B": "n"}, {"A": "n", "B": "y"})
    (branch,) = found.branches.values()
    assert [(test.true, test.false, test.decides) for test in branch.tests] == [
        (True, True, True),
        (True, True, True),
        (False, True, False),
    ]


def test_a_test_that_never_changes_the_outcome_does_not_decide(script: Path) -> None:
    text = "if [[ $A == x || $A == x ]]; then\n  echo\nfi\n"
    found = covered(script, text, {"A": "x"}, {"A": "y"})
    (branch,) = found.branches.values()
    assert [(test.true, test.false) for test in branch.tests] == [(True, True), (False, True)]


def test_commands_as_tests_and_functions_in_them(script: Path) -> None:
    text = "f() {\n  if [[ $A ]]; then\n    return 0\n  fi\n  return 1\n}\nif ! f; then\n  echo no\nfi\n"
    found = covered(script, text, {"A": "x"}, {})
    assert counts(found) == [(1, 1), (1, 1)]
    assert all(test.decides for branch in found.branches.values() for test in branch.tests)


def test_what_stands_on_one_line_is_not_guessed(script: Path) -> None:
    found = covered(script, "if [[ $A ]]; then echo; fi\n", {"A": "x"})
    (branch,) = found.branches.values()
    assert (branch.taken, branch.passed, branch.tests[0].true) == (0, 0, False)
    assert branch.unseen == "its body stands on the line of its condition"


def test_items_on_lines_of_their_own(script: Path) -> None:
    text = 'case "$A" in\n  x) B=1;;\n  y|z) echo;; # remark\n  (w) echo; echo ;;\n  *) exit 1;;\nesac\n'
    found = covered(script, text, {"A": "x"}, {"A": "z"}, {"A": "other"})
    assert [(branch.taken, branch.unseen) for branch in found.branches.values()] == [(1, ""), (1, ""), (0, ""), (1, "")]


@pytest.mark.parametrize(
    "text",
    [
        'case "$A" in x) echo;; y) echo;; esac\n',
        'case "$A" in\n x) echo;; y) echo;;\nesac\n',
        'case "$A" in x) echo;;\n"a b") echo;;\nesac\n',
        'case "$A" \\\n in x) echo;;\n"a b") echo;;\nesac\n',
    ],
)
def test_items_that_share_a_line_are_not_seen(script: Path, text: str) -> None:
    found = covered(script, text, {"A": "x"})
    assert [(branch.taken, bool(branch.unseen)) for branch in found.branches.values()] == [(0, True), (0, True)]


def test_a_case_within_an_item_is_not_taken_for_its_own(script: Path) -> None:
    found = covered(script, "case x in\n  x) case b in c) echo;;\n  esac;;\nesac\n", {})
    assert [branch.taken for branch in found.branches.values()][1:] == [0]


OFF = "the script switches its trace off"
OWN = "the script has a trace of its own"


@pytest.mark.parametrize(
    ("off", "why"),
    [
        ("set +x", OFF),
        ("set +ex", OFF),
        ("set -e +o xtrace", OFF),
        ("{ set +x; } 2>/dev/null", OFF),
        ("shopt -uo xtrace", OFF),
        ("PS4=", OWN),
        ("exec {BASH_XTRACEFD}>&-", OWN),
    ],
)
def test_what_runs_without_a_trace_is_not_seen(script: Path, off: str, why: str) -> None:
    text = f"if true; then\n  echo\nfi\nif [[ $OFF ]]; then\n  {off}\nfi\nif true; then\n  echo\nfi\n"
    found = covered(script, text, {"OFF": "yes"})
    *_, last = found.branches.values()
    assert (last.hidden, last.unseen) == (1, why)
    assert last.taken == 0 or why == OWN


def test_a_trace_is_cut_in_the_runs_that_cut_it(script: Path) -> None:
    text = "if [[ $OFF ]]; then\n  set +x\nfi\nif [[ $B ]]; then\n  echo\nfi\n"
    found = covered(script, text, {"OFF": "yes"}, {}, {})
    *_, last = found.branches.values()
    assert (last.taken, last.hidden, last.unseen) == (0, 1, OFF)


def test_loops_and_sourced_files(script: Path) -> None:
    script.with_name("other.sh").write_text("for x in 1 2; do\n  echo $x\ndone\nwhile false; do\n  echo\ndone\n")
    found = covered(script, 'source "${BASH_SOURCE[0]%/*}/other.sh"\n', {})
    assert [(key[0], branch.taken) for key, branch in found.branches.items()] == [("other.sh", 1), ("other.sh", 0)]


def test_a_case_keeps_its_own_world() -> None:
    case = traced(Case("a", (("X", "1"),), Overlay(files=(("/f", "g"),), absent=("/h",))))
    assert dict(case.env) == {"X": "1", "BASH_ENV": TRACER}
    assert case.world is not None
    assert [path for path, _ in case.world.files] == ["/f", TRACER]
    assert case.world.absent == ("/h",)
