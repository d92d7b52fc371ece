"""PyTorch/XLA (docs/pytorch.md#xla)."""

from __future__ import annotations

from ci_port.host import Session
from ci_port.pytorch import xla
from tests.unit.pytorch.plans import executed, exported, failing, plan, texts


def both(sh: Session) -> None:
    """Build and test, as the dispatch does."""
    xla.build_xla(sh)
    xla.test_xla(sh)


def test_cloned_once() -> None:
    """With the directory of the clone, and the headers from above."""
    steps = executed(plan(both, {"BUILD_ENVIRONMENT": "xla"}))
    assert steps[0].cwd == "/var/lib/jenkins"
    assert sum(step.argv[:2] == ("git", "clone") for step in steps) == 1
    assert {step.cwd for step in steps} == {"/var/lib/jenkins", ".", "xla"}


def test_paths() -> None:
    """One for each of the two commands, and one that stays."""
    result = plan(both, {"BUILD_ENVIRONMENT": "xla", "CMAKE_PREFIX_PATH": "/c", "LD_LIBRARY_PATH": "/l"})
    site = "/opt/conda/lib/python3.10/site-packages/torch:/c"
    assert exported(result, "CMAKE_PREFIX_PATH") == [site, "/c", site, "/c"]
    assert exported(result, "LD_LIBRARY_PATH") == ["/opt/conda/lib/:/l"]


def test_failures() -> None:
    """The pin may be gone already; dependencies are retried; the patches must apply."""
    assert plan(both, overlay=failing("rm", "xla/torch_patches/.torch_pin")).status == 0
    assert plan(both, overlay=failing("apply_patches", status=3)).status == 3
    result = plan(both, overlay=failing("install_pre_deps_pytorch_xla", "**", status=3))
    assert result.status == 3
    assert sum(text.startswith("sleep") for text in texts(result)) == 3
