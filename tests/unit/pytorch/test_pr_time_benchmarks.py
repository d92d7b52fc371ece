"""The suite that start-up runs (docs/pytorch.md#pr-time-benchmarks)."""

from __future__ import annotations

from ci_port.model import Source
from ci_port.pytorch import pr_time_benchmarks
from tests.unit.pytorch.plans import executed, exported, plan


def test_path_is_for_two_steps_only() -> None:
    """The sourced file and the check."""
    result = plan(pr_time_benchmarks.run_pr_time_benchmarks_only)
    assert [step.argv[0] for step in executed(result)] == ["python3", "mkdir", "cat", "python"]
    assert Source("benchmarks/dynamo/pr_time_benchmarks/benchmark_runner.sh") in result.steps
    here = "/var/lib/jenkins/workspace/benchmarks/dynamo/pr_time_benchmarks"
    assert exported(result, "PYTHONPATH") == [here]
    assert result.status == 0
