"""Hypothesis strategies: random environments, random worlds, random bad days.

A good strategy shrinks well: every choice is drawn from a list whose first entry is the plainest, so that a
counterexample ends as a minimal environment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from ci_port.model import Case, Execute, Overlay, Plan, Rule, World
from ci_port.space.vocabulary import Vocabulary

ODD_NUMBERS = (
    *("1", "2", "3", "03", "08", "010", "0x2", "2#10", "1+1", "x", "-1", "", " 2 ", "1.5", "a b", "*"),
    "9" * 20,
)
ODD_WORDS = (
    *("word", "two words", "  padded ", "*", "d?st", "[ab]*", '--a "b c"', "$HOME", "~", "a\tb", "back\\slash"),
    "ü",
)
OUTPUTS = ("", "word\n", "two words\n", "no newline", "two\nlines\n", "\n", " M dirty.py\n?? new.py\n", "3\n", "08\n")
STATUSES = (1, 2, 126, 127, 137, 255)
SEPARATORS = ("-", "_", "", " ")


def values(vocabulary: Vocabulary, name: str) -> st.SearchStrategy[str | None]:
    """Return values for one variable: unset (None), empty, its fragments joined, or something odd."""
    fragments = vocabulary.fragments.get(name, ())
    plain: list[st.SearchStrategy[str | None]] = [st.none(), st.just("")]
    if fragments:
        joined = st.lists(st.sampled_from(fragments), min_size=1, max_size=3, unique=True)
        plain.append(st.builds(lambda words, sign: sign.join(words), joined, st.sampled_from(SEPARATORS)))
    odd = ODD_NUMBERS if name in vocabulary.numbers else ODD_WORDS
    plain.append(st.sampled_from(odd))
    return st.one_of(plain)


@st.composite
def environments(
    draw: st.DrawFn, vocabulary: Vocabulary, always: Sequence[str], carried: Sequence[str]
) -> dict[str, str | None]:
    """Return what is laid over the world's environment.

    `always` are variables that nearly every job sets; `carried` are names that the script reads without a condition,
    or merely passes on.
    """
    others = sorted({*vocabulary.fragments, *carried} - {*always})
    chosen = [*always, *draw(st.lists(st.sampled_from(others), max_size=4, unique=True))] if others else [*always]
    return {name: draw(values(vocabulary, name)) for name in chosen}


@st.composite
def overlays(draw: st.DrawFn, world: World, plan: Plan, extra_files: Sequence[str]) -> Overlay | None:
    """Return a changed world: up to three commands of the plan answer something else, files come and go."""
    commands = [step.argv for step in plan.steps if isinstance(step, Execute)]
    rules = draw(st.lists(answers(commands), max_size=3)) if commands else []
    files = draw(st.lists(st.sampled_from(sorted(extra_files)), max_size=2, unique=True)) if extra_files else []
    absent = draw(
        st.lists(st.sampled_from(sorted({*world.files, *world.executables, *world.dirs})), max_size=2, unique=True)
    )
    absent = [path for path in absent if path != world.workspace]
    if not (rules or files or absent):
        return None
    return Overlay(tuple(rules), tuple((path, "") for path in files), tuple(absent))


def answers(commands: Sequence[tuple[str, ...]]) -> st.SearchStrategy[Rule]:
    """Return a rule for one of the commands: another status, or another output, once or always."""
    return st.builds(
        lambda argv, status, stdout, nth: Rule(argv, status, stdout, nth=nth),
        st.sampled_from([argv for argv in commands if not {"*", "**"} & {*argv}] or [("nothing",)]),
        st.sampled_from((1, 0, *STATUSES)),
        st.sampled_from(
            ("", "word\n", "two words\n", "no newline", "two\nlines\n", "\n", " M dirty.py\n?? new.py\n", "3\n", "08\n")
        ),
        st.sampled_from((0, 1, 2)),
    )


@st.composite
def cases(
    draw: st.DrawFn,
    vocabulary: Vocabulary,
    world: World,
    plan_of: Callable[[Case], Plan],
    always: Sequence[str],
    carried: Sequence[str] = (),
    extra_files: Sequence[str] = (),
) -> Case:
    """Return a case: an environment, and bad days for the commands that it would run (`plan_of` says which)."""
    env = tuple(sorted(draw(environments(vocabulary, always, carried)).items()))
    overlay = draw(st.one_of(st.none(), overlays(world, plan_of(Case("random", env)), extra_files)))
    return Case("random", env, overlay)
