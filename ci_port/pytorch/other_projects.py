"""Other projects' tests on top of this commit (docs/pytorch.md#other-projects)."""

from __future__ import annotations

from ci_port.host import Session, function
from ci_port.pytorch.helpers import assert_git_not_dirty, install_torchaudio, install_torchvision


@function
def test_executorch(sh: Session) -> None:
    """Test ExecuTorch in the checkout that the image carries (docs/pytorch.md#executorch)."""
    sh.echo("ExecuTorch with this commit")
    install_torchvision(sh)
    install_torchaudio(sh)
    sh["INSTALL_SCRIPT"] = f"{sh.cwd}/.ci/docker/common/install_executorch.sh"
    with sh.pushd("/executorch"):
        sh.run(sh["INSTALL_SCRIPT"], "setup_executorch")
        sh.echo("ExecuTorch's unit tests")
        sh.run("pytest", "-v", "-n", "auto")
        tools = {"LLVM_PROFDATA": "llvm-profdata-12", "LLVM_COV": "llvm-cov-12"}
        sh.run("bash", "test/run_oss_cpp_tests.sh", env=tools)
        sh.echo("One model from end to end")
        sh.source(".ci/scripts/test_model.sh", "mv3", "cmake", "xnnpack-quantization-delegation", "")
    assert_git_not_dirty(sh)


def run_vllm(sh: Session) -> None:
    """Test vLLM through the lumen command line (docs/pytorch.md#vllm)."""
    sh.echo("vLLM tests, run by the lumen command line")
    with sh.subshell(".ci/lumen_cli"):
        sh.run("python", "-m", "pip", "install", "-e", ".")
    plan = ("--test-plan", sh["TEST_CONFIG"], "--shard-id", sh["SHARD_NUMBER"], "--num-shards", sh["NUM_TEST_SHARDS"])
    sh.run("python", "-m", "cli.run", "test", "external", "vllm", *plan)
