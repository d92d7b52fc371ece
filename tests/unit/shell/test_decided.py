"""What was decided, held against the same scripts with a mark in each arm."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence

from hypothesis import assume, given
from hypothesis import strategies as st

from ci_port.model import Execute, Observation, RunFailed, Step
from ci_port.shell import ScriptError
from tests.unit.shell import marked
from tests.unit.shell.covering import Covering

CASES = """\
if [[ $A == x ]]; then c1 || c2 && c3; elif c4; then c5; else c6; fi
for i in 1 2; do case $i$A in 1x) c7 ;; 2*) c8 && c9 ;& *) c10 ;; esac; done
x=$(while c11; do [[ -n $x ]] || break; done; c12 | { c13 && c14; }) && ( c15 || c16 )
f() { c17 && return; until c18; do c19; break; done; c20; }
f || { f; } && f | f
"""


def test_each_arm_that_is_taken_is_seen_in_order(covering: Covering) -> None:
    for number in range(60):
        chance = random.Random(number)
        fails = [f"c{i}" for i in range(21) if chance.random() < 0.5]
        assert held(covering, CASES, {"A": chance.choice("xyz")}, fails)


@given(chance=st.integers(0, 1 << 40).map(random.Random))
def test_of_generated_scripts_nothing_is_said_that_did_not_happen(covering: Covering, chance: random.Random) -> None:
    environment = {name: chance.choice(("x", "y", "z", "")) for name in "ABC"}
    environment.update(N=str(chance.randrange(3)), E=chance.choice(("", "1 2")))
    text = marked.script(chance)
    assume(held(covering, text, environment, [f"c{i}" for i in range(60) if chance.random() < 0.4]))


def held(covering: Covering, text: str, environment: dict[str, str], fails: Sequence[str]) -> bool:
    """Hold what a run decided against what the marks say; False where the script is no fit one."""
    try:
        reader = covering.reader(text)
        plain = covering.observe(text, environment, fails=fails)
        with_marks = covering.observe(marked.marked(reader.inventory), environment, fails=fails)
    except (ScriptError, RunFailed):
        return False
    said = [argv for argv in started(with_marks) if argv[0] == marked.MARK]
    rest = [argv for argv in started(with_marks) if argv[0] != marked.MARK]
    # What stands in words may be read otherwise, for example as options of a shell: then a mark changes too much.
    if started(plain) != rest or reader.inventory.unknown:
        return False
    numbers = {branch.id: number for number, branch in enumerate(reader.inventory.branches)}
    wanted = [int(argv[1]) for argv in said]
    run = reader.run(plain)
    taken = [numbers[one.branch[1]] for one in run.decided if one.taken]
    unseen = {numbers[id] for _, id in run.unseen}
    assert not Counter(taken) - Counter(wanted), "taken that was not"
    assert set(wanted) - set(taken) <= unseen, "not taken that was"
    if "trap" not in text and not unseen:
        assert taken == wanted
    return True


def started(observation: Observation) -> list[tuple[str, ...]]:
    """Return the words of all commands of a run."""
    return list(_started(observation.plan.steps))


def _started(steps: Sequence[Step]) -> Iterator[tuple[str, ...]]:
    for step in steps:
        if isinstance(step, Execute):
            yield step.argv
            yield from _started(step.steps)
