"""Functions that no job reaches."""

from __future__ import annotations

import pytest

from ci_port.pytorch import unreachable
from tests.unit.pytorch.plans import CLEAN, executed, plan, texts


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("install_flash_attn_cute", 2),
        ("install_cutlass_dsl", 1),
        ("install_cutlass_api", 1),
        ("print_sccache_stats", 1),
        ("install_torchtext", 4),
        ("test_jit_hooks", 4),
        ("test_cpp_extensions", 3),
        ("log", 0),
        ("error", 0),
    ],
)
def test_commands(name: str, commands: int) -> None:
    """How many; suites end with a clean check in the workspace."""
    result = plan(getattr(unreachable, name))
    assert len(texts(result)) == commands
    assert result.status == 0
    if name.startswith("test_"):
        assert texts(result)[-1] == CLEAN
        assert executed(result)[-1].cwd == "."


def test_fatal_stops() -> None:
    """With 1."""
    assert plan(lambda sh: unreachable.fatal(sh, "no", "way")).status == 1
