"""Random scripts that differ are found, counted, and made small."""

from __future__ import annotations

from tests.parity.judging import Judged, Tally, Verdict, shown
from tests.parity.small_scripts import Script
from tests.parity.sweeping import smallest_of_each, sweep


def judge(script: Script) -> Judged:
    """A judge who dislikes `build`, and knows about `clean`."""
    if "build" in script.text:
        return Judged(Verdict.DIFFERENT, ("exit status: 0 | 1",))
    return Judged(Verdict.LIMIT, ("x",), "cleaning") if "clean" in script.text else Judged(Verdict.EQUAL)


def test_what_differs_comes_out_small() -> None:
    tally = sweep(judge, 100, 1)
    assert tally.counts.total() == 100
    assert tally.kinds == {"exit status": tally.counts[Verdict.DIFFERENT]}
    assert str(sweep(judge, 100, 1)) == str(tally) != str(sweep(judge, 100, 2))
    [(script, judged)] = smallest_of_each(judge, 100, 1, tally, 3)
    assert shown(script, judged) == "#!/bin/bash\nbuild\n=> real | recorded: exit status: 0 | 1"


def test_figures_are_said_in_one_line() -> None:
    tally = Tally()
    for _ in range(1200):
        tally.add(Script("use"), judge(Script("use")))
    other = Tally()
    other.add(Script("clean"), judge(Script("clean")))
    other.add(Script("build"), judge(Script("build")))
    tally.update(other)
    assert str(tally) == "1,202 scripts: 1,200 equal, 1 different, 1 listed limits (1 cleaning)"
    assert list(tally.first) == ["exit status"]
    tally.counts[Verdict.RACE] += 2
    assert str(tally).endswith(", 2 races")
