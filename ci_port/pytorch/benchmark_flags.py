"""The flags that every dynamo benchmark of a job gets, from the name of its configuration (behaviour.md 2.4)."""

from __future__ import annotations

from ci_port.host import Session
from ci_port.model import Condition
from ci_port.pytorch.names import CPU, TC

PERF = TC.contains("perf")

BACKENDS: tuple[tuple[Condition, tuple[str, ...]], ...] = (
    (TC.contains("dynamo_eager"), ("--backend", "eager")),
    (TC.contains("aot_eager"), ("--backend", "aot_eager")),
    (TC.contains("aot_inductor"), ("--export-aot-inductor",)),
    (TC.contains("max_autotune_inductor"), ("--inductor", "--inductor-compile-mode", "max-autotune")),
    (TC.contains("inductor") & ~PERF, ("--inductor",)),
)
"""Rows 1 to 5: only the first match counts."""

SHAPES_AND_DEVICES: tuple[tuple[Condition, tuple[str, ...]], ...] = (
    (TC.contains("dynamic"), ("--dynamic-shapes", "--dynamic-batch-only")),
    (CPU, ("--device", "cpu")),
    (~CPU, ("--device", "cuda")),
)
"""Rows 6 and 7: every match counts."""


def clear_dynamo_benchmark_flags(sh: Session) -> None:
    """Step 36: a value of the caller is discarded and leaves the environment."""
    sh.set_array("DYNAMO_BENCHMARK_FLAGS")


def collect_dynamo_benchmark_flags(sh: Session) -> None:
    """Step 38."""
    backend = next((flags for when, flags in BACKENDS if sh.test(when)), ())
    others = (flag for when, flags in SHAPES_AND_DEVICES if sh.test(when) for flag in flags)
    sh.set_array("DYNAMO_BENCHMARK_FLAGS", (*backend, *others))
