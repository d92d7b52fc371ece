"""The variables that the script asks about, the conditions that stand in several places, and fixed words.

Every test of a variable is a `Condition`, so that the decisions of the port can be listed and compared.
"""

from __future__ import annotations

from ci_port.model import Variable

BE = Variable("BUILD_ENVIRONMENT")
TC = Variable("TEST_CONFIG")
SHARD = Variable("SHARD_NUMBER")
NSHARDS = Variable("NUM_TEST_SHARDS")
TAG = Variable("DASHBOARD_TAG")
TESTS_TO_INCLUDE = Variable("TESTS_TO_INCLUDE")
IN_WHEEL_TEST = Variable("IN_WHEEL_TEST")

ROCM = BE.contains("rocm")
CUDA = BE.contains("cuda")
XPU = BE.contains("xpu")
S390X = BE.contains("s390x")
ASAN = BE.contains("asan")
DEBUG = BE.contains("-debug")
BAZEL = BE.contains("-bazel-")
NOGPU = TC.contains("nogpu")
CPU = TC.contains("cpu")
FIRST_SHARD = SHARD.equals("1")

SELF = ".ci/pytorch"
"""Where the script lies, as it was started; looked up from where it is each time (docs/pytorch.md#script-directory)."""

WORKSPACE = "/var/lib/jenkins/workspace"

RUN_TEST = ("python", "test/run_test.py")
UPLOAD = "--upload-artifacts-while-running"
