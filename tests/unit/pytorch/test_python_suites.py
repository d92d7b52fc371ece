"""Suites of Python's test runner (docs/pytorch.md#python-suites)."""

from __future__ import annotations

import pytest

from ci_port.model import Overlay
from ci_port.pytorch import python_suites
from tests.unit.pytorch.plans import CLEAN, before_another, exported, having, plan, texts

SHARDS = {"SHARD_NUMBER": "2", "NUM_TEST_SHARDS": "5"}


@pytest.mark.parametrize(
    ("suite", "runs", "clean"),
    [
        ("test_python_legacy_jit", 1, True),
        ("test_python", 1, True),
        ("test_python_smoke", 1, True),
        ("test_python_smoke_b200", 1, True),
        ("test_h100_distributed", 2, True),
        ("test_h100_symm_mem", 4, True),
        ("test_h100_cutlass_backend", 2, False),
        ("test_lazy_tensor_meta_reference_disabled", 1, False),
        ("test_einops", 6, True),
        ("test_quantization", 1, False),
        ("test_docs_test", 1, False),
        ("test_linux_aarch64", 3, False),
    ],
)
def test_commands_and_clean_check(suite: str, runs: int, clean: bool) -> None:
    """How many commands, and whether the tree is looked at afterwards."""
    commands = texts(plan(getattr(python_suites, suite), SHARDS))
    assert len(commands) == runs + clean
    assert (commands[-1] == CLEAN) == clean


@pytest.mark.parametrize(
    ("clause", "extra", "words"),
    [
        ("", "", "--shard 2 5 --verbose --upload"),
        ("--include a  b", "--x  -y", "--include a b --shard 2 5 --verbose --x -y --upload"),
        ("--include  ", "", "--include --shard"),
        ("--include test/test_*", "", "--include test/test_a.py test/test_b.py --shard"),
        ("--include nope/*", '"a b"', '--include nope/* --shard 2 5 --verbose "a b" --upload'),
    ],
)
def test_shard_splits_what_the_job_adds(clause: str, extra: str, words: str) -> None:
    """In the place where the script has it (docs/pytorch.md#default-tests)."""
    env = {**SHARDS, "INCLUDE_CLAUSE": clause, "PYTHON_TEST_EXTRA_OPTION": extra}
    result = plan(lambda sh: python_suites.test_python_shard(sh, "2"), env, having("test/test_b.py", "test/test_a.py"))
    assert f"--exclude-quantization-tests {words}" in texts(result)[0]


def test_shard_number_is_a_word() -> None:
    """As given."""
    env = {"SHARD_NUMBER": "03", "NUM_TEST_SHARDS": "a b"}
    commands = texts(plan(lambda sh: python_suites.test_dynamo_wrapped_shard(sh, "03"), env))
    assert commands[0] == "python tools/dynamo/verify_dynamo.py"
    assert "--shard 03 a b --verbose" in commands[1]


def test_lazy_tensor_variable_is_unexported() -> None:
    """Even the caller's (docs/pytorch.md#lazy-tensors)."""
    name = "TORCH_DISABLE_FUNCTIONALIZATION_META_REFERENCE"
    result = plan(before_another(python_suites.test_lazy_tensor_meta_reference_disabled), {name: "0"})
    assert exported(result, name) == ["1", None]


def test_cutlass_directory_may_be_missing() -> None:
    """The path is empty if what lies above is not there."""
    result = plan(python_suites.test_h100_cutlass_backend)
    assert exported(result, "TORCHINDUCTOR_CUTLASS_DIR") == ["/var/lib/jenkins/workspace/third_party/cutlass"]
    gone = Overlay(absent=("/var/lib/jenkins/workspace/third_party/cutlass",))
    assert exported(plan(python_suites.test_h100_cutlass_backend, overlay=gone), "TORCHINDUCTOR_CUTLASS_DIR") == [""]
