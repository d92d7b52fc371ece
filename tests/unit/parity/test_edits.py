"""Everything in which two plans differ, as edits that compare equal between jobs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.model import Execute, Limit, Plan, Source, Step, Umask, Write
from ci_port.parity.edits import Edit, Kind, Pair, aligned_steps, edits

Case = tuple[list[Step], list[Step], list[str]]


def run(text: str, **rest: object) -> Execute:
    return Execute(tuple(text.split()), **rest)  # type: ignore[arg-type]


def env(*changes: tuple[str, str | None]) -> tuple[tuple[str, str | None], ...]:
    return tuple(sorted(changes))


CASES: dict[str, Case] = {
    "a flag added": ([run("a"), run("b x --v")], [run("a"), run("b x --v --w")], ["added `--w` to `b x …`"]),
    "a flag removed": ([run("b x --v --w")], [run("b x --w")], ["removed `--v` from `b x …`"]),
    "a word changed": ([run("b --shard 1 5")], [run("b --shard 2 5")], ["changed `1` to `2` in `b …`"]),
    "two places": (
        [run("b 1 2 3 4")],
        [run("b 1 x 3 y")],
        ["changed `2` to `x` in `b 1 …`", "changed `4` to `y` in `b 1 …`"],
    ),
    "a command added": ([run("a"), run("b")], [run("a"), run("c d"), run("b")], ["added the command `c d`"]),
    "a command removed": ([run("a"), run("c d"), run("b")], [run("a"), run("b")], ["removed the command `c d`"]),
    "a command moved": ([run("a"), run("b"), run("c")], [run("b"), run("a"), run("c")], ["moved `b`: now first"]),
    "a command moved down": (
        [run("a"), run("b x"), run("c"), run("d")],
        [run("a"), run("c"), run("d"), run("b x")],
        ["moved `b x`: now after `d`"],
    ),
    "a directory": ([run("a", cwd="x")], [run("a", cwd="y z")], ["moved `a …` from directory x to 'y z'"]),
    "a variable added": (
        [run("a"), run("b")],
        [run("a"), run("b", env=env(("V", "1")))],
        ["exported `V=1`"],
    ),
    "a variable lost": (
        [run("a", env=env(("V", "1"))), run("b")],
        [run("a"), run("b")],
        ["no longer exported `V=1`"],
    ),
    "a variable that comes later": (
        [run("a", env=env(("V", "1"))), run("b")],
        [run("a"), run("b", env=env(("V", "1")))],
        ["no longer exported `V=1` for `a …`"],
    ),
    "a value": (
        [run("a", env=env(("V", "1"), ("W", None)))],
        [run("a", env=env(("V", ""), ("W", None)))],
        ["changed `V=1` to `V=`"],
    ),
    "a variable unset": (
        [run("a")],
        [run("a", env=env(("V", None)))],
        ["exported `unset V`"],
    ),
    "what a lost step changed in the environment": (
        [run("a"), run("x", env=env(("V", "1"))), run("b")],
        [run("a"), run("b", env=env(("V", "1")))],
        ["removed the command `x`"],
    ),
    "a command's status": ([run("a")], [run("a", status=3)], ["`a …` exits 3 instead of 0"]),
    "what is fed": (
        [run("a b", input="one\ntwo\n")],
        [run("a b", input="one\n2 x\n")],
        ["changed `two` to `'2 x'` in the content for `a b …`"],
    ),
    "a line fed": ([run("a", input="x\n")], [run("a", input="x\ny\n")], ["added `y` to the content for `a …`"]),
    "a line not written": (
        [Write("f", append=True, text="x\ny\n")],
        [Write("f", append=True, text="x\n")],
        ["removed `y` from the content for `>> f …`"],
    ),
    "steps of a followed script": (
        [run("./s.sh", steps=(run("a"), run("b c")))],
        [run("./s.sh", steps=(run("a"), run("b d", status=2)))],
        ["changed `c` to `d` in `b …`", "`b …` exits 2 instead of 0"],
    ),
    "a step moved inside a followed script": (
        [run("./s.sh", steps=(run("a"), run("b"), run("c")))],
        [run("./s.sh", steps=(run("b"), run("a"), run("c")))],
        ["moved `b`: now after `./s.sh`"],
    ),
    "a mask": ([Umask("022")], [Umask("077")], ["changed `022` to `077` in `umask …`"]),
    "a redirection": ([run("a", stdout="x")], [run("a", stdout="y")], ["changed `> x` to `> y` in `a …`"]),
    "other kinds": (
        [Source("/a"), Write("b", True), Limit("core", 0)],
        [Source("/b"), Write("b", False), Limit("core", 0)],
        ["changed `/a` to `/b` in `source …`", "removed the command `>> b`", "added the command `> b`"],
    ),
    "another kind": (
        [Source("/a")],
        [run("source /a")],
        ["removed the command `source /a`", "added the command `source /a`"],
    ),
}


@pytest.mark.parametrize(("left", "right", "said"), CASES.values(), ids=CASES)
def test_edits_say_what_changed(left: list[Step], right: list[Step], said: list[str]) -> None:
    found = [str(edit) for edit in edits(Plan(tuple(left), 0), Plan(tuple(right), 0))]
    if said[0].startswith("removed the command `source"):
        assert found in (said, ["moved `source /a`: now first"])
    else:
        assert found == said


def test_exit_status() -> None:
    assert [str(edit) for edit in edits(Plan((), 0), Plan((), 3))] == ["changed the exit status of the run from 0 to 3"]


def test_one_change_is_one_edit_whatever_else_the_jobs_have() -> None:
    def plan(*words: str) -> Plan:
        return Plan((run("setup"), run(" ".join(["python run.py --shard", *words]))), 0)

    one = edits(plan("1", "--v"), plan("1", "--v", "--up"))
    two = edits(plan("2", "--w", "--v"), plan("2", "--w", "--v", "--up"))
    assert one == two == (Edit(Kind.CHANGED, "python run.py", (), ("--up",)),)


_TEXTS = st.none() | st.sampled_from(["x\n", "x\ny\n", "y"])
_COMMANDS = st.builds(
    run, st.sampled_from(["a", "a x", "a x y", "b", "b --v", "c d e"]), input=_TEXTS, steps=st.just(())
)
_FOLLOWED = st.builds(run, st.just("./s.sh"), steps=st.lists(_COMMANDS, max_size=2).map(tuple))
_WRITES = st.builds(Write, st.sampled_from("fg"), st.just(True), _TEXTS)
_STEPS = st.lists(_COMMANDS | _FOLLOWED | _WRITES, max_size=6)


@given(_STEPS, _STEPS)
def test_every_step_stands_beside_another_or_alone_in_order_and_once(left: list[Step], right: list[Step]) -> None:
    pairs = aligned_steps(Plan(tuple(left), 0), Plan(tuple(right), 0))
    assert [pair.left for pair in pairs if pair.left is not None] == list(range(len(left)))
    assert [pair.right for pair in pairs if pair.right is not None] == list(range(len(right)))
    assert Pair(None, None) not in pairs


@given(_STEPS, _STEPS, st.integers(0, 2), st.integers(0, 2))
def test_plans_differ_exactly_when_there_are_edits(left: list[Step], right: list[Step], one: int, other: int) -> None:
    ours, theirs = Plan(tuple(left), one), Plan(tuple(right), other)
    assert bool(edits(ours, theirs)) == (ours != theirs)
