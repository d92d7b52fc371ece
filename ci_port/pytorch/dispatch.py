"""Dispatch: which suites a job runs (docs/pytorch.md#dispatch), as one ordered table. The first match counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ci_port.host import NULL, Session
from ci_port.model import ALWAYS, Condition, Variable
from ci_port.pytorch import (
    bazel,
    compatibility,
    cpp,
    dynamo_benchmarks,
    inductor,
    other_benchmarks,
    other_projects,
    python_suites,
    xla,
)
from ci_port.pytorch.helpers import (
    install_monkeytype,
    install_torchaudio,
    install_torchrec_and_fbgemm,
    install_torchvision,
    pip_install,
)
from ci_port.pytorch.names import BAZEL, BE, CPU, FIRST_SHARD, NSHARDS, ROCM, RUN_TEST, SHARD, TC, TESTS_TO_INCLUDE, XPU


class Row(NamedTuple):
    """A row of a dispatch table: `run` is all that happens if `when` is the first condition that holds."""

    when: Condition
    run: Callable[[Session], None]


def dispatch(sh: Session) -> None:
    """Run the one row that applies; the script does nothing after it (docs/pytorch.md#dispatch)."""
    take_first(sh, DISPATCH)


def take_first(sh: Session, rows: tuple[Row, ...]) -> None:
    """Run the first row whose condition holds; each condition is asked only when its turn comes."""
    for when, run in rows:
        if sh.test(when):
            run(sh)
            return


def run_numpy_2(sh: Session) -> None:
    """Install the new numpy, pandas again in the version that is there, and test (docs/pytorch.md#numpy-2)."""
    version = sh.output("python", "-c", "import pandas; print(pandas.__version__)", stderr=NULL)
    sh.assign("TMP_PANDAS_VERSION", version)
    install = ("python", "-m", "pip", "install", "--pre", "numpy==2.0.2", "scipy==1.13.1", "numba==0.60.0")
    if sh.test(Variable("TMP_PANDAS_VERSION").nonempty()):
        sh.run(*install, f"pandas=={version}", "--force-reinstall")
    else:
        sh.run(*install)
    sh.run(*RUN_TEST, "--include", *python_suites.NUMPY_2)


def run_xla(sh: Session) -> None:
    """Build PyTorch/XLA on this commit and run its tests (docs/pytorch.md#xla)."""
    install_torchvision(sh)
    xla.build_xla(sh)
    xla.test_xla(sh)


def run_nothing(sh: Session) -> None:
    """Say that a libtorch build has nothing to test (docs/pytorch.md#dispatch)."""
    sh.echo("There is nothing to test in a libtorch build")


def run_distributed(sh: Session) -> None:
    """Run the distributed tests; the first shard carries those of remote calls (docs/pytorch.md#dispatch)."""
    cpp.test_distributed(sh)
    if sh.test(FIRST_SHARD):
        cpp.test_rpc(sh)


def run_operator_benchmark(sh: Session) -> None:
    """Measure as many operators as the configuration says; without `cpu`, none (docs/pytorch.md#dispatch)."""
    sh["TEST_MODE"] = "short"
    if sh.test(CPU):
        if sh.test(TC.contains("long")):
            sh["TEST_MODE"] = "long"
        elif sh.test(TC.contains("all")):
            sh["TEST_MODE"] = "all"
        other_benchmarks.test_operator_benchmark(sh, "cpu", sh["TEST_MODE"])


def count_shards_from_zero(sh: Session) -> None:
    """Set `id`; a shard number that is no expression abandons the dispatch (docs/pytorch.md#shard-numbers)."""
    sh["id"] = sh.arithmetic("SHARD_NUMBER - 1")


def run_huggingface(sh: Session) -> None:
    """Measure the models of Hugging Face (docs/pytorch.md#dispatch)."""
    install_torchvision(sh)
    count_shards_from_zero(sh)
    dynamo_benchmarks.test_dynamo_benchmark(sh, "huggingface", sh["id"])


def run_timm(sh: Session) -> None:
    """Measure the models of timm (docs/pytorch.md#dispatch)."""
    install_torchvision(sh)
    count_shards_from_zero(sh)
    dynamo_benchmarks.test_dynamo_benchmark(sh, "timm_models", sh["id"])


PYTHONPATH_TORCHBENCH = {"PYTHONPATH": "/torchbench"}


def run_cachebench(sh: Session) -> None:
    """Measure the compiler's caches (docs/pytorch.md#cachebench)."""
    install_torchaudio(sh)
    install_torchvision(sh)
    sh.call(other_benchmarks.test_cachebench, PYTHONPATH_TORCHBENCH)


def run_verify_cachebench(sh: Session) -> None:
    """Show that the benchmark of the caches still runs (docs/pytorch.md#cachebench)."""
    install_torchaudio(sh)
    install_torchvision(sh)
    sh.call(other_benchmarks.test_verify_cachebench, PYTHONPATH_TORCHBENCH)


def run_torchbench(sh: Session) -> None:
    """Install what torchbench's models need, then run what the configuration names (docs/pytorch.md#torchbench)."""
    install_torchaudio(sh)
    install_torchvision(sh)
    count_shards_from_zero(sh)
    pip_install(sh, "opencv-python==4.8.0.74")
    take_first(sh, TORCHBENCH)


def run_torchbench_smoketest(sh: Session) -> None:
    """Look at a few of torchbench's models on a card (docs/pytorch.md#gpu-smoketest)."""
    sh.call(other_benchmarks.test_inductor_torchbench_smoketest_perf, PYTHONPATH_TORCHBENCH)


def run_torchbench_cpu_smoketest(sh: Session) -> None:
    """Look at a list of torchbench's models on a CPU (docs/pytorch.md#cpu-smoketest)."""
    sh.call(other_benchmarks.test_inductor_torchbench_cpu_smoketest_perf, PYTHONPATH_TORCHBENCH)


def run_torchbench_gcp_smoketest(sh: Session) -> None:
    """Run torchbench's own tests (docs/pytorch.md#gcp-smoketest)."""
    sh.call(other_benchmarks.test_torchbench_gcp_smoketest, {"TORCHBENCHPATH": "/torchbench"})


def run_torchbench_benchmark(sh: Session) -> None:
    """Measure torchbench's models; those on cards need two more packages (docs/pytorch.md#torchbench)."""
    if sh.test(~CPU):
        install_torchrec_and_fbgemm(sh)
    sh.call(dynamo_benchmarks.test_dynamo_benchmark, PYTHONPATH_TORCHBENCH, "torchbench", sh["id"])


def run_inductor_cpp_wrapper(sh: Session) -> None:
    """Test C++ wrappers; a shard that is 1 as a number, `01` too, carries more (docs/pytorch.md#shard-numbers)."""
    install_torchvision(sh)
    sh.call(inductor.test_inductor_cpp_wrapper_shard, PYTHONPATH_TORCHBENCH, sh["SHARD_NUMBER"])
    if sh.test(SHARD.compare("-eq", 1)):
        inductor.test_inductor_aoti(sh)


def run_inductor(sh: Session) -> None:
    """Test the compiler, one shard (docs/pytorch.md#inductor)."""
    install_torchvision(sh)
    inductor.test_inductor_shard(sh, sh["SHARD_NUMBER"])


def run_dynamo_wrapped(sh: Session) -> None:
    """Test everything compiled; the first shard carries the operator library (docs/pytorch.md#dispatch)."""
    install_torchvision(sh)
    python_suites.test_dynamo_wrapped_shard(sh, sh["SHARD_NUMBER"])
    if sh.test(FIRST_SHARD):
        cpp.test_aten(sh)


def run_included_on_rocm(sh: Session) -> None:
    """Test what the caller picked, on ROCm; every shard carries the operator library (docs/pytorch.md#dispatch)."""
    install_torchvision(sh)
    python_suites.test_python_shard(sh, sh["SHARD_NUMBER"])
    cpp.test_aten(sh)


def run_first_shard(sh: Session) -> None:
    """Run the first of several shards; it also carries what cannot be cut into shards (docs/pytorch.md#dispatch)."""
    python_suites.test_lazy_tensor_meta_reference_disabled(sh)
    cpp.test_without_numpy(sh)
    install_torchvision(sh)
    python_suites.test_python_shard(sh, "1")
    cpp.test_aten(sh)
    cpp.test_libtorch(sh, "1")
    if sh.test(XPU):
        cpp.test_xpu_bin(sh)


def run_second_shard(sh: Session) -> None:
    """Run the second of several shards; it carries the other part of that (docs/pytorch.md#dispatch)."""
    install_torchvision(sh)
    python_suites.test_python_shard(sh, "2")
    cpp.test_libtorch(sh, "2")
    run_extensions(sh)


def run_extensions(sh: Session) -> None:
    """Run what the second shard and a job without shards end with (docs/pytorch.md#dispatch)."""
    cpp.test_aot_compilation(sh)
    cpp.test_custom_script_ops(sh)
    cpp.test_custom_backend(sh)
    other_benchmarks.test_torch_function_benchmark(sh)


def run_later_shard(sh: Session) -> None:
    """Run a shard that carries nothing but its part of the default tests (docs/pytorch.md#dispatch)."""
    install_torchvision(sh)
    python_suites.test_python_shard(sh, sh["SHARD_NUMBER"])


def run_libtorch(sh: Session) -> None:
    """Run both halves of the C++ tests, for the lightweight dispatch of mobile builds (docs/pytorch.md#libtorch)."""
    cpp.test_libtorch(sh, "")


def run_xpu(sh: Session) -> None:
    """Run all that XPU has, where there are no shards (docs/pytorch.md#dispatch)."""
    install_torchvision(sh)
    python_suites.test_python(sh)
    cpp.test_aten(sh)
    cpp.test_xpu_bin(sh)


def run_everything(sh: Session) -> None:
    """Run what every other job without shards runs (docs/pytorch.md#dispatch)."""
    install_torchvision(sh)
    install_monkeytype(sh)
    python_suites.test_python(sh)
    cpp.test_aten(sh)
    cpp.test_vec256(sh)
    cpp.test_libtorch(sh, "")
    run_extensions(sh)
    other_benchmarks.test_benchmarks(sh)


_SHARDED = NSHARDS.compare("-gt", 1)

DISPATCH: tuple[Row, ...] = (
    Row(TC.contains("numpy_2"), run_numpy_2),
    Row(BE.contains("aarch64") & ~TC.contains("perf_cpu_aarch64"), python_suites.test_linux_aarch64),
    Row(TC.contains("backward"), compatibility.test_forward_backward_compatibility),
    Row(TC.contains("xla"), run_xla),
    Row(TC.contains("vllm"), other_projects.run_vllm),
    Row(TC.contains("executorch"), other_projects.test_executorch),
    Row(TC.equals("jit_legacy"), python_suites.test_python_legacy_jit),
    Row(TC.equals("quantization"), python_suites.test_quantization),
    Row(BE.contains("libtorch"), run_nothing),
    Row(TC.equals("distributed"), run_distributed),
    Row(TC.contains("operator_benchmark"), run_operator_benchmark),
    Row(TC.contains("operator_microbenchmark"), other_benchmarks.test_operator_microbenchmark),
    Row(TC.contains("inductor_distributed"), inductor.test_inductor_distributed),
    Row(TC.contains("inductor-halide"), inductor.test_inductor_halide),
    Row(TC.contains("inductor-triton-cpu"), inductor.test_inductor_triton_cpu),
    Row(TC.contains("inductor-micro-benchmark"), other_benchmarks.test_inductor_micro_benchmark),
    Row(TC.contains("huggingface"), run_huggingface),
    Row(TC.contains("timm"), run_timm),
    Row(TC.equals("cachebench"), run_cachebench),
    Row(TC.equals("verify_cachebench"), run_verify_cachebench),
    Row(TC.contains("torchbench"), run_torchbench),
    Row(TC.contains("inductor_cpp_wrapper"), run_inductor_cpp_wrapper),
    Row(TC.contains("inductor"), run_inductor),
    Row(TC.contains("einops"), python_suites.test_einops),
    Row(TC.contains("dynamo_wrapped"), run_dynamo_wrapped),
    Row(ROCM & TESTS_TO_INCLUDE.nonempty(), run_included_on_rocm),
    Row(SHARD.equals("1") & _SHARDED, run_first_shard),
    Row(SHARD.equals("2") & _SHARDED, run_second_shard),
    Row(SHARD.compare("-gt", 2), run_later_shard),
    Row(BE.contains("vulkan"), cpp.test_vulkan),
    Row(BAZEL, bazel.test_bazel),
    Row(BE.contains("-mobile-lightweight-dispatch"), run_libtorch),
    Row(TC.equals("docs_test"), python_suites.test_docs_test),
    Row(XPU, run_xpu),
    Row(TC.equals("smoke"), python_suites.test_python_smoke),
    Row(TC.equals("smoke_b200"), python_suites.test_python_smoke_b200),
    Row(TC.equals("h100_distributed"), python_suites.test_h100_distributed),
    Row(TC.equals("h100-symm-mem"), python_suites.test_h100_symm_mem),
    Row(TC.equals("b200-symm-mem"), python_suites.test_h100_symm_mem),
    Row(TC.equals("h100_cutlass_backend"), python_suites.test_h100_cutlass_backend),
    Row(ALWAYS, run_everything),
)
"""All rows, in the order and with the numbers of docs/pytorch.md#dispatch."""

TORCHBENCH: tuple[Row, ...] = (
    Row(TC.contains("inductor_torchbench_smoketest_perf"), run_torchbench_smoketest),
    Row(TC.contains("inductor_torchbench_cpu_smoketest_perf"), run_torchbench_cpu_smoketest),
    Row(TC.contains("torchbench_gcp_smoketest"), run_torchbench_gcp_smoketest),
    Row(ALWAYS, run_torchbench_benchmark),
)
"""What `run_torchbench` chooses from after its installs (docs/pytorch.md#torchbench)."""
