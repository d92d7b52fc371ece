"""ExecuTorch and vLLM."""

from __future__ import annotations

from ci_port.model import Source
from ci_port.pytorch import other_projects
from tests.unit.pytorch.plans import CLEAN, executed, exported, plan, texts


def test_executorch_is_outside_the_workspace() -> None:
    """And comes back for the clean check."""
    result = plan(other_projects.test_executorch)
    steps = executed(result)[-4:]
    assert [step.cwd for step in steps] == ["/executorch"] * 3 + ["."]
    assert texts(result)[-1] == CLEAN
    assert steps[0].argv[0] == "/var/lib/jenkins/workspace/.ci/docker/common/install_executorch.sh"
    assert exported(result, "LLVM_COV") == ["llvm-cov-12", None]
    assert Source(".ci/scripts/test_model.sh") in result.steps


def test_vllm_plan_is_the_configuration() -> None:
    """One word, whatever is in it."""
    result = plan(other_projects.run_vllm, {"TEST_CONFIG": "vllm x", "SHARD_NUMBER": "1", "NUM_TEST_SHARDS": "2"})
    assert [step.cwd for step in executed(result)] == [".ci/lumen_cli", "."]
    assert executed(result)[1].argv[7] == "vllm x"
