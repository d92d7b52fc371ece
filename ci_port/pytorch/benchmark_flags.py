"""Flags that every dynamo benchmark of a job gets, by its configuration's name (docs/pytorch.md#benchmark-flags)."""

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
"""The backends: only the first match counts."""

SHAPES_AND_DEVICES: tuple[tuple[Condition, tuple[str, ...]], ...] = (
    (TC.contains("dynamic"), ("--dynamic-shapes", "--dynamic-batch-only")),
    (CPU, ("--device", "cpu")),
    (~CPU, ("--device", "cuda")),
)
"""The other flags: every match counts."""


def clear_dynamo_benchmark_flags(sh: Session) -> None:
    """Begin with an empty list: a value of the caller leaves the environment here (docs/pytorch.md#benchmark-flags)."""
    sh.set_array("DYNAMO_BENCHMARK_FLAGS")


def collect_dynamo_benchmark_flags(sh: Session) -> None:
    """Collect one backend at most, then shapes, then the device (docs/pytorch.md#benchmark-flags)."""
    backend = next((flags for when, flags in BACKENDS if sh.test(when)), ())
    others = (flag for when, flags in SHAPES_AND_DEVICES if sh.test(when) for flag in flags)
    sh.set_array("DYNAMO_BENCHMARK_FLAGS", (*backend, *others))
