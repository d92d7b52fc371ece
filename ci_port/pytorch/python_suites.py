"""Suites that are one or a few runs of Python's test runner (docs/pytorch.md#python-suites)."""

from __future__ import annotations

from ci_port.host import Session, function
from ci_port.pytorch.helpers import assert_git_not_dirty, require_num_test_shards
from ci_port.pytorch.names import RUN_TEST, UPLOAD

NOT_IN_DEFAULT = ("--exclude-jit-executor", "--exclude-distributed-tests", "--exclude-quantization-tests")

SMOKE = ("test_matmul_cuda", "test_scaled_matmul_cuda", "inductor/test_fp8", "inductor/test_max_autotune")
SMOKE_B200 = ("test_matmul_cuda", "test_scaled_matmul_cuda", "inductor/test_fp8")

H100_DISTRIBUTED = (
    ("distributed/_composable/test_composability/test_pp_composability.py",),
    ("distributed/_composable/fsdp/test_fully_shard_comm.py", "-k", "TestFullyShardAllocFromPG"),
)
H100_SYMM_MEM = (
    "distributed/test_symmetric_memory.py",
    "distributed/test_nvshmem.py",
    "distributed/test_nvshmem_triton.py",
    "distributed/test_nccl.py",
)
H100_CUTLASS_BACKEND = (
    ("inductor/test_cutlass_backend", "-k", "not addmm"),
    ("inductor/test_cutlass_evt",),
)

EINOPS_VERSIONS = ("0.6.1", "0.7.0", "0.8.1")

NOT_IN_DYNAMO_WRAPPED = (
    "--exclude-inductor-tests",
    "--exclude-jit-executor",
    "--exclude-distributed-tests",
    "--exclude-torch-export-tests",
    "--exclude-aot-dispatch-tests",
    "--exclude-quantization-tests",
)

NUMPY_2 = (
    "dynamo/test_functions.py",
    "dynamo/test_unspec.py",
    "test_binary_ufuncs.py",
    "test_fake_tensor.py",
    "test_linalg.py",
    "test_numpy_interop.py",
    "test_tensor_creation_ops.py",
    "test_torch.py",
    "torch_np/test_basic.py",
)

AARCH64_CORE = [
    "test_modules",
    "test_mkldnn",
    "test_mkldnn_fusion",
    "test_openmp",
    "test_torch",
    "test_dynamic_shapes",
    "test_transformers",
    "test_multiprocessing",
    "test_numpy_interop",
    "test_autograd",
    "test_binary_ufuncs",
    "test_complex",
    "test_spectral_ops",
    "test_foreach",
    "test_reductions",
    "test_unary_ufuncs",
    "test_tensor_creation_ops",
    "test_ops",
    "profiler/test_memory_profiler",
    "distributed/elastic/timer/api_test",
    "distributed/elastic/timer/local_timer_example",
    "distributed/elastic/timer/local_timer_test",
]
AARCH64_DYNAMO = [
    "dynamo/test_compile",
    "dynamo/test_backends",
    "dynamo/test_comptime",
    "dynamo/test_config",
    "dynamo/test_functions",
    "dynamo/test_fx_passes_pre_grad",
    "dynamo/test_interop",
    "dynamo/test_model_output",
    "dynamo/test_modules",
    "dynamo/test_optimizers",
    "dynamo/test_recompile_ux",
    "dynamo/test_recompiles",
]
AARCH64_INDUCTOR = [
    "inductor/test_torchinductor",
    "inductor/test_benchmark_fusion",
    "inductor/test_codecache",
    "inductor/test_config",
    "inductor/test_control_flow",
    "inductor/test_coordinate_descent_tuner",
    "inductor/test_fx_fusion",
    "inductor/test_group_batch_fusion",
    "inductor/test_inductor_freezing",
    "inductor/test_inductor_utils",
    "inductor/test_inplacing_pass",
    "inductor/test_kernel_benchmark",
    "inductor/test_layout_optim",
    "inductor/test_max_autotune",
    "inductor/test_memory_planning",
    "inductor/test_metrics",
    "inductor/test_multi_kernel",
    "inductor/test_pad_mm",
    "inductor/test_pattern_matcher",
    "inductor/test_perf",
    "inductor/test_profiler",
    "inductor/test_select_algorithm",
    "inductor/test_smoke",
    "inductor/test_split_cat_fx_passes",
    "inductor/test_compile",
    "inductor/test_torchinductor",
    "inductor/test_torchinductor_codegen_dynamic_shapes",
    "inductor/test_torchinductor_dynamic_shapes",
    "inductor/test_memory",
    "inductor/test_triton_cpu_backend",
    "inductor/test_triton_extension_backend",
    "inductor/test_mkldnn_pattern_matcher",
    "inductor/test_cpu_cpp_wrapper",
]
"""`inductor/test_torchinductor` stands twice, as in the script (docs/pytorch.md#aarch64)."""


def included_tests(sh: Session) -> list[str]:
    """Return the words of `INCLUDE_CLAUSE`, which start-up or the caller set (docs/pytorch.md#words)."""
    return sh.split(sh["INCLUDE_CLAUSE"])


def extra_options(sh: Session) -> list[str]:
    """Return the words of `PYTHON_TEST_EXTRA_OPTION`, cut like those of the script (docs/pytorch.md#words)."""
    return sh.split(sh["PYTHON_TEST_EXTRA_OPTION"])


@function
def test_python_legacy_jit(sh: Session) -> None:
    """Run the legacy JIT tests, in the one job that asks for them (docs/pytorch.md#jit-legacy)."""
    sh.run(*RUN_TEST, "--include", "test_jit_legacy", "test_jit_fuser_legacy", "--verbose")
    assert_git_not_dirty(sh)


@function
def test_python_shard(sh: Session, shard: str) -> None:
    """Run one shard of the default tests (docs/pytorch.md#default-tests)."""
    require_num_test_shards(sh)
    part = ("--shard", shard, sh["NUM_TEST_SHARDS"])
    sh.run(*RUN_TEST, *NOT_IN_DEFAULT, *included_tests(sh), *part, "--verbose", *extra_options(sh), UPLOAD)
    assert_git_not_dirty(sh)


@function
def test_python(sh: Session) -> None:
    """Run the default tests in one go, without upload (docs/pytorch.md#default-tests)."""
    sh.run(*RUN_TEST, *NOT_IN_DEFAULT, *included_tests(sh), "--verbose", *extra_options(sh))
    assert_git_not_dirty(sh)


@function
def test_python_smoke(sh: Session) -> None:
    """Run the few tests that show first whether a card works (docs/pytorch.md#smoke)."""
    sh.run(*RUN_TEST, "--include", *SMOKE, *extra_options(sh), UPLOAD)
    assert_git_not_dirty(sh)


@function
def test_python_smoke_b200(sh: Session) -> None:
    """Run the same few tests on B200, without autotuning (docs/pytorch.md#smoke)."""
    sh.run(*RUN_TEST, "--include", *SMOKE_B200, *extra_options(sh), UPLOAD)
    assert_git_not_dirty(sh)


@function
def test_h100_distributed(sh: Session) -> None:
    """Run the distributed tests of H100 machines, a command each (docs/pytorch.md#h100)."""
    for tests in H100_DISTRIBUTED:
        sh.run(*RUN_TEST, "--include", *tests, *extra_options(sh), UPLOAD)
    assert_git_not_dirty(sh)


@function
def test_h100_symm_mem(sh: Session) -> None:
    """Run the tests of memory that cards share, a command for each file (docs/pytorch.md#h100)."""
    for tests in H100_SYMM_MEM:
        sh.run(*RUN_TEST, "--include", tests, *extra_options(sh), UPLOAD)
    assert_git_not_dirty(sh)


@function
def test_h100_cutlass_backend(sh: Session) -> None:
    """Run the tests of the CUTLASS backend, without a clean check; no library, empty path (docs/pytorch.md#h100)."""
    for tests in H100_CUTLASS_BACKEND:
        env = {"TORCHINDUCTOR_CUTLASS_DIR": sh.realpath("./third_party/cutlass")}
        sh.run(*RUN_TEST, "--include", *tests, *extra_options(sh), UPLOAD, env=env)


@function
def test_lazy_tensor_meta_reference_disabled(sh: Session) -> None:
    """Run lazy tensors without meta reference; even the caller's export ends here (docs/pytorch.md#lazy-tensors)."""
    sh.export(TORCH_DISABLE_FUNCTIONALIZATION_META_REFERENCE="1")
    sh.echo("Lazy tensor operators without functionalization's meta reference")
    sh.run(*RUN_TEST, "--include", "lazy/test_ts_opinfo.py", "--verbose")
    sh.unexport("TORCH_DISABLE_FUNCTIONALIZATION_META_REFERENCE")


@function
def test_dynamo_wrapped_shard(sh: Session, shard: str) -> None:
    """Run one shard of the default tests, compiled (docs/pytorch.md#dynamo-wrapped)."""
    require_num_test_shards(sh)
    sh.run("python", "tools/dynamo/verify_dynamo.py")
    part = ("--shard", shard, sh["NUM_TEST_SHARDS"])
    sh.run(*RUN_TEST, "--dynamo", *NOT_IN_DYNAMO_WRAPPED, *part, "--verbose", UPLOAD)
    assert_git_not_dirty(sh)


@function
def test_einops(sh: Session) -> None:
    """Run the einops tests with each version that compiling treats in its own way (docs/pytorch.md#einops)."""
    for version in EINOPS_VERSIONS:
        sh.run("pip", "install", f"einops=={version}")
        sh.run(*RUN_TEST, "--einops", "--verbose", UPLOAD)
    assert_git_not_dirty(sh)


@function
def test_quantization(sh: Session) -> None:
    """Run the quantization tests, without the test runner and a clean check (docs/pytorch.md#quantization)."""
    sh.echo("Quantization tests")
    sh.run("python", "test/test_quantization.py")


@function
def test_docs_test(sh: Session) -> None:
    """Leave the tests of the documentation to their own script (docs/pytorch.md#docs-test)."""
    sh.run(".ci/pytorch/docs-test.sh")


@function
def test_linux_aarch64(sh: Session) -> None:
    """Run three lists of tests that suit aarch64, sharded; no clean check (docs/pytorch.md#aarch64)."""
    for tests in (AARCH64_CORE, AARCH64_DYNAMO, AARCH64_INDUCTOR):
        part = ("--shard", sh["SHARD_NUMBER"], sh["NUM_TEST_SHARDS"])
        sh.run(*RUN_TEST, "--include", *tests, *part, "--verbose")
