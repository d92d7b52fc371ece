#!/bin/bash

# Compiler cache set-up. Sourced at start-up, and again by the suites that build something after the tree has changed:
# every sourcing starts from the caches' current state and registers the end-of-run reports once more.

if [[ "$BUILD_ENVIRONMENT" != *win-* ]]; then
  # Absolute, because the report below runs wherever the script happens to be when it ends.
  script_dir="$(cd "${BASH_SOURCE[0]%/*}" && pwd -P)"

  if [[ "$BUILD_ENVIRONMENT" == *-pch* ]]; then
    # Precompiled headers need the older sccache that the image carries under another name.
    sudo mv /opt/cache/bin/sccache-0.2.14a /opt/cache/bin/sccache
  fi

  if which sccache > /dev/null; then
    # A server from an earlier step would keep its own log and settings.
    sccache --stop-server > /dev/null 2>&1 || true
    rm -f ~/sccache_error.log || true

    function sccache_epilogue() {
      echo "::group::sccache error log"
      python "$script_dir/print_sccache_log.py" ~/sccache_error.log 2> /dev/null || true
      echo "sccache statistics of this run:"
      sccache --show-stats
      sccache --stop-server || true
      echo "::endgroup::"
    }
    trap_add sccache_epilogue EXIT

    if [[ -n "$SKIP_SCCACHE_INITIALIZATION" ]]; then
      # The first compiler call starts the server; the settings have to be in its environment by then.
      echo "sccache server start is left to the first compilation"
      export SCCACHE_IDLE_TIMEOUT=0
      export SCCACHE_ERROR_LOG=~/sccache_error.log
      export RUST_LOG=sccache::server=debug
    elif [[ "$BUILD_ENVIRONMENT" == *rocm* ]]; then
      SCCACHE_ERROR_LOG=/var/lib/jenkins/workspace/sccache_error.log SCCACHE_IDLE_TIMEOUT=0 sccache --start-server
    else
      SCCACHE_ERROR_LOG=/var/lib/jenkins/workspace/sccache_error.log SCCACHE_IDLE_TIMEOUT=0 \
        RUST_LOG=sccache::server=debug sccache --start-server
    fi

    sccache --zero-stats || true
  fi

  if which ccache > /dev/null; then
    ccache --zero-stats
    ccache --show-stats

    function ccache_epilogue() {
      ccache --show-stats
    }
    trap_add ccache_epilogue EXIT
  fi
fi
