"""Two small sets of plans, before and after a change."""

from __future__ import annotations

from collections.abc import Mapping

from ci_port.model import Execute, Plan
from ci_port.review.plandiff import Outcome


def plan(*commands: str) -> Plan:
    return Plan(tuple(Execute(tuple(command.split())) for command in commands), 0)


BEFORE: Mapping[str, Outcome] = {f"job{n}": plan(f"run --shard {n}", "end") for n in range(4)}
AFTER: Mapping[str, Outcome] = {
    **{f"job{n}": plan(f"run --shard {n} --up", "end") for n in range(3)},
    "job3": plan("run --shard 3", "more", "end"),
}
