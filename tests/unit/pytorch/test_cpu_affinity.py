"""What the benchmarks on a CPU get (docs/pytorch.md#cpu-affinity)."""

from __future__ import annotations

import pytest

from ci_port.host import Session
from ci_port.model import Overlay, Rule
from ci_port.pytorch import cpu_affinity
from tests.unit.pytorch.plans import exported, failing, plan

MAX = ("python", "-c", "import os; print(max(os.sched_getaffinity(0)))")
LSCPU = "Thread(s) per core: {}\n"


def pinned(sh: Session) -> None:
    """Set the affinity, then run something."""
    cpu_affinity.test_inductor_set_cpu_affinity(sh)
    sh.run("after")


def test_libraries_are_put_in_front_one_by_one() -> None:
    """An empty old value leaves a colon; on aarch64 there is one library less."""
    jemalloc, openmp = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2", "/opt/conda/bin/../lib/libiomp5.so"
    assert exported(plan(pinned), "LD_PRELOAD") == [f"{jemalloc}:", f"{openmp}:{jemalloc}:"]
    assert exported(plan(pinned, {"TEST_CONFIG": "aarch64", "LD_PRELOAD": "/x"}), "LD_PRELOAD") == [f"{jemalloc}:/x"]
    no_python = failing("which", "python")
    assert str(exported(plan(pinned, overlay=no_python), "LD_PRELOAD")[-1]).startswith("./../lib/libiomp5.so:")


@pytest.mark.parametrize(
    ("config", "cpus", "threads", "last", "cores", "taskset"),
    [
        ("x", "8\n", LSCPU.format(2), "7\n", "4", "taskset -c 0-5"),
        ("x", "8\n", LSCPU.format(3), "1\n", "2", "taskset -c 0--2"),
        ("x", "64\n", LSCPU.format(1), "63\n", "64", "taskset -c 0-62"),
        ("aarch64", "64\n", LSCPU.format(1), "63\n", "16", "taskset -c 0-62"),
        ("aarch64", "16\n", LSCPU.format(1), "15\n", "16", "taskset -c 0-14"),
        ("x", "8\n", LSCPU.format(2), "", "4", "taskset -c 0--2"),
    ],
)
def test_cores(config: str, cpus: str, threads: str, last: str, cores: str, taskset: str) -> None:
    """Integer division, and the last core stays free."""
    overlay = Overlay((Rule(("nproc",), 0, cpus), Rule(("lscpu",), 0, threads), Rule(MAX, 0, last)))
    result = plan(pinned, {"TEST_CONFIG": config}, overlay)
    assert exported(result, "OMP_NUM_THREADS") == [cores]
    assert exported(result, "TASKSET") == [taskset]


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        (Rule(("nproc",), 6), 6),
        (Rule(("lscpu",), 6), 1),
        (Rule(("lscpu",), 6, LSCPU.format(2)), 6),
        (Rule(("lscpu",), 0, LSCPU.format(0)), 1),
        (Rule(("lscpu",), 0, LSCPU.format(2) * 2), 1),
        (Rule(("lscpu",), 0, LSCPU.format("08")), 1),
        (Rule(MAX, 6, "7\n"), 6),
        (Rule(MAX, 6, "a b\n"), 1),
        (Rule(("find", "**"), 6), 6),
    ],
)
def test_stops(rule: Rule, status: int) -> None:
    """A failing probe with its status, impossible arithmetic with 1, no matching line with 1."""
    assert plan(pinned, overlay=Overlay((rule,))).status == status
