"""C++ suites (docs/pytorch.md#c-suites)."""

from __future__ import annotations

import pytest

from ci_port.host import Session
from ci_port.model import Overlay, Rule, RunFailed
from ci_port.pytorch import cpp
from tests.unit.pytorch.plans import CLEAN, CUDA, PLAIN, ROCM, Env, executed, exported, having, plan, texts

PATHS: dict[str, str | None] = {
    "TORCH_LIB_DIR": "/t/lib",
    "TORCH_BIN_DIR": "/t/bin",
    "TORCH_TEST_DIR": "/t/test",
    "BUILD_DIR": "build",
    "BUILD_RENAMED_DIR": "build_renamed",
    "BUILD_BIN_DIR": "build/bin",
    "CUSTOM_TEST_ARTIFACT_BUILD_DIR": "/art",
    "SHARD_NUMBER": "1",
    "NUM_TEST_SHARDS": "2",
}


def commands(suite: str, env: Env | None = None, overlay: Overlay | None = None) -> list[str]:
    """Return the commands of a suite, with the paths that start-up would have found."""
    return texts(plan(getattr(cpp, suite), {**PATHS, **(env or {})}, overlay))


def test_aten_in_either_place() -> None:
    """From the package, the build tree is out of the way meanwhile."""
    assert commands("test_aten", {"SUDO": "sudo -E"})[:1] == ["sudo -E ln -sf /t/lib/libc10* build/bin"]
    wheel = commands("test_aten", {"IN_WHEEL_TEST": "1"})
    assert wheel[0] == "mv build build_renamed"
    assert wheel[-2:] == ["mv build_renamed build", CLEAN]
    assert wheel[-3] == "aten/tools/run_tests.sh /t/test"


def test_libraries_that_exist_are_linked_by_name() -> None:
    """Sorted."""
    linked = commands("test_rpc", overlay=having("/t/lib/libtorch.so", "/t/lib/libtorch_cpu.so"))
    assert linked[:2] == ["ln -sf /t/lib/libtorch.so /t/lib/libtorch_cpu.so /t/bin", "ln -sf /t/lib/libc10* /t/bin"]


@pytest.mark.parametrize(
    ("shard", "config", "parts"),
    [("", "x", "api jit"), ("1", "x", "api"), ("2", "x", "jit"), ("3", "x", ""), ("", "slow", None)],
)
def test_libtorch_halves(shard: str, config: str, parts: str | None) -> None:
    """By shard; nothing in slow jobs."""
    result = texts(plan(lambda sh: cpp.test_libtorch(sh, shard), {**PATHS, "TEST_CONFIG": config}))
    ran = ["api" if "mnist" in text else "jit" for text in result if "mnist" in text or text.endswith("py setup")]
    assert ran == (parts or "").split()
    assert bool(result) == (parts is not None)


@pytest.mark.parametrize(
    ("build", "direct", "static"),
    [
        (PLAIN, False, True),
        (CUDA, False, False),
        ("asan", True, False),
        ("slow-gradcheck", True, True),
        ("s390x", False, False),
    ],
)
def test_libtorch_api(build: str, direct: bool, static: bool) -> None:
    """Without the runner where it is too slow; the static runtime on plain CPUs."""
    result = plan(cpp.test_libtorch_api, {**PATHS, "BUILD_ENVIRONMENT": build})
    assert any(step.argv[0] == "/t/bin/test_api" for step in executed(result)) == direct
    assert (exported(result, "CPP_TESTS_DIR") == ["build/bin"]) == static


@pytest.mark.parametrize(("build", "config", "cuda"), [(CUDA, "x", True), (CUDA, "nogpu", False), (PLAIN, "x", False)])
def test_libtorch_jit(build: str, config: str, cuda: bool) -> None:
    """CUDA tests where there is a card."""
    result = plan(cpp.test_libtorch_jit, {**PATHS, "BUILD_ENVIRONMENT": build, "TEST_CONFIG": config})
    assert bool(exported(result, "LTC_TS_CUDA")) == cuda
    assert [step.cwd for step in executed(result)] == ["test", ".", "test"]


def test_xpu_programs() -> None:
    """No libraries, no patterns; one with both words runs twice."""
    overlay = having("build/bin/xpu sycl", "build/bin/sycl.a")
    assert [text.split(" --")[0] for text in commands("test_xpu_bin", overlay=overlay)[1:]] == [
        "build/bin/c10_xpu_test",
        "build/bin/xpu sycl",
        "build/bin/sycl_smoke",
        "build/bin/xpu sycl",
    ]
    absent = tuple(
        f"/var/lib/jenkins/workspace/build/bin/{name}" for name in ("c10_xpu_test", "libxpu.so", "sycl_smoke")
    )
    assert len(commands("test_xpu_bin", overlay=Overlay(absent=absent))) == 1


def test_aot_compilation_runs_what_is_built() -> None:
    """Two optional programs."""
    assert len(commands("test_aot_compilation")) == 2
    overlay = having("/t/bin/test_mobile_nnc", "/t/bin/aot_model_compiler_test")
    result = plan(cpp.test_aot_compilation, PATHS, overlay)
    assert exported(result, "CPP_TESTS_DIR") == ["/t/bin"]
    assert result.steps[-1].kind == "source"


def test_vulkan_elsewhere_does_nothing() -> None:
    """Unreachable."""
    assert commands("test_vulkan") == []
    assert len(commands("test_vulkan", {"BUILD_ENVIRONMENT": "vulkan"})) == 3


@pytest.mark.parametrize(
    ("build", "shard", "expected"), [(PLAIN, "1", 2), (CUDA, "2", 2), (ROCM, "1", 7), (CUDA, "1", 12), (CUDA, "01", 2)]
)
def test_distributed(build: str, shard: str, expected: int) -> None:
    """C++ on the first shard of machines with cards; MPI with CUDA."""
    assert len(commands("test_distributed", {"BUILD_ENVIRONMENT": build, "SHARD_NUMBER": shard})) == expected


def test_missing_mpiexec_stops() -> None:
    """A bug of the script (docs/pytorch.md#mpi)."""
    env = {**PATHS, "BUILD_ENVIRONMENT": CUDA}
    absent = Overlay(absent=("/opt/ci/bin/mpiexec",))
    assert plan(cpp.test_distributed, env, absent).status == 1
    assert "/opt/ci/bin/mpiexec -np 2 /t/bin/ProcessGroupMPITest" in commands("test_distributed", env)
    assert "/opt/ci/bin/mpiexec -np 2 /a b/ProcessGroupMPITest" in commands(
        "test_distributed", {**env, "TORCH_BIN_DIR": "/a  b"}
    )
    with pytest.raises(RunFailed, match="shell characters"):
        commands("test_distributed", {**env, "TORCH_BIN_DIR": "/a;b"})


def test_custom_suites() -> None:
    """Everything in their directory, the clean check outside."""
    for suite, count in (("test_custom_backend", 5), ("test_custom_script_ops", 4)):
        directories = [step.cwd for step in executed(plan(getattr(cpp, suite), PATHS))]
        assert len(set(directories[:-1])) == 1
        assert len(directories) == count + 1
        assert directories[-1] == "."
    assert commands("test_custom_script_ops", {"BUILD_ENVIRONMENT": "s390x"}) == []


def test_vec256() -> None:
    """Each word that `find` prints, split and globbed twice."""
    find = ("find", ".", "-maxdepth", "1", "-executable", "-name", "vec256_test*")
    overlay = Overlay((Rule(find, 0, "./a b\n./nope*\n"),))
    ran = commands("test_vec256", overlay=overlay)
    assert [text.split(" --")[0] for text in ran[2:-1]] == ["./a", "b", "./nope*"]
    assert commands("test_vec256", {"BUILD_ENVIRONMENT": ROCM}) == []


def test_without_numpy() -> None:
    """One more under dynamo, which no job reaches."""
    assert [step.cwd for step in executed(plan(cpp.test_without_numpy))] == [".ci/pytorch"] * 3
    assert len(commands("test_without_numpy", {"TEST_CONFIG": "dynamo_wrapped"})) == 4


def test_failure_stops_in_the_directory() -> None:
    """No popd, and no clean check."""

    def program(sh: Session) -> None:
        sh.trap_exit(lambda sh: sh.run("handler"))
        cpp.test_custom_backend(sh)

    result = plan(program, PATHS, Overlay((Rule(("python", "backend.py", "**"), 5),)))
    assert [(step.argv[0], step.cwd) for step in executed(result)][-2:] == [
        ("python", "test/custom_backend"),
        ("handler", "test/custom_backend"),
    ]
    assert result.status == 5
