#!/bin/bash

# Settings that every CI script shares. Sourced first, so that the helper functions exist before anything else runs.

set -ex -o pipefail

# shellcheck source=./common_utils.sh source-path=SCRIPTDIR
source "${BASH_SOURCE[0]%/*}/common_utils.sh"

if [[ "$BUILD_ENVIRONMENT" == *rocm* ]]; then
  # HIP finds its platform by itself; a value left over from the image would override that.
  unset HIP_PLATFORM
  export PYTORCH_TEST_WITH_ROCM=1
  # Peer GPUs have to see each other's writes.
  export HSA_FORCE_FINE_GRAIN_PCIE=1
fi

# shellcheck disable=SC2034 # part of the settings other CI scripts expect here; this one never reads it
BUILD_TEST_LIBTORCH=0
