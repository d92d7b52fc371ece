"""Bad days, made one at a time: for each command of a run, the case in which just that command fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ci_port.model import Case, Execute, Overlay, Plan, Rule


def environments(cases: Iterable[Case]) -> list[Case]:
    """Return the distinct environments and files among the cases, without the answers that some give to commands.

    A case whose answers matter would hide which command fails; here only one answer may differ from the world's.
    """
    found: dict[tuple[object, ...], Case] = {}
    for case in cases:
        overlay = case.world or Overlay()
        machine = replace(overlay, commands=())
        bare = replace(case, world=machine if machine != Overlay() else None)
        found.setdefault((bare.env, bare.world, bare.args, bare.stdin, bare.wrong), bare)
    return list(found.values())


def failing_each_step(case: Case, plan: Plan, status: int = 1) -> Iterator[Case]:
    """Yield, for each command of the plan, the case in which it alone ends with `status` and prints nothing.

    The command is the nth that has these words, so an earlier or later twin is not touched.
    """
    steps = [(index, step.argv) for index, step in enumerate(plan.steps) if isinstance(step, Execute)]
    overlay = case.world or Overlay()
    for position, (index, argv) in enumerate(steps):
        rule = Rule(_literal(argv), status)
        # A word `*` of the command itself reads as a wildcard in a rule: count what the rule will count.
        nth = sum(rule.matches(earlier) for _, earlier in steps[: position + 1])
        changed = replace(overlay, commands=(replace(rule, nth=nth), *overlay.commands))
        yield replace(case, id=f"{case.id}#{index}={status}", world=changed)


def _literal(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words as a rule: a last word `**` would stand for any number of words, and is held to be one."""
    return (*argv[:-1], "*") if argv[-1] == "**" else argv
