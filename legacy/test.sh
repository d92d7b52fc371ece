#!/bin/bash

# Runs the tests of one CI job. The job says what it is through the environment: BUILD_ENVIRONMENT names the build
# that is tested, TEST_CONFIG what to run, SHARD_NUMBER and NUM_TEST_SHARDS which part of it.
#
# Starts in the root of the checkout, after the build's package has been installed.
#
# Functions and steps that share a name with a job's variable (TEST_REPORTS_DIR, mode, ...) assign it without "local"
# where later steps, or commands that get the name from the caller's environment, have to see the new value.

set -ex -o pipefail

# Some test runners colour or page their output by what the terminal says it can do.
export TERM=vt100

# shellcheck source=./common.sh source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/common.sh"
# shellcheck source=./common-build.sh source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/common-build.sh"

# The checkout belongs to the runner's user, the tests run as jenkins: take it over, and give it back at the end.
# These two builds have no such mismatch.
if [[ "$BUILD_ENVIRONMENT" != *rocm* && "$BUILD_ENVIRONMENT" != *s390x* && -d /var/lib/jenkins/workspace ]]; then
  WORKSPACE_ORIGINAL_OWNER_ID=$(stat -c '%u' /var/lib/jenkins/workspace)
  cleanup_workspace() {
    echo "Giving the workspace back to its owner"
    sudo chown -R "$WORKSPACE_ORIGINAL_OWNER_ID" /var/lib/jenkins/workspace
  }
  trap_add cleanup_workspace EXIT
  sudo chown -R jenkins /var/lib/jenkins/workspace
  git config --global --add safe.directory /var/lib/jenkins/workspace
fi

# numba has to accept CUDA 13 before its own release does. Images without numba need nothing.
if [[ "$BUILD_ENVIRONMENT" == *cuda* ]]; then
  NUMBA_CUDA_DIR=$(python -c "import os;import numba.cuda; print(os.path.dirname(numba.cuda.__file__))" 2> /dev/null || true)
  if [[ -n "$NUMBA_CUDA_DIR" ]]; then
    NUMBA_PATCH="$(dirname "$(realpath "${BASH_SOURCE[0]}")")/numba-cuda-13.patch"
    pushd "$NUMBA_CUDA_DIR"
    patch -p4 < "$NUMBA_PATCH"
    popd
  fi
fi

echo "Environment before set-up:"
env

TORCH_INSTALL_DIR=$(python -c "import site; print(site.getsitepackages()[0])")/torch
TORCH_BIN_DIR="$TORCH_INSTALL_DIR"/bin
TORCH_LIB_DIR="$TORCH_INSTALL_DIR"/lib
TORCH_TEST_DIR="$TORCH_INSTALL_DIR"/test

BUILD_DIR="build"
BUILD_RENAMED_DIR="build_renamed"
BUILD_BIN_DIR="$BUILD_DIR"/bin

# A job without shards is the first of one.
SHARD_NUMBER="${SHARD_NUMBER:-1}"
NUM_TEST_SHARDS="${NUM_TEST_SHARDS:-1}"

export TORCH_SERIALIZATION_DEBUG=1

export VALGRIND=ON
if [[ "$BUILD_ENVIRONMENT" == *clang9* || "$BUILD_ENVIRONMENT" == *xpu* ]]; then
  # valgrind stops at instructions that these compilers emit.
  export VALGRIND=OFF
fi

detect_cuda_arch

if [[ "$BUILD_ENVIRONMENT" == *s390x* ]]; then
  # The image has no valgrind.
  export VALGRIND=OFF
fi

if [[ "$PYTORCH_TEST_RERUN_DISABLED_TESTS" == "1" ]] || [[ "$CONTINUE_THROUGH_ERROR" == "1" ]]; then
  # These jobs crash many times by design, and each core file would take gigabytes.
  ulimit -c 0
fi

if [[ "$BUILD_ENVIRONMENT" != *bazel* ]]; then
  # The suites that use it change directory first.
  CUSTOM_TEST_ARTIFACT_BUILD_DIR=$(realpath "${CUSTOM_TEST_ARTIFACT_BUILD_DIR:-build/custom_test_artifacts}")
fi

if [[ -n "$TESTS_TO_INCLUDE" ]]; then
  echo "Only these tests: $TESTS_TO_INCLUDE"
  INCLUDE_CLAUSE="--include $TESTS_TO_INCLUDE"
fi

echo "Environment of the tests:"
env

echo "Tests of PyTorch start here"

export LANG=C.UTF-8

PR_NUMBER=${PR_NUMBER:-$CIRCLE_PR_NUMBER}

if [[ "$TEST_CONFIG" == 'default' ]]; then
  # One card is enough, and leaves the others to neighbours on the machine.
  export CUDA_VISIBLE_DEVICES=0
  export HIP_VISIBLE_DEVICES=0
fi

if [[ "$TEST_CONFIG" == 'distributed' ]] && [[ "$BUILD_ENVIRONMENT" == *rocm* ]]; then
  export HIP_VISIBLE_DEVICES=0,1,2,3
fi

if [[ "$TEST_CONFIG" == 'slow' ]]; then
  export PYTORCH_TEST_WITH_SLOW=1
  export PYTORCH_TEST_SKIP_FAST=1
fi

if [[ "$BUILD_ENVIRONMENT" == *slow-gradcheck* ]]; then
  export PYTORCH_TEST_WITH_SLOW_GRADCHECK=1
  # These jobs take long anyway, so they also carry the leak check.
  export PYTORCH_TEST_CUDA_MEM_LEAK_CHECK=1
fi

if [[ "$BUILD_ENVIRONMENT" == *cuda* || "$BUILD_ENVIRONMENT" == *rocm* ]]; then
  # rocm presents itself to the test framework as cuda.
  export PYTORCH_TESTING_DEVICE_ONLY_FOR="cuda"
elif [[ "$BUILD_ENVIRONMENT" == *xpu* ]]; then
  export PYTORCH_TESTING_DEVICE_ONLY_FOR="xpu"
  export PYTHON_TEST_EXTRA_OPTION="--xpu"
fi

if [[ "$TEST_CONFIG" == *crossref* ]]; then
  export PYTORCH_TEST_WITH_CROSSREF=1
fi

if [[ "$BUILD_ENVIRONMENT" == *rocm* ]]; then
  export VALGRIND=OFF
  # All of it for the log, then a check that a card is really there.
  rocminfo
  rocminfo | grep -E 'Name:.*\sgfx|Marketing'

  # Expected benchmark results of this platform have a directory of their own.
  MAYBE_ROCM="rocm/"
fi

if [[ "$BUILD_ENVIRONMENT" == *xpu* ]]; then
  # The compiler comes first: the libraries after it look for its settings.
  # shellcheck disable=SC1091 # part of the machine, not of this repository
  source /opt/intel/oneapi/compiler/latest/env/vars.sh
  if [[ -f /opt/intel/oneapi/umf/latest/env/vars.sh ]]; then
    # shellcheck disable=SC1091 # part of the machine, not of this repository
    source /opt/intel/oneapi/umf/latest/env/vars.sh
  fi
  # shellcheck disable=SC1091 # part of the machine, not of this repository
  source /opt/intel/oneapi/ccl/latest/env/vars.sh
  # shellcheck disable=SC1091 # part of the machine, not of this repository
  source /opt/intel/oneapi/mpi/latest/env/vars.sh
  # shellcheck disable=SC1091 # part of the machine, not of this repository
  source /opt/intel/oneapi/pti/latest/env/vars.sh
  # Only for the log; it is known to hang on some drivers.
  timeout 30 xpu-smi discovery || true
fi

if [[ "$BUILD_ENVIRONMENT" != *-bazel-* ]]; then
  # Extensions are compiled with ninja when there is one.
  pip_install ninja==1.10.2
  export PATH="$HOME/.local/bin:$PATH"
fi

if [[ "$BUILD_ENVIRONMENT" == *aarch64* ]]; then
  export VALGRIND=OFF
fi

if [[ "$BUILD_ENVIRONMENT" == *asan* ]]; then
  export ASAN_OPTIONS=detect_leaks=0:symbolize=1:detect_stack_use_after_return=true:strict_init_order=true:detect_odr_violation=1:detect_container_overflow=0:check_initialization_order=true:debug=true
  if [[ "$BUILD_ENVIRONMENT" == *cuda* ]]; then
    # The driver maps memory where the sanitizer wants a gap.
    export ASAN_OPTIONS="${ASAN_OPTIONS}:protect_shadow_gap=0"
  fi
  export UBSAN_OPTIONS=print_stacktrace=1:suppressions=$PWD/ubsan.supp
  export PYTORCH_TEST_WITH_ASAN=1
  export PYTORCH_TEST_WITH_UBSAN=1
  export ASAN_SYMBOLIZER_PATH=/usr/lib/llvm-18/bin/llvm-symbolizer
  export TORCH_USE_RTLD_GLOBAL=1

  # python itself is not built with the sanitizer, so its runtime has to be loaded first.
  LD_PRELOAD=$(clang --print-file-name=libclang_rt.asan-x86_64.so)
  export LD_PRELOAD
  # Two checkers that both replace malloc do not work together.
  export VALGRIND=OFF

  (cd test && python -c "import torch; print(torch.__version__, torch.version.git_version)")
  # A sanitizer that finds nothing looks exactly like one that is switched off, so make it find something.
  echo "The next three commands have to crash; anything else means that the sanitizers are off"
  (cd test && ! get_exit_code python -c "import torch; torch._C._crash_if_csrc_asan(3)")
  (cd test && ! get_exit_code python -c "import torch; torch._C._crash_if_vptr_ubsan()")
  (cd test && ! get_exit_code python -c "import torch; torch._C._crash_if_aten_asan(3)")
fi

# The same question for debug assertions: on in debug builds, and only there.
if [[ "$BUILD_ENVIRONMENT" == *-debug* ]]; then
  echo "The next command has to crash: debug assertions are on in this build"
  (cd test && ! get_exit_code python -c "import torch; torch._C._crash_if_debug_asserts_fail(424242)")
elif [[ "$BUILD_ENVIRONMENT" != *-bazel-* ]]; then
  echo "The next command must not crash: debug assertions are off in this build"
  (cd test && python -c "import torch; torch._C._crash_if_debug_asserts_fail(424242)")
fi

# Held below what the machine can do, to run the kernels that older machines get.
if [[ "$TEST_CONFIG" == 'nogpu_NO_AVX2' ]]; then
  export ATEN_CPU_CAPABILITY=default
elif [[ "$TEST_CONFIG" == 'nogpu_AVX512' ]]; then
  export ATEN_CPU_CAPABILITY=avx2
fi

if [[ "$TEST_CONFIG" == 'legacy_nvidia_driver' ]]; then
  (cd test && python -c "import torch; torch.rand(2, 2, device='cuda')")
  export USE_LEGACY_DRIVER=1
fi

test_python_legacy_jit() {
  python test/run_test.py --include test_jit_legacy test_jit_fuser_legacy --verbose
  assert_git_not_dirty
}

test_python_shard() {
  if [[ -z "$NUM_TEST_SHARDS" ]]; then
    echo "NUM_TEST_SHARDS is needed to run one shard"
    exit 1
  fi

  # shellcheck disable=SC2086 # both hold several words, or none
  python test/run_test.py --exclude-jit-executor --exclude-distributed-tests --exclude-quantization-tests \
    $INCLUDE_CLAUSE --shard "$1" "$NUM_TEST_SHARDS" --verbose $PYTHON_TEST_EXTRA_OPTION \
    --upload-artifacts-while-running

  assert_git_not_dirty
}

test_python() {
  # shellcheck disable=SC2086 # both hold several words, or none
  python test/run_test.py --exclude-jit-executor --exclude-distributed-tests --exclude-quantization-tests \
    $INCLUDE_CLAUSE --verbose $PYTHON_TEST_EXTRA_OPTION
  assert_git_not_dirty
}

test_python_smoke() {
  # shellcheck disable=SC2086 # the options hold several words, or none
  python test/run_test.py --include test_matmul_cuda test_scaled_matmul_cuda inductor/test_fp8 \
    inductor/test_max_autotune $PYTHON_TEST_EXTRA_OPTION --upload-artifacts-while-running
  assert_git_not_dirty
}

test_python_smoke_b200() {
  # shellcheck disable=SC2086 # the options hold several words, or none
  python test/run_test.py --include test_matmul_cuda test_scaled_matmul_cuda inductor/test_fp8 \
    $PYTHON_TEST_EXTRA_OPTION --upload-artifacts-while-running
  assert_git_not_dirty
}

# shellcheck disable=SC2086 # the options hold several words, or none
test_h100_distributed() {
  python test/run_test.py --include distributed/_composable/test_composability/test_pp_composability.py \
    $PYTHON_TEST_EXTRA_OPTION --upload-artifacts-while-running
  # Of this file only the part that no other job can run.
  python test/run_test.py --include distributed/_composable/fsdp/test_fully_shard_comm.py \
    -k TestFullyShardAllocFromPG $PYTHON_TEST_EXTRA_OPTION --upload-artifacts-while-running
  assert_git_not_dirty
}

# shellcheck disable=SC2086 # the options hold several words, or none
test_h100_symm_mem() {
  python test/run_test.py --include distributed/test_symmetric_memory.py \
    $PYTHON_TEST_EXTRA_OPTION --upload-artifacts-while-running
  python test/run_test.py --include distributed/test_nvshmem.py \
    $PYTHON_TEST_EXTRA_OPTION --upload-artifacts-while-running
  python test/run_test.py --include distributed/test_nvshmem_triton.py \
    $PYTHON_TEST_EXTRA_OPTION --upload-artifacts-while-running
  python test/run_test.py --include distributed/test_nccl.py \
    $PYTHON_TEST_EXTRA_OPTION --upload-artifacts-while-running
  assert_git_not_dirty
}

# shellcheck disable=SC2086 # the options hold several words, or none
test_h100_cutlass_backend() {
  # The library is a submodule; the tests change directory, so they get its absolute path.
  TORCHINDUCTOR_CUTLASS_DIR=$(realpath "./third_party/cutlass") python test/run_test.py \
    --include inductor/test_cutlass_backend -k "not addmm" $PYTHON_TEST_EXTRA_OPTION --upload-artifacts-while-running
  TORCHINDUCTOR_CUTLASS_DIR=$(realpath "./third_party/cutlass") python test/run_test.py \
    --include inductor/test_cutlass_evt $PYTHON_TEST_EXTRA_OPTION --upload-artifacts-while-running
}

test_lazy_tensor_meta_reference_disabled() {
  export TORCH_DISABLE_FUNCTIONALIZATION_META_REFERENCE=1
  echo "Lazy tensor operators without functionalization's meta reference"
  python test/run_test.py --include lazy/test_ts_opinfo.py --verbose
  export -n TORCH_DISABLE_FUNCTIONALIZATION_META_REFERENCE
}

test_dynamo_wrapped_shard() {
  if [[ -z "$NUM_TEST_SHARDS" ]]; then
    echo "NUM_TEST_SHARDS is needed to run one shard"
    exit 1
  fi
  python tools/dynamo/verify_dynamo.py
  python test/run_test.py --dynamo \
    --exclude-inductor-tests \
    --exclude-jit-executor \
    --exclude-distributed-tests \
    --exclude-torch-export-tests \
    --exclude-aot-dispatch-tests \
    --exclude-quantization-tests \
    --shard "$1" "$NUM_TEST_SHARDS" \
    --verbose \
    --upload-artifacts-while-running
  assert_git_not_dirty
}

test_einops() {
  # The versions between which its interplay with compilation changed.
  pip install einops==0.6.1
  python test/run_test.py --einops --verbose --upload-artifacts-while-running
  pip install einops==0.7.0
  python test/run_test.py --einops --verbose --upload-artifacts-while-running
  pip install einops==0.8.1
  python test/run_test.py --einops --verbose --upload-artifacts-while-running
  assert_git_not_dirty
}

test_inductor_distributed() {
  # One command a test, so that a crash names the test and does not take the others with it.
  echo "Compiled tests that need more than one card"
  python test/run_test.py -i inductor/test_aot_inductor.py -k test_replicate_on_devices --verbose
  python test/run_test.py -i inductor/test_aot_inductor.py -k test_on_gpu_device1 --verbose
  python test/run_test.py -i inductor/test_aot_inductor.py -k test_non_default_gpu_device --verbose
  python test/run_test.py -i inductor/test_aot_inductor.py -k test_load_package_multiple_gpus --verbose
  python test/run_test.py -i distributed/test_c10d_functional_native.py --verbose
  python test/run_test.py -i distributed/tensor/test_dtensor_compile.py --verbose
  python test/run_test.py -i distributed/tensor/parallel/test_micro_pipeline_tp.py --verbose
  python test/run_test.py -i distributed/_composable/test_replicate_with_compiler.py --verbose
  python test/run_test.py -i distributed/_composable/fsdp/test_fully_shard_comm.py --verbose
  python test/run_test.py -i distributed/_composable/fsdp/test_fully_shard_training.py -k test_train_parity_multi_group --verbose
  python test/run_test.py -i distributed/_composable/fsdp/test_fully_shard_training.py -k test_train_parity_with_activation_checkpointing --verbose
  python test/run_test.py -i distributed/_composable/fsdp/test_fully_shard_training.py -k test_train_parity_hsdp --verbose
  python test/run_test.py -i distributed/_composable/fsdp/test_fully_shard_training.py -k test_train_parity_2d_transformer_checkpoint_resume --verbose
  python test/run_test.py -i distributed/_composable/fsdp/test_fully_shard_training.py -k test_gradient_accumulation --verbose
  python test/run_test.py -i distributed/_composable/fsdp/test_fully_shard_state_dict.py -k test_dp_state_dict_save_load --verbose
  python test/run_test.py -i distributed/_composable/fsdp/test_fully_shard_frozen.py --verbose
  python test/run_test.py -i distributed/_composable/fsdp/test_fully_shard_mixed_precision.py -k test_compute_dtype --verbose
  python test/run_test.py -i distributed/_composable/fsdp/test_fully_shard_mixed_precision.py -k test_reduce_dtype --verbose
  python test/run_test.py -i distributed/_composable/fsdp/test_fully_shard_clip_grad_norm_.py -k test_clip_grad_norm_2d --verbose
  python test/run_test.py -i distributed/_composable/fsdp/test_fully_shard_compile.py --verbose
  python test/run_test.py -i distributed/fsdp/test_fsdp_tp_integration.py -k test_fsdp_tp_integration --verbose

  # These need two cards and share nothing, so one runner may spread them.
  python test/run_test.py --include distributed/test_dynamo_distributed distributed/test_inductor_collectives \
    distributed/test_aten_comm_compute_reordering distributed/test_compute_comm_reordering --verbose
  assert_git_not_dirty
}

test_inductor_shard() {
  if [[ -z "$NUM_TEST_SHARDS" ]]; then
    echo "NUM_TEST_SHARDS is needed to run one shard"
    exit 1
  fi

  python tools/dynamo/verify_dynamo.py
  # Eager tests with compilation switched on underneath, then the compiler's own.
  python test/run_test.py --inductor --include test_modules test_ops test_ops_gradients test_torch \
    --shard "$1" "$NUM_TEST_SHARDS" --verbose
  python test/run_test.py --include inductor/test_torchinductor inductor/test_torchinductor_opinfo \
    inductor/test_aot_inductor --shard "$1" "$NUM_TEST_SHARDS" --verbose
}

test_inductor_aoti() {
  # Its C++ tests come from a second build in the checkout, with the compiler's generated code linked in.
  if [[ "$BUILD_ENVIRONMENT" == *rocm* ]]; then
    # The second build starts from CUDA sources again.
    python3 tools/amd_build/build_amd.py
  fi
  if [[ "$BUILD_ENVIRONMENT" == *sm86* ]]; then
    BUILD_COMMAND=(TORCH_CUDA_ARCH_LIST=8.6 USE_FLASH_ATTENTION=OFF python -m pip install --no-build-isolation -v -e .)
    # The image's own C++ runtime is older than the one these tests were linked with.
    TEST_ENVS=(CPP_TESTS_DIR="$BUILD_BIN_DIR"
      LD_LIBRARY_PATH="/opt/conda/envs/py_3.10/lib:$TORCH_LIB_DIR:$LD_LIBRARY_PATH")
  else
    BUILD_COMMAND=(python -m pip install --no-build-isolation -v -e .)
    TEST_ENVS=(CPP_TESTS_DIR="$BUILD_BIN_DIR" LD_LIBRARY_PATH="$TORCH_LIB_DIR")
  fi

  # The test binaries can only be configured against a tree that is built already, hence twice.
  /usr/bin/env "${BUILD_COMMAND[@]}"
  /usr/bin/env CMAKE_FRESH=1 BUILD_AOT_INDUCTOR_TEST=1 "${BUILD_COMMAND[@]}"

  /usr/bin/env "${TEST_ENVS[@]}" python test/run_test.py --cpp --verbose \
    -i cpp/test_aoti_abi_check cpp/test_aoti_inference cpp/test_vec_half_AVX2 -dist=loadfile
}

test_inductor_cpp_wrapper_shard() {
  if [[ -z "$NUM_TEST_SHARDS" ]]; then
    echo "NUM_TEST_SHARDS is needed to run one shard"
    exit 1
  fi

  export TORCHINDUCTOR_CPP_WRAPPER=1
  TEST_REPORTS_DIR=$PWD/test/test-reports
  mkdir -p "$TEST_REPORTS_DIR"

  # All operators would take too long with a C++ compilation each: these stand for the rest.
  python test/run_test.py --include inductor/test_torchinductor_opinfo \
    -k 'linalg or to_sparse or TestInductorOpInfoCPU' --shard "$1" "$NUM_TEST_SHARDS" --verbose
  python test/run_test.py --include inductor/test_torchinductor inductor/test_max_autotune inductor/test_cpu_repro \
    --shard "$1" "$NUM_TEST_SHARDS" --verbose
  python test/run_test.py --inductor --include test_torch -k 'take' --shard "$1" "$NUM_TEST_SHARDS" --verbose

  if [[ "$BUILD_ENVIRONMENT" == *xpu* ]]; then
    python test/run_test.py --include inductor/test_mkldnn_pattern_matcher -k 'xpu' \
      --shard "$1" "$NUM_TEST_SHARDS" --verbose
  fi
}

# Jobs name their benchmark by its configuration, and every benchmark gets the same flags for it.
DYNAMO_BENCHMARK_FLAGS=()

pr_time_benchmarks() {
  pip_install fbscribelogger

  TEST_REPORTS_DIR=$PWD/test/test-reports
  mkdir -p "$TEST_REPORTS_DIR"
  # shellcheck disable=SC1091 # part of the tested checkout, not of this repository
  PYTHONPATH=$PWD/benchmarks/dynamo/pr_time_benchmarks source benchmarks/dynamo/pr_time_benchmarks/benchmark_runner.sh \
    "$TEST_REPORTS_DIR/pr_time_benchmarks_results.csv" "benchmarks/dynamo/pr_time_benchmarks/benchmarks"
  echo "Results of this run:"
  cat "$TEST_REPORTS_DIR/pr_time_benchmarks_results.csv"
  PYTHONPATH=$PWD/benchmarks/dynamo/pr_time_benchmarks python benchmarks/dynamo/pr_time_benchmarks/check_results.py \
    "benchmarks/dynamo/pr_time_benchmarks/expected_results.csv" \
    "$TEST_REPORTS_DIR/pr_time_benchmarks_results.csv" \
    "$TEST_REPORTS_DIR/new_expected_results.csv"
}

if [[ "$TEST_CONFIG" == *pr_time_benchmarks* ]]; then
  # Instruction counts are only comparable on a machine that does nothing else in this job.
  pr_time_benchmarks
  exit 0
elif [[ "$TEST_CONFIG" == *dynamo_eager* ]]; then
  DYNAMO_BENCHMARK_FLAGS+=(--backend eager)
elif [[ "$TEST_CONFIG" == *aot_eager* ]]; then
  DYNAMO_BENCHMARK_FLAGS+=(--backend aot_eager)
elif [[ "$TEST_CONFIG" == *aot_inductor* ]]; then
  DYNAMO_BENCHMARK_FLAGS+=(--export-aot-inductor)
elif [[ "$TEST_CONFIG" == *max_autotune_inductor* ]]; then
  DYNAMO_BENCHMARK_FLAGS+=(--inductor --inductor-compile-mode max-autotune)
elif [[ "$TEST_CONFIG" == *inductor* && "$TEST_CONFIG" != *perf* ]]; then
  # Performance runs choose their backend row by row.
  DYNAMO_BENCHMARK_FLAGS+=(--inductor)
fi

if [[ "$TEST_CONFIG" == *dynamic* ]]; then
  DYNAMO_BENCHMARK_FLAGS+=(--dynamic-shapes --dynamic-batch-only)
fi

if [[ "$TEST_CONFIG" == *cpu* ]]; then
  DYNAMO_BENCHMARK_FLAGS+=(--device cpu)
else
  DYNAMO_BENCHMARK_FLAGS+=(--device cuda)
fi

# TASKSET is a command prefix of several words, or nothing: unquoted.
test_cachebench() {
  TEST_REPORTS_DIR=$PWD/test/test-reports
  mkdir -p "$TEST_REPORTS_DIR"

  local BENCHMARK
  if [[ "$SHARD_NUMBER" == 1 ]]; then
    BENCHMARK=torchbench
  elif [[ "$SHARD_NUMBER" == 2 ]]; then
    BENCHMARK=huggingface
  else
    echo "There is no benchmark for shard $SHARD_NUMBER"
    exit 1
  fi

  local mode_options=("training" "inference")
  for mode in "${mode_options[@]}"; do
    $TASKSET python "benchmarks/dynamo/cachebench.py" \
      --mode "$mode" \
      --device cuda \
      --benchmark "$BENCHMARK" \
      --repeat 3 \
      --output "$TEST_REPORTS_DIR/cachebench_${BENCHMARK}_${mode}.json"

    $TASKSET python "benchmarks/dynamo/cachebench.py" \
      --mode "$mode" \
      --dynamic \
      --device cuda \
      --benchmark "$BENCHMARK" \
      --repeat 3 \
      --output "$TEST_REPORTS_DIR/cachebench_${BENCHMARK}_${mode}_dynamic.json"
  done
}

test_verify_cachebench() {
  # Only shows that the benchmark still runs: its numbers go nowhere near the uploaded reports.
  TMP_TEST_REPORTS_DIR=$(mktemp -d)
  TEST_OUTPUT="$TMP_TEST_REPORTS_DIR/test.json"

  # TASKSET is a command prefix of several words, or nothing: unquoted.
  $TASKSET python "benchmarks/dynamo/cachebench.py" \
    --mode training \
    --device cpu \
    --model nanogpt \
    --benchmark torchbench \
    --output "$TEST_OUTPUT"

  if [[ ! -s "$TEST_OUTPUT" ]]; then
    echo "The benchmark wrote no report to $TEST_OUTPUT"
    echo "Its command line or output format has probably changed"
    exit 1
  fi
}

# TASKSET is a command prefix of several words, or nothing: unquoted.
test_perf_for_dashboard() {
  local suite="$1"
  shift

  TEST_REPORTS_DIR=$PWD/test/test-reports
  mkdir -p "$TEST_REPORTS_DIR"

  local backend=inductor
  local modes=()
  if [[ "$DASHBOARD_TAG" == *training-true* ]]; then
    modes+=(training)
  fi
  if [[ "$DASHBOARD_TAG" == *inference-true* ]]; then
    modes+=(inference)
  fi
  # Accuracy first: a wrong model's speed means nothing.
  local targets=(accuracy performance)

  # The dashboard tells machines apart by this word in the file names.
  local device=cuda
  if [[ "$TEST_CONFIG" == *cpu* ]]; then
    if [[ "$TEST_CONFIG" == *cpu_x86_zen* ]]; then
      device=cpu_x86_zen
    elif [[ "$TEST_CONFIG" == *cpu_x86* ]]; then
      device=cpu_x86
    elif [[ "$TEST_CONFIG" == *cpu_aarch64* ]]; then
      device=cpu_aarch64
    fi
    test_inductor_set_cpu_affinity
  elif [[ "$TEST_CONFIG" == *cuda_a10g* ]]; then
    device=cuda_a10g
  elif [[ "$TEST_CONFIG" == *h100* ]]; then
    device=cuda_h100
  elif [[ "$TEST_CONFIG" == *b200* ]]; then
    device=cuda_b200
  elif [[ "$TEST_CONFIG" == *rocm* ]]; then
    device=rocm
  fi

  for mode in "${modes[@]}"; do
    if [[ "$mode" == "inference" ]]; then
      if [[ "$device" == "cpu_x86" ]]; then
        dtype=amp
      else
        dtype=bfloat16
      fi
    elif [[ "$mode" == "training" ]]; then
      dtype=amp
    fi
    for target in "${targets[@]}"; do
      local target_flag=("--${target}")
      if [[ "$target" == "performance" ]]; then
        target_flag+=(--cold-start-latency)
      elif [[ "$target" == "accuracy" ]]; then
        target_flag+=(--no-translation-validation)
      fi
      if [[ "$DASHBOARD_TAG" == *freezing-true* ]]; then
        target_flag+=(--freezing)
      fi

      if [[ "$DASHBOARD_TAG" == *default-true* ]]; then
        $TASKSET python "benchmarks/dynamo/$suite.py" \
          "${target_flag[@]}" --"$mode" --"$dtype" --backend "$backend" --disable-cudagraphs "$@" \
          --output "$TEST_REPORTS_DIR/${backend}_no_cudagraphs_${suite}_${dtype}_${mode}_${device}_${target}.csv"
      fi
      if [[ "$DASHBOARD_TAG" == *cudagraphs-true* ]]; then
        $TASKSET python "benchmarks/dynamo/$suite.py" \
          "${target_flag[@]}" --"$mode" --"$dtype" --backend "$backend" "$@" \
          --output "$TEST_REPORTS_DIR/${backend}_with_cudagraphs_${suite}_${dtype}_${mode}_${device}_${target}.csv"
      fi
      if [[ "$DASHBOARD_TAG" == *dynamic-true* ]]; then
        $TASKSET python "benchmarks/dynamo/$suite.py" \
          "${target_flag[@]}" --"$mode" --"$dtype" --backend "$backend" --dynamic-shapes --dynamic-batch-only "$@" \
          --output "$TEST_REPORTS_DIR/${backend}_dynamic_${suite}_${dtype}_${mode}_${device}_${target}.csv"
      fi
      if [[ "$DASHBOARD_TAG" == *cppwrapper-true* ]]; then
        TORCHINDUCTOR_CPP_WRAPPER=1 $TASKSET python "benchmarks/dynamo/$suite.py" \
          "${target_flag[@]}" --"$mode" --"$dtype" --backend "$backend" --disable-cudagraphs "$@" \
          --output "$TEST_REPORTS_DIR/${backend}_cpp_wrapper_${suite}_${dtype}_${mode}_${device}_${target}.csv"
      fi
      if [[ "$DASHBOARD_TAG" == *freezing_cudagraphs-true* ]] && [[ "$mode" == "inference" ]]; then
        $TASKSET python "benchmarks/dynamo/$suite.py" \
          "${target_flag[@]}" --"$mode" --"$dtype" --backend "$backend" "$@" --freezing \
          --output "$TEST_REPORTS_DIR/${backend}_with_cudagraphs_freezing_${suite}_${dtype}_${mode}_${device}_${target}.csv"
      fi
      if [[ "$DASHBOARD_TAG" == *freeze_autotune_cudagraphs-true* ]] && [[ "$mode" == "inference" ]]; then
        TORCHINDUCTOR_MAX_AUTOTUNE=1 $TASKSET python "benchmarks/dynamo/$suite.py" \
          "${target_flag[@]}" --"$mode" --"$dtype" --backend "$backend" "$@" --freezing \
          --output "$TEST_REPORTS_DIR/${backend}_with_cudagraphs_freezing_autotune_${suite}_${dtype}_${mode}_${device}_${target}.csv"
      fi
      if [[ "$DASHBOARD_TAG" == *aotinductor-true* ]] && [[ "$mode" == "inference" ]]; then
        if [[ "$target" == "accuracy" ]]; then
          # Export alone as well, to tell its failures from the compiler's.
          $TASKSET python "benchmarks/dynamo/$suite.py" \
            "${target_flag[@]}" --"$mode" --"$dtype" --export --disable-cudagraphs "$@" \
            --output "$TEST_REPORTS_DIR/${backend}_export_${suite}_${dtype}_${mode}_${device}_${target}.csv"
        fi
        $TASKSET python "benchmarks/dynamo/$suite.py" \
          "${target_flag[@]}" --"$mode" --"$dtype" --export-aot-inductor --disable-cudagraphs "$@" \
          --output "$TEST_REPORTS_DIR/${backend}_aot_inductor_${suite}_${dtype}_${mode}_${device}_${target}.csv"
      fi
      if [[ "$DASHBOARD_TAG" == *maxautotune-true* ]]; then
        TORCHINDUCTOR_MAX_AUTOTUNE=1 $TASKSET python "benchmarks/dynamo/$suite.py" \
          "${target_flag[@]}" --"$mode" --"$dtype" --backend "$backend" "$@" \
          --output "$TEST_REPORTS_DIR/${backend}_max_autotune_${suite}_${dtype}_${mode}_${device}_${target}.csv"
      fi
      if [[ "$DASHBOARD_TAG" == *cudagraphs_low_precision-true* ]] && [[ "$mode" == "inference" ]]; then
        # Quantized models fail often. The dashboard wants a file in any case, so the one with full precision
        # takes the place of whatever this run wrote.
        $TASKSET python "benchmarks/dynamo/$suite.py" \
          "${target_flag[@]}" --"$mode" --quant --backend "$backend" "$@" \
          --output "$TEST_REPORTS_DIR/${backend}_cudagraphs_low_precision_${suite}_quant_${mode}_${device}_${target}.csv" \
          || true
        cp "$TEST_REPORTS_DIR/${backend}_with_cudagraphs_${suite}_${dtype}_${mode}_${device}_${target}.csv" \
          "$TEST_REPORTS_DIR/${backend}_cudagraphs_low_precision_${suite}_quant_${mode}_${device}_${target}.csv"
      fi
    done
  done
}

# test_single_dynamo_benchmark NAME SUITE SHARD_ID ARGUMENTS...
test_single_dynamo_benchmark() {
  local name="$1"
  shift
  local suite="$1"
  shift
  local shard_id="$1"
  shift

  # Absolute, because the benchmarks change directory. Reports in this place are uploaded after the job.
  TEST_REPORTS_DIR=$PWD/test/test-reports
  mkdir -p "$TEST_REPORTS_DIR"

  local partition_flags=()
  if [[ -n "$NUM_TEST_SHARDS" && -n "$shard_id" ]]; then
    partition_flags=(--total-partitions "$NUM_TEST_SHARDS" --partition-id "$shard_id")
  fi

  if [[ "$TEST_CONFIG" == *perf_compare* ]]; then
    python "benchmarks/dynamo/$suite.py" \
      --ci --performance --disable-cudagraphs --inductor \
      "${DYNAMO_BENCHMARK_FLAGS[@]}" "$@" "${partition_flags[@]}" \
      --output "$TEST_REPORTS_DIR/${name}_${suite}.csv"
  elif [[ "$TEST_CONFIG" == *perf* ]]; then
    test_perf_for_dashboard "$suite" "${DYNAMO_BENCHMARK_FLAGS[@]}" "$@" "${partition_flags[@]}"
  else
    # Machines with either instruction set share one file of expected results.
    if [[ "$TEST_CONFIG" == *_avx2* ]]; then
      TEST_CONFIG=${TEST_CONFIG//_avx2/}
    fi
    if [[ "$TEST_CONFIG" == *_avx512* ]]; then
      TEST_CONFIG=${TEST_CONFIG//_avx512/}
    fi
    python "benchmarks/dynamo/$suite.py" \
      --ci --accuracy --timing --explain --print-compilation-time \
      "${DYNAMO_BENCHMARK_FLAGS[@]}" "$@" "${partition_flags[@]}" \
      --output "$TEST_REPORTS_DIR/${name}_${suite}.csv"
    python benchmarks/dynamo/check_accuracy.py \
      --actual "$TEST_REPORTS_DIR/${name}_${suite}.csv" \
      --expected "benchmarks/dynamo/ci_expected_accuracy/${MAYBE_ROCM}${TEST_CONFIG}_${name}.csv"
    python benchmarks/dynamo/check_graph_breaks.py \
      --actual "$TEST_REPORTS_DIR/${name}_${suite}.csv" \
      --expected "benchmarks/dynamo/ci_expected_accuracy/${MAYBE_ROCM}${TEST_CONFIG}_${name}.csv"
  fi
}

test_inductor_micro_benchmark() {
  if [[ "$BUILD_ENVIRONMENT" == *cuda* ]]; then
    # torchao's kernels are built here and run on either of the benchmark machines.
    export TORCH_CUDA_ARCH_LIST="8.0;8.6"
  fi
  install_torchao
  TEST_REPORTS_DIR=$PWD/test/test-reports
  if [[ "$TEST_CONFIG" == *cpu* ]]; then
    test_inductor_set_cpu_affinity
  fi
  python benchmarks/gpt_fast/benchmark.py --output "$TEST_REPORTS_DIR/gpt_fast_benchmark.csv"
}

test_inductor_halide() {
  python test/run_test.py --include inductor/test_halide.py --verbose
  assert_git_not_dirty
}

test_inductor_triton_cpu() {
  python test/run_test.py --include inductor/test_triton_cpu_backend.py inductor/test_torchinductor_strided_blocks.py \
    --verbose
  assert_git_not_dirty
}

# test_dynamo_benchmark SUITE SHARD_ID ARGUMENTS...
test_dynamo_benchmark() {
  local suite="$1"
  shift
  local shard_id="$1"
  shift

  TEST_REPORTS_DIR=$PWD/test/test-reports

  if [[ "$TEST_CONFIG" == *perf_compare* ]]; then
    test_single_dynamo_benchmark "training" "$suite" "$shard_id" --training --amp "$@"
  elif [[ "$TEST_CONFIG" == *perf* ]]; then
    if [[ "$TEST_CONFIG" == *b200* ]]; then
      # These machines are few: one model a suite.
      if [[ "$suite" == "huggingface" ]]; then
        export TORCHBENCH_ONLY_MODELS="DistillGPT2"
      elif [[ "$suite" == "timm_models" ]]; then
        export TORCHBENCH_ONLY_MODELS="inception_v3"
      elif [[ "$suite" == "torchbench" ]]; then
        export TORCHBENCH_ONLY_MODELS="BERT_pytorch"
      fi
    fi
    test_single_dynamo_benchmark "dashboard" "$suite" "$shard_id" "$@"
  elif [[ "$TEST_CONFIG" == *cpu* ]]; then
    local dt="float32"
    if [[ "$TEST_CONFIG" == *amp* ]]; then
      dt="amp"
    fi
    if [[ "$TEST_CONFIG" == *freezing* ]]; then
      test_single_dynamo_benchmark "inference" "$suite" "$shard_id" --inference --"$dt" --freezing "$@"
    else
      test_single_dynamo_benchmark "inference" "$suite" "$shard_id" --inference --"$dt" "$@"
    fi
  elif [[ "$TEST_CONFIG" == *aot_inductor* ]]; then
    test_single_dynamo_benchmark "inference" "$suite" "$shard_id" --inference --bfloat16 "$@"
  elif [[ "$TEST_CONFIG" == *max_autotune_inductor* ]]; then
    test_single_dynamo_benchmark "inference" "$suite" "$shard_id" --inference --bfloat16 "$@"
  else
    test_single_dynamo_benchmark "inference" "$suite" "$shard_id" --inference --bfloat16 "$@"
    test_single_dynamo_benchmark "training" "$suite" "$shard_id" --training --amp "$@"
  fi
}

test_inductor_torchbench_smoketest_perf() {
  TEST_REPORTS_DIR=$PWD/test/test-reports
  mkdir -p "$TEST_REPORTS_DIR"

  # The batch sizes are listed by absolute path, as the benchmark changes directory.
  python benchmarks/dynamo/torchbench.py --device cuda --performance --backend inductor --float16 --training \
    --batch-size-file "$(realpath benchmarks/dynamo/torchbench_models_list.txt)" --only BERT_pytorch \
    --output "$TEST_REPORTS_DIR/inductor_training_smoketest.csv"
  # Well below what the model reaches: the machines differ from run to run.
  python benchmarks/dynamo/check_perf_csv.py -f "$TEST_REPORTS_DIR/inductor_training_smoketest.csv" -t 1.4

  # Memory does not depend on the machine, so it is compared with recorded values.
  for test in BERT_pytorch yolov3; do
    python benchmarks/dynamo/torchbench.py --device cuda --performance --backend inductor --amp --training \
      --disable-cudagraphs --batch-size-file "$(realpath benchmarks/dynamo/torchbench_models_list.txt)" --only "$test" \
      --output "$TEST_REPORTS_DIR/inductor_training_smoketest_$test.csv"
    cat "$TEST_REPORTS_DIR/inductor_training_smoketest_$test.csv"
    python benchmarks/dynamo/check_memory_compression_ratio.py \
      --actual "$TEST_REPORTS_DIR/inductor_training_smoketest_$test.csv" \
      --expected benchmarks/dynamo/expected_ci_perf_inductor_torchbench.csv
  done

  # A warm start takes compiled code from the cache: it has to give the same results.
  for test in AllenaiLongformerBase DistilBertForMaskedLM DistillGPT2 GoogleFnet YituTechConvBert; do
    python benchmarks/dynamo/huggingface.py --accuracy --training --amp --inductor --device cuda \
      --warm-start-latency --only "$test" --output "$TEST_REPORTS_DIR/inductor_warm_start_smoketest_$test.csv"
    python benchmarks/dynamo/check_accuracy.py \
      --actual "$TEST_REPORTS_DIR/inductor_warm_start_smoketest_$test.csv" \
      --expected "benchmarks/dynamo/ci_expected_accuracy/${MAYBE_ROCM}inductor_huggingface_training.csv"
  done
}

# Speed on a CPU depends on threads staying where they are and on the memory allocator: settle both.
test_inductor_set_cpu_affinity() {
  JEMALLOC_LIB="$(find /usr/lib -name libjemalloc.so.2)"
  export LD_PRELOAD="$JEMALLOC_LIB":"$LD_PRELOAD"
  export MALLOC_CONF="oversize_threshold:1,background_thread:true,metadata_thp:auto,dirty_decay_ms:-1,muzzy_decay_ms:-1"

  if [[ "$TEST_CONFIG" != *aarch64* ]]; then
    # Intel's OpenMP runtime comes with the environment's python, on x86 only.
    IOMP_LIB="$(dirname "$(which python)")/../lib/libiomp5.so"
    export LD_PRELOAD="$IOMP_LIB":"$LD_PRELOAD"
    export KMP_AFFINITY=granularity=fine,compact,1,0
    export KMP_BLOCKTIME=1
  fi

  # One thread a physical core.
  cpus=$(nproc)
  thread_per_core=$(lscpu | awk '/Thread\(s\) per core:/ { print $4; found = 1 } END { exit !found }')
  cores=$((cpus / thread_per_core))

  if [[ "$TEST_CONFIG" == *aarch64* && "$cores" -gt 16 ]]; then
    # The recorded results come from machines with 16 cores.
    cores=16
  fi
  export OMP_NUM_THREADS=$cores

  # A container may own only some of the CPUs. The last core stays free for everything else on the machine.
  start_cpu=$(python -c 'import os; print(min(os.sched_getaffinity(0)))')
  end_cpu=$(($(python -c 'import os; print(max(os.sched_getaffinity(0)))') - thread_per_core))
  export TASKSET="taskset -c $start_cpu-$end_cpu"
}

test_inductor_torchbench_cpu_smoketest_perf() {
  TEST_REPORTS_DIR=$PWD/test/test-reports
  mkdir -p "$TEST_REPORTS_DIR"

  test_inductor_set_cpu_affinity
  MODELS_SPEEDUP_TARGET=benchmarks/dynamo/expected_ci_speedup_inductor_torchbench_cpu.csv

  # Columns: name, backend, data type, shape, wrapper, target. Lines that start with # are models left out for now.
  grep -v '^ *#' < "$MODELS_SPEEDUP_TARGET" | while IFS=',' read -r -a model_cfg; do
    local model_name=${model_cfg[0]}
    local backend=${model_cfg[1]}
    local data_type=${model_cfg[2]}
    local speedup_target=${model_cfg[5]}
    if [[ "${model_cfg[4]}" == "cpp" ]]; then
      # For the rest of this loop only, which is a subshell.
      export TORCHINDUCTOR_CPP_WRAPPER=1
    else
      unset TORCHINDUCTOR_CPP_WRAPPER
    fi
    local output_name="$TEST_REPORTS_DIR/inductor_inference_${model_name}_${backend}_${data_type}_${model_cfg[3]}_cpu_smoketest.csv"

    # TASKSET is a command prefix of several words, or nothing: unquoted.
    if [[ "${model_cfg[3]}" == "dynamic" ]]; then
      $TASKSET python benchmarks/dynamo/torchbench.py \
        --inference --performance --"$data_type" -dcpu -n50 --only "$model_name" --dynamic-shapes \
        --dynamic-batch-only --freezing --timeout 9000 --"$backend" --output "$output_name"
    else
      $TASKSET python benchmarks/dynamo/torchbench.py \
        --inference --performance --"$data_type" -dcpu -n50 --only "$model_name" \
        --freezing --timeout 9000 --"$backend" --output "$output_name"
    fi
    cat "$output_name"
    # The file holds what the machines reached once: leave a hundredth for noise.
    python benchmarks/dynamo/check_perf_csv.py -f "$output_name" -t "$speedup_target" -s 0.99
  done
}

test_torchbench_gcp_smoketest() {
  pushd "$TORCHBENCHPATH"
  python test.py -v
  popd
}

test_without_numpy() {
  # A package beside this script that only pretends to be numpy comes first on the path.
  pushd "${BASH_SOURCE[0]%/*}"
  python -c "import sys;sys.path.insert(0, 'fake_numpy');from unittest import TestCase;import torch;x=torch.randn(3,3);TestCase().assertRaises(RuntimeError, lambda: x.numpy())"
  # Printing tensors has a path of its own.
  python -c "import sys;sys.path.insert(0, 'fake_numpy');import torch;print(torch.tensor([torch.tensor(0.), torch.tensor(1.)]))"
  if [[ "$TEST_CONFIG" == *dynamo_wrapped* ]]; then
    python -c "import sys;sys.path.insert(0, 'fake_numpy');import torch;torch.compile(lambda x:print(x))('Hello World')"
  fi
  python -c "import sys;sys.path.insert(0, 'fake_numpy');import torch; import torch.onnx"
  popd
}

# test_libtorch [SHARD]: both halves without a shard
test_libtorch() {
  local SHARD="$1"

  # Slow tests exist in Python only.
  if [[ "$TEST_CONFIG" != "slow" ]]; then
    echo "C++ tests of libtorch"
    # The test programs look for libraries in their own directory.
    ln -sf "$TORCH_LIB_DIR"/libbackend_with_compiler.so "$TORCH_BIN_DIR"
    ln -sf "$TORCH_LIB_DIR"/libjitbackend_test.so "$TORCH_BIN_DIR"
    ln -sf "$TORCH_LIB_DIR"/libcaffe2_nvrtc.so "$TORCH_BIN_DIR"
    ln -sf "$TORCH_LIB_DIR"/libc10* "$TORCH_BIN_DIR"
    ln -sf "$TORCH_LIB_DIR"/libshm* "$TORCH_BIN_DIR"
    ln -sf "$TORCH_LIB_DIR"/libtorch* "$TORCH_BIN_DIR"
    ln -sf "$TORCH_LIB_DIR"/libnvfuser* "$TORCH_BIN_DIR"

    export CPP_TESTS_DIR="$TORCH_BIN_DIR"

    if [[ -z "$SHARD" || "$SHARD" == "1" ]]; then
      test_libtorch_api
    fi

    if [[ -z "$SHARD" || "$SHARD" == "2" ]]; then
      test_libtorch_jit
    fi

    assert_git_not_dirty
  fi
}

test_libtorch_jit() {
  # The C++ tests load models that Python writes, and that have to go again.
  pushd test
  python cpp/jit/tests_setup.py setup
  popd

  if [[ "$BUILD_ENVIRONMENT" == *cuda* && "$TEST_CONFIG" != *nogpu* ]]; then
    LTC_TS_CUDA=1 python test/run_test.py --cpp --verbose -i cpp/test_jit cpp/test_lazy
  else
    python test/run_test.py --cpp --verbose -i cpp/test_jit cpp/test_lazy -k "not CUDA"
  fi

  pushd test
  python cpp/jit/tests_setup.py shutdown
  popd
}

test_libtorch_api() {
  MNIST_DIR="$PWD/test/cpp/api/mnist"
  python tools/download_mnist.py --quiet -d "$MNIST_DIR"

  if [[ "$BUILD_ENVIRONMENT" == *asan* || "$BUILD_ENVIRONMENT" == *slow-gradcheck* ]]; then
    # The runner starts the program once a test; with a sanitizer's start-up time that takes too long.
    TEST_REPORTS_DIR=test/test-reports/cpp-unittest/test_libtorch
    mkdir -p "$TEST_REPORTS_DIR"
    OMP_NUM_THREADS=2 TORCH_CPP_TEST_MNIST_PATH="$MNIST_DIR" \
      "$TORCH_BIN_DIR"/test_api --gtest_filter='-IMethodTest.*' --gtest_output=xml:"$TEST_REPORTS_DIR"/test_api.xml
  else
    OMP_NUM_THREADS=2 TORCH_CPP_TEST_MNIST_PATH="$MNIST_DIR" \
      python test/run_test.py --cpp --verbose -i cpp/test_api -k "not IMethodTest"
  fi

  # The static runtime is built for plain CPU only, and its test is not installed with the package.
  if [[ "$BUILD_ENVIRONMENT" != *android* && "$BUILD_ENVIRONMENT" != *cuda* \
    && "$BUILD_ENVIRONMENT" != *asan* && "$BUILD_ENVIRONMENT" != *s390x* ]]; then
    export CPP_TESTS_DIR="$BUILD_BIN_DIR"
    python test/run_test.py --cpp --verbose -i cpp/static_runtime_test
  fi
}

test_xpu_bin() {
  TEST_REPORTS_DIR=$PWD/test/test-reports
  mkdir -p "$TEST_REPORTS_DIR"

  # What a build leaves here changes too often for a list. A pattern without a match stays as it is, with its star.
  for xpu_case in "$BUILD_BIN_DIR"/*xpu* "$BUILD_BIN_DIR"/*sycl*; do
    if [[ "$xpu_case" != *"*"* && "$xpu_case" != *.so && "$xpu_case" != *.a ]]; then
      case_name=${xpu_case##*/}
      echo "Running $case_name"
      "$xpu_case" --gtest_output=xml:"$TEST_REPORTS_DIR/$case_name.xml"
    fi
  done
}

test_aot_compilation() {
  echo "Ahead-of-time compilation"
  ln -sf "$TORCH_LIB_DIR"/libc10* "$TORCH_BIN_DIR"
  ln -sf "$TORCH_LIB_DIR"/libtorch* "$TORCH_BIN_DIR"

  # Only some builds have these two.
  if [[ -f "$TORCH_BIN_DIR"/test_mobile_nnc ]]; then
    CPP_TESTS_DIR="$TORCH_BIN_DIR" python test/run_test.py --cpp --verbose -i cpp/test_mobile_nnc
  fi

  if [[ -f "$TORCH_BIN_DIR"/aot_model_compiler_test ]]; then
    # shellcheck disable=SC1091 # part of the tested checkout, not of this repository
    source test/mobile/nnc/test_aot_compile.sh
  fi
}

test_vulkan() {
  if [[ "$BUILD_ENVIRONMENT" == *vulkan* ]]; then
    ln -sf "$TORCH_LIB_DIR"/libtorch* "$TORCH_TEST_DIR"
    ln -sf "$TORCH_LIB_DIR"/libc10* "$TORCH_TEST_DIR"
    # A software renderer stands in for the card.
    export VK_ICD_FILENAMES=/var/lib/jenkins/swiftshader/swiftshader/build/Linux/vk_swiftshader_icd.json
    CPP_TESTS_DIR="$TORCH_TEST_DIR" LD_LIBRARY_PATH=/var/lib/jenkins/swiftshader/swiftshader/build/Linux/ \
      python test/run_test.py --cpp --verbose -i cpp/vulkan_api_test
  fi
}

test_distributed() {
  echo "Distributed tests in Python"
  # shellcheck disable=SC2086 # an option with several values, or nothing
  python test/run_test.py --distributed-tests --shard "$SHARD_NUMBER" "$NUM_TEST_SHARDS" $INCLUDE_CLAUSE --verbose
  assert_git_not_dirty

  if [[ ("$BUILD_ENVIRONMENT" == *cuda* || "$BUILD_ENVIRONMENT" == *rocm*) && "$SHARD_NUMBER" == 1 ]]; then
    echo "Distributed tests in C++"
    ln -sf "$TORCH_LIB_DIR"/libtorch* "$TORCH_BIN_DIR"
    ln -sf "$TORCH_LIB_DIR"/libc10* "$TORCH_BIN_DIR"
    export CPP_TESTS_DIR="$TORCH_BIN_DIR"
    python test/run_test.py --cpp --verbose -i cpp/FileStoreTest
    python test/run_test.py --cpp --verbose -i cpp/HashStoreTest
    python test/run_test.py --cpp --verbose -i cpp/TCPStoreTest

    echo "Tuning across cards"
    python test/run_test.py -i test_linalg.py -k test_matmul_offline_mgpu_tunable --verbose

    if [[ "$BUILD_ENVIRONMENT" == *cuda* ]]; then
      MPIEXEC=$(command -v mpiexec)
      if [[ -n "$MPIEXEC" ]]; then
        # The only one that needs its own launcher.
        MPICMD="$MPIEXEC -np 2 $TORCH_BIN_DIR/ProcessGroupMPITest"
        eval "$MPICMD"
      else
        echo "No mpiexec: the MPI test is left out"
      fi

      python test/run_test.py --cpp --verbose -i cpp/ProcessGroupGlooTest
      python test/run_test.py --cpp --verbose -i cpp/ProcessGroupNCCLTest
      python test/run_test.py --cpp --verbose -i cpp/ProcessGroupNCCLErrorsTest
    fi
  fi
}

test_quantization() {
  echo "Quantization tests"
  python test/test_quantization.py
}

test_rpc() {
  echo "RPC tests in C++"
  ln -sf "$TORCH_LIB_DIR"/libtorch* "$TORCH_BIN_DIR"
  ln -sf "$TORCH_LIB_DIR"/libc10* "$TORCH_BIN_DIR"
  CPP_TESTS_DIR="$TORCH_BIN_DIR" python test/run_test.py --cpp --verbose -i cpp/test_cpp_rpc
}

test_custom_backend() {
  echo "Custom backend"
  CUSTOM_BACKEND_BUILD="$CUSTOM_TEST_ARTIFACT_BUILD_DIR/custom-backend-build"
  pushd test/custom_backend
  cp -a "$CUSTOM_BACKEND_BUILD" build
  python test_custom_backend.py -v
  # What Python exports, C++ has to load.
  python backend.py --export-module-to=model.pt
  build/test_custom_backend ./model.pt
  rm -f ./model.pt
  popd
  assert_git_not_dirty
}

test_custom_script_ops() {
  echo "Custom operators"

  if [[ "$BUILD_ENVIRONMENT" == *s390x* ]]; then
    echo "Custom operators are not built for s390x"
    return 0
  fi

  CUSTOM_OP_BUILD="$CUSTOM_TEST_ARTIFACT_BUILD_DIR/custom-op-build"
  pushd test/custom_operator
  cp -a "$CUSTOM_OP_BUILD" build
  python test_custom_ops.py -v
  # What Python exports, C++ has to load.
  python model.py --export-script-module=model.pt
  build/test_custom_ops ./model.pt
  popd
  assert_git_not_dirty
}

# No job runs this one.
test_jit_hooks() {
  echo "Module hooks in TorchScript"
  HOOK_BUILD="$CUSTOM_TEST_ARTIFACT_BUILD_DIR/jit-hook-build"
  pushd test/jit_hooks
  cp -a "$HOOK_BUILD" build
  python model.py --export-script-module=model
  build/test_jit_hooks ./model
  popd
  assert_git_not_dirty
}

test_torch_function_benchmark() {
  echo "Overrides benchmark"
  # Few repetitions: the question is only whether it still runs.
  pushd benchmarks/overrides_benchmark
  python bench.py -n 1 -m 2
  python pyspybench.py Tensor -n 1
  python pyspybench.py SubTensor -n 1
  python pyspybench.py WithTorchFunction -n 1
  python pyspybench.py SubWithTorchFunction -n 1
  popd
  assert_git_not_dirty
}

build_xla() {
  # The build looks for headers in the checkout, where an installed package leaves none.
  pushd ..
  python -c "import os, torch, shutil; shutil.copytree(os.path.join(os.path.dirname(torch.__file__), 'include'), 'workspace/torch/include', dirs_exist_ok=True)"
  popd

  # shellcheck source=./common-build.sh source-path=SCRIPTDIR
  source "${BASH_SOURCE[0]%/*}/common-build.sh"

  XLA_DIR=xla
  USE_CACHE=1
  clone_pytorch_xla
  # shellcheck disable=SC1091 # comes with the clone
  source "xla/.circleci/common.sh"

  # The pin would take the build back to another commit than the one under test.
  rm "$XLA_DIR/torch_patches/.torch_pin" || true
  apply_patches

  SITE_PACKAGES="$(python -c 'from distutils.sysconfig import get_python_lib; print(get_python_lib())')"
  retry install_pre_deps_pytorch_xla "$XLA_DIR" "$USE_CACHE"
  CMAKE_PREFIX_PATH="$SITE_PACKAGES/torch:$CMAKE_PREFIX_PATH" XLA_SANDBOX_BUILD=1 build_torch_xla "$XLA_DIR"
  assert_git_not_dirty
}

test_xla() {
  # shellcheck source=./common-build.sh source-path=SCRIPTDIR
  source "${BASH_SOURCE[0]%/*}/common-build.sh"

  clone_pytorch_xla
  # shellcheck disable=SC1091 # comes with the clone
  source "./xla/.circleci/common.sh"

  SITE_PACKAGES="$(python -c 'from distutils.sysconfig import get_python_lib; print(get_python_lib())')"
  # libpython is found nowhere else.
  export LD_LIBRARY_PATH="/opt/conda/lib/:$LD_LIBRARY_PATH"
  CMAKE_PREFIX_PATH="$SITE_PACKAGES/torch:$CMAKE_PREFIX_PATH" XLA_SKIP_MP_OP_TESTS=1 \
    run_torch_xla_tests "$PWD" "$PWD/xla"
  assert_git_not_dirty
}

# check_public_api_test_fails TEST ITEM DESCRIPTION: the test has to fail, and to name the item that was broken
check_public_api_test_fails() {
  test_name=$1
  invalid_item_name=$2
  invalid_item_desc=$3

  echo "$test_name has to notice that $invalid_item_desc"
  if test_output=$(python test/test_public_bindings.py -k "$test_name" 2>&1); then
    ret=0
  else
    ret=$?
  fi

  if [[ "$ret" -eq 0 ]]; then
    echo "$test_name passed although $invalid_item_desc."
    echo "It would let the same mistake pass in a change, too. What it printed:"
    echo "$test_output"
    return 1
  fi

  if echo "$test_output" | grep -q "$invalid_item_name"; then
    ret=0
  else
    ret=$?
  fi

  if [[ "$ret" -ne 0 ]]; then
    echo "$test_name failed, but did not name $invalid_item_name. What it printed:"
    echo "$test_output"
    return 1
  fi

  echo "$test_name noticed $invalid_item_name"
  return 0
}

# Checks first that the guards of the public interface still work, then that models and schemas of the base commit
# and of the commit under test understand each other.
test_forward_backward_compatibility() {
  set -x

  # A public function in a module of its own.
  new_filename=$(mktemp XXXXXXXX.py -p "$TORCH_INSTALL_DIR")
  BAD_PUBLIC_FUNC='
def new_public_func():
    pass

# Hides where it comes from, which public functions must not do.
new_public_func.__module__ = None
'
  echo "$BAD_PUBLIC_FUNC" >> "$new_filename"
  invalid_api=${new_filename##*/}
  invalid_api="torch.${invalid_api%.py}.new_public_func"
  echo "Added $invalid_api"

  if check_public_api_test_fails test_correct_module_names "$invalid_api" "a new file has a badly declared function"; then
    ret=0
  else
    ret=$?
  fi
  rm -v "$new_filename"
  if [[ "$ret" -ne 0 ]]; then
    exit 1
  fi

  # The same function in a module that exists.
  EXISTING_FILEPATH="$TORCH_INSTALL_DIR/cuda/streams.py"
  cp -v "$EXISTING_FILEPATH" "$EXISTING_FILEPATH.orig"
  echo "$BAD_PUBLIC_FUNC" >> "$EXISTING_FILEPATH"
  invalid_api="torch.cuda.streams.new_public_func"
  echo "Added $invalid_api"

  if check_public_api_test_fails test_correct_module_names "$invalid_api" "an existing file has a badly declared function"; then
    ret=0
  else
    ret=$?
  fi
  mv -v "$EXISTING_FILEPATH.orig" "$EXISTING_FILEPATH"
  if [[ "$ret" -ne 0 ]]; then
    exit 1
  fi

  # A module that cannot be imported.
  new_module_dir=$(mktemp XXXXXXXX -d -p "$TORCH_INSTALL_DIR")
  echo "this is not python ?" > "$new_module_dir/__init__.py"
  invalid_module_name="torch.${new_module_dir##*/}"
  echo "Added $invalid_module_name"

  if check_public_api_test_fails test_modules_can_be_imported "$invalid_module_name" "a module cannot be imported"; then
    ret=0
  else
    ret=$?
  fi
  rm -rv "$new_module_dir"
  if [[ "$ret" -ne 0 ]]; then
    exit 1
  fi

  REPO_DIR=$PWD
  if [[ "$BASE_SHA" == "$SHA1" ]]; then
    echo "On the main branch: comparing with the commit before"
    SHA_TO_COMPARE=$(git rev-parse "$SHA1"^)
  else
    echo "On a change: comparing with the commit it branched off from"
    SHA_TO_COMPARE=$(git merge-base "$SHA1" "$BASE_SHA")
  fi
  export SHA_TO_COMPARE

  # A model from the commit under test, for the base to load.
  python test/create_dummy_torchscript_model.py /tmp/model_new.pt

  # The base gets an environment of its own; the package under test stays where it is.
  python -m venv venv
  # shellcheck disable=SC1091 # made by the line above
  source venv/bin/activate

  git reset --hard "$SHA_TO_COMPARE"
  git submodule sync && git submodule update --init --recursive
  echo "Building the base commit $SHA_TO_COMPARE"
  pip3 install -r requirements.txt
  # shellcheck source=./common-build.sh source-path=SCRIPTDIR
  source "${BASH_SOURCE[0]%/*}/common-build.sh"
  # Two builds in one tree: the second must not find what the first left.
  python -m build --wheel --no-isolation -C--build-option=--bdist-dir="base_bdist_tmp" --outdir "base_dist"
  python -mpip install base_dist/*.whl
  echo "The base commit is installed"

  pushd test/forward_backward_compatibility
  pip show torch
  python dump_all_function_schemas.py --filename nightly_schemas.txt

  git reset --hard "$SHA1"
  git submodule sync && git submodule update --init --recursive
  if ! python ../load_torchscript_model.py /tmp/model_new.pt; then
    echo "The base commit cannot load a model of this commit: forward compatibility is broken"
    return 1
  fi
  python ../create_dummy_torchscript_model.py /tmp/model_old.pt
  deactivate
  rm -r "$REPO_DIR/venv" "$REPO_DIR/base_dist"
  pip show torch
  python check_forward_backward_compatibility.py --existing-schemas nightly_schemas.txt
  if ! python ../load_torchscript_model.py /tmp/model_old.pt; then
    echo "This commit cannot load a model of the base commit: backward compatibility is broken"
    return 1
  fi
  popd
  set +x
  assert_git_not_dirty
}

test_aten() {
  # The test programs look for libraries in their own directory.
  if [[ -n "$IN_WHEEL_TEST" ]]; then
    echo "Operator library tests from the installed package"
    # Out of the way, so that no test takes a library from the build tree.
    mv "$BUILD_DIR" "$BUILD_RENAMED_DIR"
    TEST_BASE_DIR="$TORCH_TEST_DIR"
  else
    echo "Operator library tests from the build tree"
    TEST_BASE_DIR="$BUILD_BIN_DIR"
  fi

  # SUDO is a command prefix, or nothing: unquoted.
  $SUDO ln -sf "$TORCH_LIB_DIR"/libc10* "$TEST_BASE_DIR"
  $SUDO ln -sf "$TORCH_LIB_DIR"/libcaffe2* "$TEST_BASE_DIR"
  $SUDO ln -sf "$TORCH_LIB_DIR"/libmkldnn* "$TEST_BASE_DIR"
  $SUDO ln -sf "$TORCH_LIB_DIR"/libnccl* "$TEST_BASE_DIR"
  $SUDO ln -sf "$TORCH_LIB_DIR"/libtorch* "$TEST_BASE_DIR"

  ls "$TEST_BASE_DIR"
  aten/tools/run_tests.sh "$TEST_BASE_DIR"

  if [[ -n "$IN_WHEEL_TEST" ]]; then
    mv "$BUILD_RENAMED_DIR" "$BUILD_DIR"
  fi

  assert_git_not_dirty
}

test_bazel() {
  # shellcheck source=./common-build.sh source-path=SCRIPTDIR
  source "${BASH_SOURCE[0]%/*}/common-build.sh"

  get_bazel

  if [[ "$CUDA_VERSION" == "cpu" ]]; then
    # First everything below c10 without its optional libraries, then the tests of the top level.
    tools/bazel test --config=cpu-only --test_timeout=480 --test_output=all --test_tag_filters=-gpu-required \
      --test_filter=-*CUDA --no//c10:use_gflags --no//c10:use_glog //c10/...

    tools/bazel test --config=cpu-only --test_timeout=480 --test_output=all --test_tag_filters=-gpu-required \
      --test_filter=-*CUDA :all_tests
  else
    # By name: the tests that are not in this list do not pass with bazel's CUDA build.
    tools/bazel test --test_timeout=480 --test_output=errors \
      //:any_test \
      //:autograd_test \
      //:dataloader_test \
      //:dispatch_test \
      //:enum_test \
      //:expanding_array_test \
      //:fft_test \
      //:functional_test \
      //:grad_mode_test \
      //:inference_mode_test \
      //:init_test \
      //:jit_test \
      //:memory_test \
      //:meta_tensor_test \
      //:misc_test \
      //:moduledict_test \
      //:modulelist_test \
      //:modules_test \
      //:namespace_test \
      //:nested_test \
      //:nn_utils_test \
      //:operations_test \
      //:ordered_dict_test \
      //:parallel_benchmark_test \
      //:parameterdict_test \
      //:parameterlist_test \
      //:sequential_test \
      //:serialize_test \
      //:special_test \
      //:static_test \
      //:support_test \
      //:tensor_flatten_test \
      //:tensor_indexing_test \
      //:tensor_options_cuda_test \
      //:tensor_options_test \
      //:tensor_test \
      //:torch_dist_autograd_test \
      //:torch_include_test \
      //:transformer_test \
      //:test_bazel \
      //c10/cuda/test:test \
      //c10/test:core_tests \
      //c10/test:typeid_test \
      //c10/test:util/ssize_test \
      //c10/test:util_base_tests
  fi
}

test_benchmarks() {
  if [[ "$BUILD_ENVIRONMENT" == *cuda* && "$TEST_CONFIG" != *nogpu* ]]; then
    pip_install "pytest-benchmark==3.2.3"
    pip_install "requests"
    BENCHMARK_DATA="benchmarks/.data"
    mkdir -p "$BENCHMARK_DATA"
    pytest benchmarks/fastrnns/test_bench.py --benchmark-sort=Name \
      --benchmark-json="$BENCHMARK_DATA"/fastrnns_default.json --fuser=default --executor=default
    pytest benchmarks/fastrnns/test_bench.py --benchmark-sort=Name \
      --benchmark-json="$BENCHMARK_DATA"/fastrnns_legacy_old.json --fuser=old --executor=legacy
    pytest benchmarks/fastrnns/test_bench.py --benchmark-sort=Name \
      --benchmark-json="$BENCHMARK_DATA"/fastrnns_profiling_te.json --fuser=te --executor=profiling
    if [[ -z "$GITHUB_ACTIONS" ]]; then
      # GitHub jobs upload all reports in a step of their own.
      python benchmarks/upload_scribe.py --pytest_bench_json "$BENCHMARK_DATA"/fastrnns_default.json
      python benchmarks/upload_scribe.py --pytest_bench_json "$BENCHMARK_DATA"/fastrnns_legacy_old.json
      python benchmarks/upload_scribe.py --pytest_bench_json "$BENCHMARK_DATA"/fastrnns_profiling_te.json
    fi
    assert_git_not_dirty
  fi
}

# No job runs this one.
test_cpp_extensions() {
  # Compiled once before the tests, so that none of them pays for it.
  pushd test/cpp_extensions
  python setup.py install
  popd
  python test/run_test.py --include test_cpp_extensions_aot_no_ninja test_cpp_extensions_aot_ninja --verbose
  assert_git_not_dirty
}

test_vec256() {
  # The vectorized kernels of the CPU are the same in a rocm build.
  if [[ "$BUILD_ENVIRONMENT" != *rocm* ]]; then
    echo "Vector instruction tests"
    mkdir -p test/test-reports/vec256
    pushd build/bin
    # One program for each instruction set the compiler knows.
    vec256_tests=$(find . -maxdepth 1 -executable -name 'vec256_test*')
    for vec256_exec in $vec256_tests; do
      $vec256_exec --gtest_output=xml:test/test-reports/vec256/"$vec256_exec".xml
    done
    popd
    assert_git_not_dirty
  fi
}

test_docs_test() {
  .ci/pytorch/docs-test.sh
}

test_executorch() {
  echo "ExecuTorch with this commit"
  install_torchvision
  install_torchaudio

  INSTALL_SCRIPT="$PWD/.ci/docker/common/install_executorch.sh"

  # The image carries a checkout at the pinned commit.
  pushd /executorch
  "$INSTALL_SCRIPT" setup_executorch

  echo "ExecuTorch's unit tests"
  pytest -v -n auto
  LLVM_PROFDATA=llvm-profdata-12 LLVM_COV=llvm-cov-12 bash test/run_oss_cpp_tests.sh

  echo "One model from end to end"
  # shellcheck disable=SC1091 # part of the ExecuTorch checkout, not of this repository
  source .ci/scripts/test_model.sh mv3 cmake xnnpack-quantization-delegation ''

  popd
  assert_git_not_dirty
}

test_linux_aarch64() {
  python test/run_test.py --include test_modules test_mkldnn test_mkldnn_fusion test_openmp test_torch \
    test_dynamic_shapes test_transformers test_multiprocessing test_numpy_interop test_autograd test_binary_ufuncs \
    test_complex test_spectral_ops test_foreach test_reductions test_unary_ufuncs test_tensor_creation_ops test_ops \
    profiler/test_memory_profiler distributed/elastic/timer/api_test \
    distributed/elastic/timer/local_timer_example distributed/elastic/timer/local_timer_test \
    --shard "$SHARD_NUMBER" "$NUM_TEST_SHARDS" --verbose

  python test/run_test.py --include dynamo/test_compile dynamo/test_backends dynamo/test_comptime \
    dynamo/test_config dynamo/test_functions dynamo/test_fx_passes_pre_grad dynamo/test_interop \
    dynamo/test_model_output dynamo/test_modules dynamo/test_optimizers dynamo/test_recompile_ux \
    dynamo/test_recompiles --shard "$SHARD_NUMBER" "$NUM_TEST_SHARDS" --verbose

  python test/run_test.py --include inductor/test_torchinductor inductor/test_benchmark_fusion \
    inductor/test_codecache inductor/test_config inductor/test_control_flow inductor/test_coordinate_descent_tuner \
    inductor/test_fx_fusion inductor/test_group_batch_fusion inductor/test_inductor_freezing \
    inductor/test_inductor_utils inductor/test_inplacing_pass inductor/test_kernel_benchmark \
    inductor/test_layout_optim inductor/test_max_autotune inductor/test_memory_planning inductor/test_metrics \
    inductor/test_multi_kernel inductor/test_pad_mm inductor/test_pattern_matcher inductor/test_perf \
    inductor/test_profiler inductor/test_select_algorithm inductor/test_smoke inductor/test_split_cat_fx_passes \
    inductor/test_compile inductor/test_torchinductor inductor/test_torchinductor_codegen_dynamic_shapes \
    inductor/test_torchinductor_dynamic_shapes inductor/test_memory inductor/test_triton_cpu_backend \
    inductor/test_triton_extension_backend inductor/test_mkldnn_pattern_matcher inductor/test_cpu_cpp_wrapper \
    --shard "$SHARD_NUMBER" "$NUM_TEST_SHARDS" --verbose
}

# test_operator_benchmark DEVICE TAG
test_operator_benchmark() {
  TEST_REPORTS_DIR=$PWD/test/test-reports
  mkdir -p "$TEST_REPORTS_DIR"
  TEST_DIR=$PWD

  test_inductor_set_cpu_affinity

  cd benchmarks/operator_benchmark/pt_extension
  python -m pip install . -v --no-build-isolation

  cd "$TEST_DIR"/benchmarks/operator_benchmark
  # TASKSET is a command prefix of several words, or nothing: unquoted.
  $TASKSET python -m benchmark_all_test --device "$1" --tag-filter "$2" \
    --output-csv "$TEST_REPORTS_DIR/operator_benchmark_eager_float32_cpu.csv" \
    --output-json-for-dashboard "$TEST_REPORTS_DIR/operator_benchmark_eager_float32_cpu.json"

  pip_install pandas
  python check_perf_csv.py \
    --actual "$TEST_REPORTS_DIR/operator_benchmark_eager_float32_cpu.csv" \
    --expected "expected_ci_operator_benchmark_eager_float32_cpu.csv"
}

test_operator_microbenchmark() {
  TEST_REPORTS_DIR=$PWD/test/test-reports
  mkdir -p "$TEST_REPORTS_DIR"
  TEST_DIR=$PWD

  cd benchmarks/operator_benchmark/pt_extension
  python -m pip install .

  cd "$TEST_DIR"/benchmarks/operator_benchmark

  OP_BENCHMARK_TESTS=(matmul mm addmm bmm)
  # TASKSET is a command prefix of several words, or nothing: unquoted.
  for test in "${OP_BENCHMARK_TESTS[@]}"; do
    $TASKSET python -m "pt.${test}_test" --tag-filter long \
      --output-json-for-dashboard "$TEST_REPORTS_DIR/operator_microbenchmark_${test}_compile.json" \
      --benchmark-name "PyTorch operator microbenchmark" --use-compile
    $TASKSET python -m "pt.${test}_test" --tag-filter long \
      --output-json-for-dashboard "$TEST_REPORTS_DIR/operator_microbenchmark_${test}.json" \
      --benchmark-name "PyTorch operator microbenchmark"
  done
}

if [[ "$BUILD_ENVIRONMENT" != *libtorch* && "$BUILD_ENVIRONMENT" != *-bazel-* ]]; then
  # Neither of those builds installs a Python package.
  (cd test && python -c "import torch; print(torch.__config__.show())")
  (cd test && python -c "import torch; print(torch.__config__.parallel_info())")
fi

# What to run. The order is part of the behaviour: many names contain others, and the first match wins.
# Nothing may follow this chain: an invalid shard number ends it early, and with it the script.
if [[ "$TEST_CONFIG" == *numpy_2* ]]; then
  # The image's pandas has to be built again for the new numpy, in the same version.
  TMP_PANDAS_VERSION=$(python -c "import pandas; print(pandas.__version__)" 2> /dev/null)
  if [[ -n "$TMP_PANDAS_VERSION" ]]; then
    python -m pip install --pre numpy==2.0.2 scipy==1.13.1 numba==0.60.0 pandas=="$TMP_PANDAS_VERSION" --force-reinstall
  else
    python -m pip install --pre numpy==2.0.2 scipy==1.13.1 numba==0.60.0
  fi
  python test/run_test.py --include dynamo/test_functions.py dynamo/test_unspec.py test_binary_ufuncs.py \
    test_fake_tensor.py test_linalg.py test_numpy_interop.py test_tensor_creation_ops.py test_torch.py \
    torch_np/test_basic.py
elif [[ "$BUILD_ENVIRONMENT" == *aarch64* && "$TEST_CONFIG" != *perf_cpu_aarch64* ]]; then
  test_linux_aarch64
elif [[ "$TEST_CONFIG" == *backward* ]]; then
  test_forward_backward_compatibility
elif [[ "$TEST_CONFIG" == *xla* ]]; then
  install_torchvision
  build_xla
  test_xla
elif [[ "$TEST_CONFIG" == *vllm* ]]; then
  echo "vLLM tests, run by the lumen command line"
  (cd .ci/lumen_cli && python -m pip install -e .)
  python -m cli.run test external vllm --test-plan "$TEST_CONFIG" --shard-id "$SHARD_NUMBER" \
    --num-shards "$NUM_TEST_SHARDS"
elif [[ "$TEST_CONFIG" == *executorch* ]]; then
  test_executorch
elif [[ "$TEST_CONFIG" == 'jit_legacy' ]]; then
  test_python_legacy_jit
elif [[ "$TEST_CONFIG" == 'quantization' ]]; then
  test_quantization
elif [[ "$BUILD_ENVIRONMENT" == *libtorch* ]]; then
  echo "There is nothing to test in a libtorch build"
elif [[ "$TEST_CONFIG" == distributed ]]; then
  test_distributed
  # Too few for shards of their own.
  if [[ "$SHARD_NUMBER" == 1 ]]; then
    test_rpc
  fi
elif [[ "$TEST_CONFIG" == *operator_benchmark* ]]; then
  TEST_MODE="short"

  if [[ "$TEST_CONFIG" == *cpu* ]]; then
    if [[ "$TEST_CONFIG" == *long* ]]; then
      TEST_MODE="long"
    elif [[ "$TEST_CONFIG" == *all* ]]; then
      TEST_MODE="all"
    fi

    test_operator_benchmark cpu "$TEST_MODE"
  fi
elif [[ "$TEST_CONFIG" == *operator_microbenchmark* ]]; then
  test_operator_microbenchmark
elif [[ "$TEST_CONFIG" == *inductor_distributed* ]]; then
  test_inductor_distributed
elif [[ "$TEST_CONFIG" == *inductor-halide* ]]; then
  test_inductor_halide
elif [[ "$TEST_CONFIG" == *inductor-triton-cpu* ]]; then
  test_inductor_triton_cpu
elif [[ "$TEST_CONFIG" == *inductor-micro-benchmark* ]]; then
  test_inductor_micro_benchmark
elif [[ "$TEST_CONFIG" == *huggingface* ]]; then
  install_torchvision
  id=$((SHARD_NUMBER - 1))
  test_dynamo_benchmark huggingface "$id"
elif [[ "$TEST_CONFIG" == *timm* ]]; then
  install_torchvision
  id=$((SHARD_NUMBER - 1))
  test_dynamo_benchmark timm_models "$id"
elif [[ "$TEST_CONFIG" == cachebench ]]; then
  install_torchaudio
  install_torchvision
  PYTHONPATH=/torchbench test_cachebench
elif [[ "$TEST_CONFIG" == verify_cachebench ]]; then
  install_torchaudio
  install_torchvision
  PYTHONPATH=/torchbench test_verify_cachebench
elif [[ "$TEST_CONFIG" == *torchbench* ]]; then
  install_torchaudio
  install_torchvision
  id=$((SHARD_NUMBER - 1))
  # Some models need it, and later versions do not go with their numpy.
  pip_install opencv-python==4.8.0.74
  if [[ "$TEST_CONFIG" == *inductor_torchbench_smoketest_perf* ]]; then
    PYTHONPATH=/torchbench test_inductor_torchbench_smoketest_perf
  elif [[ "$TEST_CONFIG" == *inductor_torchbench_cpu_smoketest_perf* ]]; then
    PYTHONPATH=/torchbench test_inductor_torchbench_cpu_smoketest_perf
  elif [[ "$TEST_CONFIG" == *torchbench_gcp_smoketest* ]]; then
    TORCHBENCHPATH=/torchbench test_torchbench_gcp_smoketest
  else
    if [[ "$TEST_CONFIG" != *cpu* ]]; then
      # The models that need these two run on cards only.
      install_torchrec_and_fbgemm
    fi
    PYTHONPATH=/torchbench test_dynamo_benchmark torchbench "$id"
  fi
elif [[ "$TEST_CONFIG" == *inductor_cpp_wrapper* ]]; then
  install_torchvision
  PYTHONPATH=/torchbench test_inductor_cpp_wrapper_shard "$SHARD_NUMBER"
  if [[ "$SHARD_NUMBER" -eq 1 ]]; then
    test_inductor_aoti
  fi
elif [[ "$TEST_CONFIG" == *inductor* ]]; then
  install_torchvision
  test_inductor_shard "$SHARD_NUMBER"
elif [[ "$TEST_CONFIG" == *einops* ]]; then
  test_einops
elif [[ "$TEST_CONFIG" == *dynamo_wrapped* ]]; then
  install_torchvision
  test_dynamo_wrapped_shard "$SHARD_NUMBER"
  if [[ "$SHARD_NUMBER" == 1 ]]; then
    test_aten
  fi
elif [[ "$BUILD_ENVIRONMENT" == *rocm* && -n "$TESTS_TO_INCLUDE" ]]; then
  install_torchvision
  test_python_shard "$SHARD_NUMBER"
  test_aten
elif [[ "$SHARD_NUMBER" == 1 && "$NUM_TEST_SHARDS" -gt 1 ]]; then
  # The first two shards also carry what cannot be cut into shards.
  test_lazy_tensor_meta_reference_disabled
  test_without_numpy
  install_torchvision
  test_python_shard 1
  test_aten
  test_libtorch 1
  if [[ "$BUILD_ENVIRONMENT" == *xpu* ]]; then
    test_xpu_bin
  fi
elif [[ "$SHARD_NUMBER" == 2 && "$NUM_TEST_SHARDS" -gt 1 ]]; then
  install_torchvision
  test_python_shard 2
  test_libtorch 2
  test_aot_compilation
  test_custom_script_ops
  test_custom_backend
  test_torch_function_benchmark
elif [[ "$SHARD_NUMBER" -gt 2 ]]; then
  install_torchvision
  test_python_shard "$SHARD_NUMBER"
elif [[ "$BUILD_ENVIRONMENT" == *vulkan* ]]; then
  test_vulkan
elif [[ "$BUILD_ENVIRONMENT" == *-bazel-* ]]; then
  test_bazel
elif [[ "$BUILD_ENVIRONMENT" == *-mobile-lightweight-dispatch* ]]; then
  test_libtorch
elif [[ "$TEST_CONFIG" == docs_test ]]; then
  test_docs_test
elif [[ "$BUILD_ENVIRONMENT" == *xpu* ]]; then
  install_torchvision
  test_python
  test_aten
  test_xpu_bin
elif [[ "$TEST_CONFIG" == smoke ]]; then
  test_python_smoke
elif [[ "$TEST_CONFIG" == smoke_b200 ]]; then
  test_python_smoke_b200
elif [[ "$TEST_CONFIG" == h100_distributed ]]; then
  test_h100_distributed
elif [[ "$TEST_CONFIG" == "h100-symm-mem" ]]; then
  test_h100_symm_mem
elif [[ "$TEST_CONFIG" == "b200-symm-mem" ]]; then
  test_h100_symm_mem
elif [[ "$TEST_CONFIG" == h100_cutlass_backend ]]; then
  test_h100_cutlass_backend
else
  install_torchvision
  install_monkeytype
  test_python
  test_aten
  test_vec256
  test_libtorch
  test_aot_compilation
  test_custom_script_ops
  test_custom_backend
  test_torch_function_benchmark
  test_benchmarks
fi
