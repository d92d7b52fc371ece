"""Files that are no part of the script. What a real one does stands beside bash in `live`."""

from __future__ import annotations

from ci_port.host import observe
from ci_port.model import Case, Source, World


def test_sourced_files(world: World) -> None:
    """As written; a missing one contributes nothing."""
    plan = observe(lambda sh: sh.source("./no/such.sh"), world, Case("case", ())).plan
    assert plan.steps == (Source("./no/such.sh"),)
