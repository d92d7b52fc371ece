"""Suites of the compiler (docs/pytorch.md#compiler-suites)."""

from __future__ import annotations

import pytest

from ci_port.host import Session
from ci_port.pytorch import inductor
from tests.unit.pytorch.plans import CLEAN, PLAIN, ROCM, exported, plan, texts

SHARDS = {"NUM_TEST_SHARDS": "3"}


def test_distributed_is_one_command_a_test() -> None:
    """And one for those that go together."""
    commands = texts(plan(inductor.test_inductor_distributed))
    assert len(commands) == 23
    assert commands[-1] == CLEAN
    assert (
        commands[0] == "python test/run_test.py -i inductor/test_aot_inductor.py -k test_replicate_on_devices --verbose"
    )


def test_shard() -> None:
    """No clean check."""
    commands = texts(plan(lambda sh: inductor.test_inductor_shard(sh, "2"), SHARDS))
    assert [text.endswith("--shard 2 3 --verbose") for text in commands] == [False, True, True]


@pytest.mark.parametrize(("build", "runs"), [(PLAIN, 3), ("xpu", 4)])
def test_cpp_wrapper(build: str, runs: int) -> None:
    """The export stays."""

    def program(sh: Session) -> None:
        inductor.test_inductor_cpp_wrapper_shard(sh, "1")
        sh.run("after")

    result = plan(program, {**SHARDS, "BUILD_ENVIRONMENT": build})
    assert exported(result, "TORCHINDUCTOR_CPP_WRAPPER") == ["1"]
    assert len(texts(result)) == runs + 2


@pytest.mark.parametrize(
    ("build", "first", "libraries"),
    [
        (PLAIN, "/usr/bin/env python -m pip", "/t/lib"),
        ("sm86", "/usr/bin/env TORCH_CUDA_ARCH_LIST=8.6", "/opt/conda/envs/py_3.10/lib:/t/lib:/x y"),
    ],
)
def test_aoti(build: str, first: str, libraries: str) -> None:
    """Assignments are words of `env`, each one word whatever is in it."""
    env = {
        "BUILD_ENVIRONMENT": build,
        "TORCH_LIB_DIR": "/t/lib",
        "LD_LIBRARY_PATH": "/x y",
        "BUILD_BIN_DIR": "build/bin",
    }
    commands = texts(plan(inductor.test_inductor_aoti, env))
    assert commands[0].startswith(first)
    assert "CMAKE_FRESH=1 BUILD_AOT_INDUCTOR_TEST=1" in commands[1]
    assert commands[2].startswith(f"/usr/bin/env CPP_TESTS_DIR=build/bin LD_LIBRARY_PATH={libraries} python test")


def test_aoti_on_rocm() -> None:
    """From sources that are made anew."""
    assert texts(plan(inductor.test_inductor_aoti, {"BUILD_ENVIRONMENT": ROCM}))[0].startswith(
        "python3 tools/amd_build"
    )


def test_small_suites() -> None:
    """One command, and a clean check."""
    for suite in (inductor.test_inductor_halide, inductor.test_inductor_triton_cpu):
        assert texts(plan(suite))[1:] == [CLEAN]
