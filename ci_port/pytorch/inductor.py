"""Suites of the inductor compiler (docs/pytorch.md#compiler-suites)."""

from __future__ import annotations

from ci_port.host import Session, function
from ci_port.pytorch.helpers import assert_git_not_dirty, make_reports_directory, require_num_test_shards
from ci_port.pytorch.names import BE, ROCM, RUN_TEST, XPU

_FSDP = "distributed/_composable/fsdp"

DISTRIBUTED: tuple[tuple[str, ...], ...] = (
    ("inductor/test_aot_inductor.py", "-k", "test_replicate_on_devices"),
    ("inductor/test_aot_inductor.py", "-k", "test_on_gpu_device1"),
    ("inductor/test_aot_inductor.py", "-k", "test_non_default_gpu_device"),
    ("inductor/test_aot_inductor.py", "-k", "test_load_package_multiple_gpus"),
    ("distributed/test_c10d_functional_native.py",),
    ("distributed/tensor/test_dtensor_compile.py",),
    ("distributed/tensor/parallel/test_micro_pipeline_tp.py",),
    ("distributed/_composable/test_replicate_with_compiler.py",),
    (f"{_FSDP}/test_fully_shard_comm.py",),
    (f"{_FSDP}/test_fully_shard_training.py", "-k", "test_train_parity_multi_group"),
    (f"{_FSDP}/test_fully_shard_training.py", "-k", "test_train_parity_with_activation_checkpointing"),
    (f"{_FSDP}/test_fully_shard_training.py", "-k", "test_train_parity_hsdp"),
    (f"{_FSDP}/test_fully_shard_training.py", "-k", "test_train_parity_2d_transformer_checkpoint_resume"),
    (f"{_FSDP}/test_fully_shard_training.py", "-k", "test_gradient_accumulation"),
    (f"{_FSDP}/test_fully_shard_state_dict.py", "-k", "test_dp_state_dict_save_load"),
    (f"{_FSDP}/test_fully_shard_frozen.py",),
    (f"{_FSDP}/test_fully_shard_mixed_precision.py", "-k", "test_compute_dtype"),
    (f"{_FSDP}/test_fully_shard_mixed_precision.py", "-k", "test_reduce_dtype"),
    (f"{_FSDP}/test_fully_shard_clip_grad_norm_.py", "-k", "test_clip_grad_norm_2d"),
    (f"{_FSDP}/test_fully_shard_compile.py",),
    ("distributed/fsdp/test_fsdp_tp_integration.py", "-k", "test_fsdp_tp_integration"),
)
"""One command each (docs/pytorch.md#inductor-distributed)."""

DISTRIBUTED_TOGETHER = (
    "distributed/test_dynamo_distributed",
    "distributed/test_inductor_collectives",
    "distributed/test_aten_comm_compute_reordering",
    "distributed/test_compute_comm_reordering",
)

EAGER_SUITES = ("--inductor", "--include", "test_modules", "test_ops", "test_ops_gradients", "test_torch")
OWN_SUITES = ("inductor/test_torchinductor", "inductor/test_torchinductor_opinfo", "inductor/test_aot_inductor")

CPP_WRAPPER: tuple[tuple[str, ...], ...] = (
    ("--include", "inductor/test_torchinductor_opinfo", "-k", "linalg or to_sparse or TestInductorOpInfoCPU"),
    ("--include", "inductor/test_torchinductor", "inductor/test_max_autotune", "inductor/test_cpu_repro"),
    ("--inductor", "--include", "test_torch", "-k", "take"),
)

PIP_BUILD = ("python", "-m", "pip", "install", "--no-build-isolation", "-v", "-e", ".")
AOTI_TESTS = ("cpp/test_aoti_abi_check", "cpp/test_aoti_inference", "cpp/test_vec_half_AVX2")


@function
def test_inductor_distributed(sh: Session) -> None:
    """Run compiled tests that need two cards, nearly all a command each (docs/pytorch.md#inductor-distributed)."""
    sh.echo("Compiled tests that need more than one card")
    for tests in DISTRIBUTED:
        sh.run(*RUN_TEST, "-i", *tests, "--verbose")
    sh.run(*RUN_TEST, "--include", *DISTRIBUTED_TOGETHER, "--verbose")
    assert_git_not_dirty(sh)


@function
def test_inductor_shard(sh: Session, shard: str) -> None:
    """Run eager suites with compilation underneath, then the compiler's; no clean check (docs/pytorch.md#inductor)."""
    require_num_test_shards(sh)
    sh.run("python", "tools/dynamo/verify_dynamo.py")
    part = ("--shard", shard, sh["NUM_TEST_SHARDS"])
    sh.run(*RUN_TEST, *EAGER_SUITES, *part, "--verbose")
    sh.run(*RUN_TEST, "--include", *OWN_SUITES, *part, "--verbose")


@function
def test_inductor_cpp_wrapper_shard(sh: Session, shard: str) -> None:
    """Run selections of tests with C++ wrappers; the export stays (docs/pytorch.md#cpp-wrapper)."""
    require_num_test_shards(sh)
    sh.export(TORCHINDUCTOR_CPP_WRAPPER="1")
    make_reports_directory(sh)
    part = ("--shard", shard, sh["NUM_TEST_SHARDS"])
    for tests in CPP_WRAPPER:
        sh.run(*RUN_TEST, *tests, *part, "--verbose")
    if sh.test(XPU):
        sh.run(*RUN_TEST, "--include", "inductor/test_mkldnn_pattern_matcher", "-k", "xpu", *part, "--verbose")


@function
def test_inductor_aoti(sh: Session) -> None:
    """Build twice, then run the C++ tests; assignments are arguments of `env` here (docs/pytorch.md#aoti)."""
    if sh.test(ROCM):
        sh.run("python3", "tools/amd_build/build_amd.py")
    if sh.test(BE.contains("sm86")):
        sh.set_array("BUILD_COMMAND", ("TORCH_CUDA_ARCH_LIST=8.6", "USE_FLASH_ATTENTION=OFF", *PIP_BUILD))
        libraries = f"/opt/conda/envs/py_3.10/lib:{sh['TORCH_LIB_DIR']}:{sh['LD_LIBRARY_PATH']}"
    else:
        sh.set_array("BUILD_COMMAND", PIP_BUILD)
        libraries = sh["TORCH_LIB_DIR"]
    sh.set_array("TEST_ENVS", (f"CPP_TESTS_DIR={sh['BUILD_BIN_DIR']}", f"LD_LIBRARY_PATH={libraries}"))
    build = sh.array("BUILD_COMMAND")
    sh.run("/usr/bin/env", *build)
    sh.run("/usr/bin/env", "CMAKE_FRESH=1", "BUILD_AOT_INDUCTOR_TEST=1", *build)
    tests = (*RUN_TEST, "--cpp", "--verbose", "-i", *AOTI_TESTS, "-dist=loadfile")
    sh.run("/usr/bin/env", *sh.array("TEST_ENVS"), *tests)


@function
def test_inductor_halide(sh: Session) -> None:
    """Run the tests of the Halide backend (docs/pytorch.md#halide)."""
    sh.run(*RUN_TEST, "--include", "inductor/test_halide.py", "--verbose")
    assert_git_not_dirty(sh)


@function
def test_inductor_triton_cpu(sh: Session) -> None:
    """Run the tests of Triton on a CPU (docs/pytorch.md#triton-cpu)."""
    tests = ("inductor/test_triton_cpu_backend.py", "inductor/test_torchinductor_strided_blocks.py")
    sh.run(*RUN_TEST, "--include", *tests, "--verbose")
    assert_git_not_dirty(sh)
