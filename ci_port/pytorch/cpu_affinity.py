"""Threads that stay where they are, and a fast allocator: for benchmarks on a CPU (docs/pytorch.md#cpu-affinity)."""

from __future__ import annotations

from ci_port.host import Session, function
from ci_port.host.filters import field, matching
from ci_port.model import Variable
from ci_port.pytorch.names import TC

AARCH64 = TC.contains("aarch64")

MALLOC_CONF = "oversize_threshold:1,background_thread:true,metadata_thp:auto,dirty_decay_ms:-1,muzzy_decay_ms:-1"


@function
def test_inductor_set_cpu_affinity(sh: Session) -> None:
    """Preload libraries, set `TASKSET` to all cores but the last; all exports stay (docs/pytorch.md#cpu-affinity)."""
    sh.assign("JEMALLOC_LIB", sh.output("find", "/usr/lib", "-name", "libjemalloc.so.2"))
    preload(sh, sh["JEMALLOC_LIB"])
    sh.export(MALLOC_CONF=MALLOC_CONF)
    if sh.test(~AARCH64):
        preload_openmp(sh)
    count_cores(sh)
    sh.export(OMP_NUM_THREADS=sh["cores"])
    sh.assign("start_cpu", sh.output("python", "-c", "import os; print(min(os.sched_getaffinity(0)))"))
    last = sh.output("python", "-c", "import os; print(max(os.sched_getaffinity(0)))")
    failed = sh.status
    sh["end_cpu"] = sh.arithmetic(f"{last} - thread_per_core")
    sh.settle(failed)
    sh.export(TASKSET=f"taskset -c {sh['start_cpu']}-{sh['end_cpu']}")


def preload(sh: Session, library: str) -> None:
    """Put a library in front; an empty old value leaves a colon at the end (docs/pytorch.md#cpu-affinity)."""
    sh.export(LD_PRELOAD=f"{library}:{sh['LD_PRELOAD']}")


def preload_openmp(sh: Session) -> None:
    """Preload the OpenMP beside python; without python, beside the current directory (docs/pytorch.md#cpu-affinity)."""
    directory = sh.output("which", "python").rpartition("/")[0] or "."
    sh["IOMP_LIB"] = f"{directory}/../lib/libiomp5.so"
    preload(sh, sh["IOMP_LIB"])
    sh.export(KMP_AFFINITY="granularity=fine,compact,1,0")
    sh.export(KMP_BLOCKTIME="1")


def count_cores(sh: Session) -> None:
    """Set `cores`, one thread each, and no more than 16 on aarch64 (docs/pytorch.md#cpu-affinity)."""
    sh.assign("cpus", sh.output("nproc"))
    threads = (matching(r"Thread\(s\) per core:"), field(4))
    sh.assign("thread_per_core", sh.output("lscpu", through=threads))
    sh["cores"] = sh.arithmetic("cpus / thread_per_core")
    if sh.test(AARCH64 & Variable("cores").compare("-gt", 16)):
        sh["cores"] = "16"
