"""Dispatch: which suites each job runs, in which order."""

from __future__ import annotations

import pytest

from ci_port.host import Session
from ci_port.model import Overlay
from ci_port.pytorch import dispatch
from tests.unit.pytorch.plans import PLAIN, ROCM, observed

VISION = "install_torchvision"
EXTENSIONS = ["test_aot_compilation", "test_custom_script_ops", "test_custom_backend", "test_torch_function_benchmark"]


def suites(build: str, config: str, shard: str = "1", shards: str = "1", **env: str) -> list[str]:
    """Return the functions that the dispatch itself calls, in order, as far as they run a command."""
    variables = {"BUILD_ENVIRONMENT": build, "TEST_CONFIG": config, "SHARD_NUMBER": shard, "NUM_TEST_SHARDS": shards}

    def program(sh: Session) -> None:
        sh.set_array("DYNAMO_BENCHMARK_FLAGS")
        dispatch.dispatch(sh)

    called: list[str] = []
    for place in observed(program, {**variables, **env}, Overlay()).places:
        outermost = place.functions[-1] if place.functions else "-"
        if called[-1:] != [outermost]:
            called.append(outermost)
    return [name for name in called if name != "sccache_epilogue"]


@pytest.mark.parametrize(
    ("build", "config", "expected"),
    [
        (PLAIN, "numpy_2_x", ["-"]),
        ("aarch64", "default", ["test_linux_aarch64"]),
        ("aarch64", "numpy_2", ["-"]),
        (PLAIN, "backwards_compat", ["test_forward_backward_compatibility"]),
        (PLAIN, "xla", [VISION, "build_xla", "test_xla"]),
        (PLAIN, "vllm_x", ["-"]),
        (PLAIN, "executorch", ["test_executorch"]),
        (PLAIN, "jit_legacy", ["test_python_legacy_jit"]),
        (PLAIN, "quantization", ["test_quantization"]),
        ("libtorch", "quantization", ["test_quantization"]),
        ("libtorch", "default", []),
        (PLAIN, "distributed", ["test_distributed", "test_rpc"]),
        (PLAIN, "operator_benchmark", []),
        (PLAIN, "cpu_operator_benchmark", ["test_operator_benchmark"]),
        (PLAIN, "operator_microbenchmark", ["test_operator_microbenchmark"]),
        (PLAIN, "inductor_distributed", ["test_inductor_distributed"]),
        (PLAIN, "inductor-halide", ["test_inductor_halide"]),
        (PLAIN, "inductor-triton-cpu", ["test_inductor_triton_cpu"]),
        (PLAIN, "inductor-micro-benchmark", ["test_inductor_micro_benchmark"]),
        (PLAIN, "huggingface_timm", [VISION, "test_dynamo_benchmark"]),
        (PLAIN, "timm_torchbench", [VISION, "test_dynamo_benchmark"]),
        (PLAIN, "cachebench", ["install_torchaudio", VISION, "test_cachebench"]),
        (PLAIN, "verify_cachebench", ["install_torchaudio", VISION, "test_verify_cachebench"]),
        (PLAIN, "cpu_torchbench", ["install_torchaudio", VISION, "pip_install", "test_dynamo_benchmark"]),
        (
            PLAIN,
            "torchbench",
            ["install_torchaudio", VISION, "pip_install", "install_torchrec_and_fbgemm", "test_dynamo_benchmark"],
        ),
        (PLAIN, "inductor_cpp_wrapper", [VISION, "test_inductor_cpp_wrapper_shard", "test_inductor_aoti"]),
        (PLAIN, "inductor", [VISION, "test_inductor_shard"]),
        (PLAIN, "einops", ["test_einops"]),
        (PLAIN, "dynamo_wrapped", [VISION, "test_dynamo_wrapped_shard", "test_aten"]),
        ("vulkan", "x", ["test_vulkan"]),
        ("x-bazel-x", "x", ["test_bazel"]),
        ("-mobile-lightweight-dispatch", "x", ["test_libtorch"]),
        (PLAIN, "docs_test", ["test_docs_test"]),
        ("xpu", "smoke", [VISION, "test_python", "test_aten", "test_xpu_bin"]),
        (PLAIN, "smoke", ["test_python_smoke"]),
        (PLAIN, "smoke_b200", ["test_python_smoke_b200"]),
        (PLAIN, "h100_distributed", ["test_h100_distributed"]),
        (PLAIN, "h100-symm-mem", ["test_h100_symm_mem"]),
        (PLAIN, "b200-symm-mem", ["test_h100_symm_mem"]),
        (PLAIN, "h100_cutlass_backend", ["test_h100_cutlass_backend"]),
        (
            PLAIN,
            "default",
            [VISION, "install_monkeytype", "test_python", "test_aten", "test_vec256", "test_libtorch", *EXTENSIONS],
        ),
    ],
)
def test_rows(build: str, config: str, expected: list[str]) -> None:
    """One shard: each row of the table."""
    assert suites(build, config) == expected


FIRST = ["test_lazy_tensor_meta_reference_disabled", "test_without_numpy", VISION, "test_python_shard", "test_aten"]
LATER = [VISION, "test_python_shard"]
SECOND = [*LATER, "test_libtorch", *EXTENSIONS]


@pytest.mark.parametrize(
    ("shard", "shards", "expected"),
    [
        ("1", "2", [*FIRST, "test_libtorch"]),
        ("2", "2", SECOND),
        ("3", "3", LATER),
        ("3", "1", LATER),
        ("03", "x", LATER),
        ("1+2", "1", LATER),
        ("2", "2#10", SECOND),
        ("2", "1+1", SECOND),
        ("2", "1", ["test_docs_test"]),
        ("2", "08", ["test_docs_test"]),
        ("01", "2", ["test_docs_test"]),
        ("1", "1.5", ["test_docs_test"]),
        ("x", "5", ["test_docs_test"]),
        ("SHARD_NUMBER", "5", ["test_docs_test"]),
    ],
)
def test_shards(shard: str, shards: str, expected: list[str]) -> None:
    """Text in one place, arithmetic in the other; no expression is not greater (docs/pytorch.md#shard-numbers)."""
    assert suites(PLAIN, "docs_test", shard, shards) == expected


def test_tests_to_include_on_rocm() -> None:
    """All shards run the same suites."""
    expected = [VISION, "test_python_shard", "test_aten"]
    assert suites(ROCM, "default", "2", "3", TESTS_TO_INCLUDE="test_ops") == expected


def test_first_shard_is_a_number_for_aoti_only() -> None:
    """`01` counts there, and nowhere else (docs/pytorch.md#shard-numbers)."""
    assert suites(PLAIN, "inductor_cpp_wrapper", "01")[-1] == "test_inductor_aoti"
    assert suites(PLAIN, "distributed", "01") == ["test_distributed"]
    assert suites(PLAIN, "dynamo_wrapped", "01") == [VISION, "test_dynamo_wrapped_shard"]


@pytest.mark.parametrize("shard", ["08", "1.5", "a b"])
def test_impossible_shard_abandons_the_dispatch(shard: str) -> None:
    """After the install, with status 1."""
    assert suites(PLAIN, "huggingface", shard) == [VISION]


def test_table_is_whole() -> None:
    """As many rows as the script has arms (docs/pytorch.md#dispatch)."""
    assert len(dispatch.DISPATCH) == 41
