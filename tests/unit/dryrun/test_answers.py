"""Which rule answers a command: the library finds the one that the model does."""

from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from ci_port.model import Execute, Rule
from ci_port.model.rules import Answers
from tests.unit.dryrun import scene as scenes

NAMES = st.sampled_from(["cmd", "other", "./c"])
WORDS = st.sampled_from(["a", "-b", "--", "-", "", "*", "**", "[!-]*", "a b", "é", "[ab]"])
COMMANDS = st.lists(
    st.builds(lambda name, words: (name, *words), NAMES, st.lists(WORDS, max_size=3)), min_size=1, max_size=6
)


@st.composite
def rules(draw: st.DrawFn) -> list[tuple[tuple[str, ...], int]]:
    """Return words and `nth` of some rules; `**` is the last word or none."""
    found = []
    for _ in range(draw(st.integers(0, 5))):
        name = draw(NAMES | st.sampled_from(["*", "[!-]*"]))
        words = tuple(word for word in draw(st.lists(WORDS, max_size=3)) if word != "**")
        found.append(
            ((name, *words, *(["**"] if draw(st.booleans()) else [])), draw(st.sampled_from([0, 0, 0, 1, 2, 3])))
        )
    return found


@given(rules(), COMMANDS)
def test_a_rule_is_found_as_the_model_finds_it(
    scene_2: scenes.Scene, heads: list[tuple[tuple[str, ...], int]], commands: list[tuple[str, ...]]
) -> None:
    chosen = tuple(Rule(argv, status=20 + at, nth=nth) for at, (argv, nth) in enumerate(heads))
    script = "\n".join(shlex.join(command) for command in commands)
    steps = scene_2.run(script, rules=chosen, files={"/w/c": ""}).plan.steps
    answers = Answers((*chosen, *scenes.WORLD_2.every_rule))
    expected = []
    for command in commands:
        rule = answers.to(command)
        # What has a slash is a file, and this one cannot be executed, unless a rule says otherwise.
        if rule or "/" not in command[0]:
            expected.append((command, rule.status if rule else 0))
    assert [(step.argv, step.status) for step in steps if isinstance(step, Execute)] == expected


def test_an_answer_has_two_outputs_and_a_status(scene_2: scenes.Scene) -> None:
    rule = Rule(("gen",), 7, "out\n", stderr="err\n")
    observation = scene_2.run('x=$(gen 2> e); emit "$x" $? "$(cat e)"', rules=(rule,))
    assert scenes.steps(observation) == ["gen =7 out:pipe err:e", "emit out 7 err"]


def test_the_nth_answer_counts_over_all_processes(scene_2: scenes.Scene) -> None:
    counted = tuple(Rule(("v",), stdout=f"{nth}\n", nth=nth) for nth in (1, 2, 3))
    found = scene_2.run('emit "$(v)" "$( (v) )" "$(v | cat)" "$(v)"', rules=counted)
    assert scenes.steps(found)[-1] == "emit 1 2 3 ''"


def test_a_rule_may_answer_for_a_tool(scene_2: scenes.Scene) -> None:
    chosen = (Rule(("date", "**"), stdout="today\n"), Rule(("mkdir", "no"), status=5))
    found = scene_2.run('emit "$(date +%F)"; mkdir no; mkdir yes; emit *', rules=chosen)
    # A text tool is no step, whoever answers.
    assert scenes.steps(found) == ["emit today", "mkdir no =5", "mkdir yes", "emit ci yes"]


def test_rules_whose_condition_does_not_hold_count_for_nothing(scene_2: scenes.Scene) -> None:
    chosen = (Rule(("v",), 1, when=(("MODE", "fast*"),)), Rule(("v",), 2))
    assert scenes.steps(scene_2.run("v", rules=chosen)) == ["v =2"]
    assert scenes.steps(scene_2.run("v", rules=chosen, env={"MODE": "faster"})) == ["v =1"]
