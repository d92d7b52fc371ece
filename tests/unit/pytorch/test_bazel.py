"""The bazel build's tests (docs/pytorch.md#bazel)."""

from __future__ import annotations

from ci_port.model import Overlay
from ci_port.pytorch import bazel
from tests.unit.pytorch.plans import executed, failing, plan, texts


def bazel_commands(overlay: Overlay | None = None, cuda: str = "12.8") -> list[str]:
    """Return the commands of bazel itself."""
    result = plan(bazel.test_bazel, {"CUDA_VERSION": cuda}, overlay)
    return [text for text in texts(result) if text.startswith("tools/bazel")]


def test_targets() -> None:
    """All named with CUDA, two sweeps without."""
    (cuda,) = bazel_commands()
    assert len(cuda.split()) == 4 + 40 + 5
    assert cuda.endswith("//c10/test:util_base_tests")
    assert [text.split()[-1] for text in bazel_commands(cuda="cpu")] == ["//c10/...", ":all_tests"]


def test_filter_is_a_pattern() -> None:
    """Though no file is likely to match (docs/pytorch.md#bazel)."""
    overlay = Overlay(files=(("/var/lib/jenkins/workspace/--test_filter=-xCUDA", ""),))
    assert "--test_filter=-*CUDA" in bazel_commands(cuda="cpu")[0]
    assert "--test_filter=-xCUDA" in bazel_commands(overlay, "cpu")[1]


def test_launcher_is_checked() -> None:
    """Against a checksum that comes through a pipe."""
    result = plan(bazel.test_bazel, overlay=failing("shasum", "**"))
    (shasum,) = [step for step in executed(result) if step.argv[0] == "shasum"]
    assert shasum.argv[-1] == "/dev/fd/63"
    assert result.status == 1
