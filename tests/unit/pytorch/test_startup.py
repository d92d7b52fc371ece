"""Start-up: what each step does to the environment and runs."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ci_port.host import Session
from ci_port.model import ALWAYS, Overlay, Rule
from ci_port.pytorch import startup
from tests.unit.pytorch.plans import CUDA, PLAIN, ROCM, executed, exported, failing, plan, texts

ASSERTS = "import torch; torch._C._crash_if_debug_asserts_fail(424242)"


def started(
    build: str = PLAIN, config: str = "default", overlay: Overlay | None = None, **env: str | None
) -> list[str]:
    """Return the commands of start-up and a last one."""
    return texts(plan(start, {"BUILD_ENVIRONMENT": build, "TEST_CONFIG": config, **env}, overlay))


def start(sh: Session) -> None:
    """Start up, then show what is exported."""
    startup.start_up(sh)
    sh.run("dispatch")


def environment(env: Mapping[str, str | None], overlay: Overlay | None = None) -> dict[str, str | None]:
    """Return all that start-up changes in the exported environment."""
    changes: dict[str, str | None] = {}
    for step in executed(plan(start, env, overlay)):
        changes |= dict(step.env)
        if step.argv == ("dispatch",):
            break
    return changes


COMMON = {
    "TERM": "vt100",
    "SCCACHE_ERROR_LOG": "/var/lib/jenkins/sccache_error.log",
    "SCCACHE_IDLE_TIMEOUT": "0",
    "RUST_LOG": "sccache::server=debug",
    "TORCH_SERIALIZATION_DEBUG": "1",
    "VALGRIND": "ON",
    "PATH": "/var/lib/jenkins/.local/bin:/opt/ci/bin",
}


@pytest.mark.parametrize(
    ("build", "config", "changes"),
    [
        (PLAIN, "x", {}),
        (PLAIN, "default", {"CUDA_VISIBLE_DEVICES": "0", "HIP_VISIBLE_DEVICES": "0"}),
        (PLAIN, "slow", {"PYTORCH_TEST_WITH_SLOW": "1", "PYTORCH_TEST_SKIP_FAST": "1"}),
        (PLAIN, "slow_x", {}),
        (PLAIN, "xcrossrefx", {"PYTORCH_TEST_WITH_CROSSREF": "1"}),
        (PLAIN, "nogpu_NO_AVX2", {"ATEN_CPU_CAPABILITY": "default"}),
        (PLAIN, "nogpu_AVX512", {"ATEN_CPU_CAPABILITY": "avx2"}),
        (PLAIN, "legacy_nvidia_driver", {"USE_LEGACY_DRIVER": "1"}),
        ("clang9", "x", {"VALGRIND": "OFF"}),
        ("s390x", "x", {"VALGRIND": "OFF"}),
        ("aarch64", "x", {"VALGRIND": "OFF"}),
        (
            "slow-gradcheck",
            "x",
            {"PYTORCH_TEST_WITH_SLOW_GRADCHECK": "1", "PYTORCH_TEST_CUDA_MEM_LEAK_CHECK": "1"},
        ),
        (CUDA, "x", {"PYTORCH_TESTING_DEVICE_ONLY_FOR": "cuda", "TORCH_CUDA_ARCH_LIST": "9.0"}),
        (
            ROCM,
            "distributed",
            {
                "VALGRIND": "OFF",
                "PYTORCH_TEST_WITH_ROCM": "1",
                "HSA_FORCE_FINE_GRAIN_PCIE": "1",
                "PYTORCH_TESTING_DEVICE_ONLY_FOR": "cuda",
                "HIP_VISIBLE_DEVICES": "0,1,2,3",
            },
        ),
        (
            "xpu",
            "x",
            {"VALGRIND": "OFF", "PYTORCH_TESTING_DEVICE_ONLY_FOR": "xpu", "PYTHON_TEST_EXTRA_OPTION": "--xpu"},
        ),
    ],
)
def test_exports(build: str, config: str, changes: dict[str, str]) -> None:
    """Exactly these, beside what every job gets."""
    assert environment({"BUILD_ENVIRONMENT": build, "TEST_CONFIG": config, "LANG": "C.UTF-8"}) == {**COMMON, **changes}


def test_defaults_of_shards_are_not_exported() -> None:
    """Unless the caller passed them empty."""
    assert "SHARD_NUMBER" not in environment({})
    assert environment({"SHARD_NUMBER": ""})["SHARD_NUMBER"] == "1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), ("", "build/custom_test_artifacts"), ("x", "x"), ("build/../y", "y")],
)
def test_artifacts_become_absolute(value: str | None, expected: str | None) -> None:
    """Exported only if the caller exported it."""
    changes = environment({"CUSTOM_TEST_ARTIFACT_BUILD_DIR": value})
    path = changes.get("CUSTOM_TEST_ARTIFACT_BUILD_DIR")
    assert path == (f"/var/lib/jenkins/workspace/{expected}" if expected else None)


def test_missing_directory_of_artifacts_stops() -> None:
    """Not for bazel, with or without hyphens (docs/pytorch.md#substrings)."""
    env = {"CUSTOM_TEST_ARTIFACT_BUILD_DIR": "no/such/directory"}
    assert plan(start, env).status == 1
    assert plan(start, {**env, "BUILD_ENVIRONMENT": "bazel"}).status == 0


def test_workspace_is_taken_over_and_given_back() -> None:
    """Not on rocm and s390x."""
    commands = started()
    assert "sudo chown -R jenkins /var/lib/jenkins/workspace" in commands
    assert commands[-1] == "sudo chown -R 1000 /var/lib/jenkins/workspace"
    assert not any("chown" in text for build in (ROCM, "s390x") for text in started(build))


def test_numba_is_patched_where_it_is() -> None:
    """What a failing probe printed counts; nothing printed, nothing patched; no patch file, stop."""
    (step,) = [step for step in executed(plan(start, {"BUILD_ENVIRONMENT": CUDA})) if step.argv[0] == "patch"]
    assert step.cwd == "/opt/conda/lib/python3.10/site-packages/numba/cuda"
    assert step.stdin == ".ci/pytorch/numba-cuda-13.patch"
    probe = ("python", "-c", "import os;import numba.cuda; print(os.path.dirname(numba.cuda.__file__))")
    assert "patch -p4" in started(CUDA, overlay=Overlay((Rule(probe, 1, "/numba\n"),)))
    assert "patch -p4" not in started(CUDA, overlay=failing(*probe))
    absent = Overlay(absent=("/var/lib/jenkins/workspace/.ci/pytorch/numba-cuda-13.patch",))
    assert plan(start, {"BUILD_ENVIRONMENT": CUDA}, absent).status == 1


def test_core_dumps() -> None:
    """Either variable forbids them."""
    for name in ("PYTORCH_TEST_RERUN_DISABLED_TESTS", "CONTINUE_THROUGH_ERROR"):
        assert [step.kind for step in plan(start, {name: "1"}).steps].count("ulimit") == 1
    assert all(step.kind != "ulimit" for step in plan(start).steps)


def test_asserts_are_off_except_in_debug_builds() -> None:
    """A crash stops an ordinary build; no crash stops a debug build."""
    crashing = failing("python", "-c", ASSERTS, status=4)
    assert plan(start, {"BUILD_ENVIRONMENT": PLAIN}, crashing).status == 4
    assert plan(start, {"BUILD_ENVIRONMENT": "x-debug"}).status == 0
    assert plan(start, {"BUILD_ENVIRONMENT": "x-debug"}, Overlay((Rule(("python", "-c", ASSERTS), 0),))).status == 1
    assert not any(ASSERTS in text for text in started("x-bazel-y"))


@pytest.mark.parametrize("code", ["csrc_asan(3)", "vptr_ubsan()", "aten_asan(3)"])
def test_sanitizers_have_to_notice(code: str) -> None:
    """A check that does not crash stops with 1."""
    command = ("python", "-c", f"import torch; torch._C._crash_if_{code}")
    assert plan(start, {"BUILD_ENVIRONMENT": "x-asan"}).status == 0
    assert plan(start, {"BUILD_ENVIRONMENT": "x-asan"}, Overlay((Rule(command, 0),))).status == 1


def test_sanitizer_options() -> None:
    """One more on CUDA."""
    options = environment({"BUILD_ENVIRONMENT": "asan"})["ASAN_OPTIONS"]
    assert environment({"BUILD_ENVIRONMENT": "asan-cuda"})["ASAN_OPTIONS"] == f"{options}:protect_shadow_gap=0"
    changes = environment({"BUILD_ENVIRONMENT": "asan", "LD_PRELOAD": "/old.so"})
    assert changes["LD_PRELOAD"] == "/usr/lib/llvm-18/lib/clang/18/lib/linux/libclang_rt.asan-x86_64.so"
    assert str(changes["UBSAN_OPTIONS"]).endswith("=/var/lib/jenkins/workspace/ubsan.supp")


def test_rocm_needs_a_device() -> None:
    """No line that names one stops with 1; a failing rocminfo with its status."""
    nothing = Overlay((Rule(("rocminfo",), 0, "nothing\n"),))
    assert plan(start, {"BUILD_ENVIRONMENT": ROCM}, nothing).status == 1
    assert plan(start, {"BUILD_ENVIRONMENT": ROCM}, failing("rocminfo", status=6)).status == 6


def test_oneapi() -> None:
    """Only umf may be missing."""
    umf = "/opt/intel/oneapi/umf/latest/env/vars.sh"
    without = [step for step in plan(start, {"BUILD_ENVIRONMENT": "xpu"}).steps if step.kind == "source"]
    overlay = Overlay(files=((umf, ""),))
    with_umf = [step for step in plan(start, {"BUILD_ENVIRONMENT": "xpu"}, overlay).steps if step.kind == "source"]
    assert len(without) == 4
    assert len(with_umf) == 5


def test_list_of_flags_hides_a_variable_of_the_caller() -> None:
    """Before any benchmark sees it (docs/pytorch.md#benchmark-flags)."""
    assert exported(plan(start, {"DYNAMO_BENCHMARK_FLAGS": "x"}), "DYNAMO_BENCHMARK_FLAGS") == [None]


def test_pr_time_benchmarks_are_the_end() -> None:
    """With status 0, before the dispatch."""
    commands = started(config="x_pr_time_benchmarks_x")
    assert "dispatch" not in commands
    assert plan(start, {"TEST_CONFIG": "pr_time_benchmarks"}).status == 0


def test_table_is_whole() -> None:
    """Each step stands in it once, except those that happen twice."""
    names = [step.run.__name__ for step in startup.STARTUP]
    assert len(names) == 40
    assert {name for name in names if names.count(name) > 1} == {"show_environment", "turn_valgrind_off"}
    assert startup.STARTUP[0].when is ALWAYS
