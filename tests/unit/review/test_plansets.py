"""Plans of many jobs as a file of JSON lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.model import Case, DataError, Execute, Observation, Place, Plan, RunFailed
from ci_port.review.plansets import Planned, asked, is_plan_set, outcomes, planned, read_plan_set, read_said, to_line

PLAN = Plan((Execute(("make", "all")),), 3)
WHOLE = Planned(PLAN, {"test.sh": frozenset({1, 4})})


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(to_line("a", WHOLE) + "\n" + to_line("b", Planned(PLAN)))
    assert read_plan_set(path) == ({"a": WHOLE, "b": Planned(PLAN)}, [])
    assert outcomes(read_plan_set(path)[0]) == {"a": PLAN, "b": PLAN}


def test_a_job_that_failed_has_its_reason(tmp_path: Path) -> None:
    text = '{"id":"a","error":"time is up"}\n'
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    assert read_plan_set(path)[0] == read_said(text, "the port's plans") == {"a": Planned("time is up")}


def test_a_wrong_line_takes_no_other_down(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        f'{{\n{to_line("a", WHOLE) * 2}{{"id":"b","lines":{{"f":["x"]}},"plan":{{}}}}\n{to_line("c", WHOLE)}'
    )
    plans, wrong = read_plan_set(path)
    assert list(plans) == ["a", "c"]
    says = (":1: not JSON", ":3: field id: 'a' stands twice", ":4: field lines.f[0]: an integer is expected")
    for error, problem in zip(wrong, says, strict=True):
        assert str(error).startswith(f"{path}{problem}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", ":1: not JSON"),
        ('\n{"id":"a"}', ":2: field plan"),
    ],
)
def test_a_malformed_file_is_refused_by_line_and_field(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_plan_set(path)
    assert f"{path}{problem}" in str(caught.value)


def test_what_another_process_said_names_it() -> None:
    with pytest.raises(DataError, match=r"^the port's plans:2: not JSON"):
        read_said('{"id":"a","error":"x"}\nTraceback', "the port's plans")


@pytest.mark.parametrize(("name", "holds"), [("a.jsonl", True), ("a.jsonl.gz", True), ("a.sh", False), ("main", False)])
def test_files_of_plans_are_known_by_their_name(name: str, holds: bool) -> None:
    assert is_plan_set(Path("some") / name) is holds


def test_lines_are_kept_by_the_name_of_the_file() -> None:
    observation = Observation(PLAN, lines={"/tmp/x/test.sh": frozenset({2})})
    assert planned(observation) == asked(lambda _: observation, Case("x", ())) == Planned(PLAN, {"test.sh": {2}})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (None, "time is up"),
        (Place("/a/test.sh", 9), "time is up"),
        (Place("/a/test.sh", 9, ("f", "main")), "time is up in f"),
    ],
)
def test_the_reason_of_a_failure_does_not_shift_with_lines(place: Place | None, reason: str) -> None:
    def fail(case: Case) -> Observation:
        raise RunFailed("time is up", place, "sleep")

    assert asked(fail, Case("x", ())) == Planned(reason)


def test_bytes_that_are_no_text_take_no_other_down(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(to_line("a", WHOLE).encode() + b'{"id":"\xff"}\n')
    plans, wrong = read_plan_set(path)
    assert (plans, list(map(str, wrong))) == ({"a": WHOLE}, [f"{path}:2: not UTF-8: byte 0xff at column 8"])


def test_where_no_plan_can_be_read_each_is_said(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text("[]\n{}\n")
    with pytest.raises(DataError) as raised:
        read_plan_set(path)
    assert [line.partition(": ")[0] for line in str(raised.value).split("\n")] == [f"{path}:1", f"{path}:2"]
