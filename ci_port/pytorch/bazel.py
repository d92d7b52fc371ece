"""The bazel build's tests (docs/pytorch.md#bazel)."""

from __future__ import annotations

from ci_port.host import Session, function
from ci_port.model import Variable
from ci_port.pytorch.common_build import source_common_build
from ci_port.pytorch.helpers import get_bazel

CPU_ONLY = ("--config=cpu-only", "--test_timeout=480", "--test_output=all", "--test_tag_filters=-gpu-required")

TOP_LEVEL = [
    "any_test",
    "autograd_test",
    "dataloader_test",
    "dispatch_test",
    "enum_test",
    "expanding_array_test",
    "fft_test",
    "functional_test",
    "grad_mode_test",
    "inference_mode_test",
    "init_test",
    "jit_test",
    "memory_test",
    "meta_tensor_test",
    "misc_test",
    "moduledict_test",
    "modulelist_test",
    "modules_test",
    "namespace_test",
    "nested_test",
    "nn_utils_test",
    "operations_test",
    "ordered_dict_test",
    "parallel_benchmark_test",
    "parameterdict_test",
    "parameterlist_test",
    "sequential_test",
    "serialize_test",
    "special_test",
    "static_test",
    "support_test",
    "tensor_flatten_test",
    "tensor_indexing_test",
    "tensor_options_cuda_test",
    "tensor_options_test",
    "tensor_test",
    "torch_dist_autograd_test",
    "torch_include_test",
    "transformer_test",
    "test_bazel",
]
C10 = (
    "//c10/cuda/test:test",
    "//c10/test:core_tests",
    "//c10/test:typeid_test",
    "//c10/test:util/ssize_test",
    "//c10/test:util_base_tests",
)


@function
def test_bazel(sh: Session) -> None:
    """Run bazel's tests: two sweeps without CUDA, two lists with it; no clean check (docs/pytorch.md#bazel)."""
    source_common_build(sh)
    get_bazel(sh)
    if sh.test(Variable("CUDA_VERSION").equals("cpu")):
        # Unquoted in the script, so a pattern; in practice no file is named like this (docs/pytorch.md#bazel).
        without_cuda = sh.glob("", "--test_filter=-*CUDA")
        sh.run(
            "tools/bazel", "test", *CPU_ONLY, *without_cuda, "--no//c10:use_gflags", "--no//c10:use_glog", "//c10/..."
        )
        sh.run("tools/bazel", "test", *CPU_ONLY, *sh.glob("", "--test_filter=-*CUDA"), ":all_tests")
    else:
        targets = (*(f"//:{name}" for name in TOP_LEVEL), *C10)
        sh.run("tools/bazel", "test", "--test_timeout=480", "--test_output=errors", *targets)
