"""Control and candidate agree in environments, worlds and bad days that nobody wrote down.

`tools/test --long` tries ten thousand cases and more; a counterexample comes out minimal, with the commands that
show both plans.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, settings

import ci_port.pytorch
from ci_port.bash.variables import changes_bash
from ci_port.dryrun import Recorder
from ci_port.host import observe
from ci_port.model import Case, Plan
from ci_port.model.world import load_world
from ci_port.parity import Result, Verdict
from ci_port.parity.compare import judge
from ci_port.parity.render.text import see_both
from ci_port.project.file import load_project
from ci_port.shell.inventory import read_script
from ci_port.space import strategies
from ci_port.space.vocabulary import vocabulary

PROJECT = load_project(None)
WORLD = load_world(PROJECT.world)
INVENTORY = read_script(PROJECT.script)
VOCABULARY = vocabulary(branch.condition for branch in INVENTORY.branches if branch.condition is not None)
ALWAYS = ["BUILD_ENVIRONMENT", "TEST_CONFIG", "SHARD_NUMBER", "NUM_TEST_SHARDS"]
# Names that the script reads or sets without asking, any of them perhaps exported (docs/pytorch.md#what-stays).
LOWER_CASE = ("args", "commit", "device", "file", "git_status", "id", "mode", "name", "path", "ret", "suite", "test")
UPPER_CASE = {use.name for use in INVENTORY.uses if re.fullmatch(r"[A-Z][A-Z0-9_]*", use.name)}
CARRIED = [*sorted(name for name in UPPER_CASE - {"PATH"} if not changes_bash(name)), *LOWER_CASE]
TORCH = "/opt/conda/lib/python3.10/site-packages/torch"
FILES = [
    *(f"{WORLD.workspace}/dist/{name}.whl" for name in ("vision/a", "audio/b c", "ao/d", "fbgemm_gpu/e", "torchrec/f")),
    *(f"{WORLD.workspace}/{name}" for name in ("xla/README", "base_dist/x.whl", "test/inductor/test_a.py")),
    *(f"{WORLD.workspace}/build/bin/{name}" for name in ("a b xpu", "xpu_sycl", "vec256_test_x")),
    *(
        f"{TORCH}/{name}"
        for name in ("bin/test_mobile_nnc", "bin/aot_model_compiler_test", "lib/libtorch.so", "lib/libc10.so")
    ),
    "/opt/intel/oneapi/umf/latest/env/vars.sh",
]


def planned(case: Case) -> Plan:
    return observe(ci_port.pytorch.main, WORLD, case).plan


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(Recorder(PROJECT.script, WORLD))


def explain(result: Result) -> str:
    commands = "\n  ".join(see_both(result, WORLD.env, "tools/ci-port", []))
    return f"{result.verdict.value}: {result.difference or result.failures}\n  {commands}"


@settings(suppress_health_check=list(HealthCheck))
@given(case=strategies.cases(VOCABULARY, WORLD, planned, ALWAYS, CARRIED, FILES))
def test_the_port_does_what_the_script_does(recorder: Recorder, case: Case) -> None:
    result = judge(case, recorder.observe, lambda same: observe(ci_port.pytorch.main, WORLD, same))
    # A random answer may make a probe's output up on both sides: that is what the test is for.
    if result.difference is not None or result.failed or result.verdict is Verdict.NOT_PORTED:
        note(explain(result))
        pytest.fail(explain(result))


def test_the_script_itself_is_what_is_compared() -> None:
    assert Path(PROJECT.script).name == "test.sh"
    assert {"BUILD_ENVIRONMENT", "TEST_CONFIG"} <= set(VOCABULARY.fragments)
    assert len(VOCABULARY.fragments["TEST_CONFIG"]) > 40
