"""The flags that a configuration's name stands for (docs/pytorch.md#benchmark-flags)."""

from __future__ import annotations

import pytest

from ci_port.host import Session
from ci_port.pytorch import benchmark_flags
from tests.unit.pytorch.plans import plan, texts


@pytest.mark.parametrize(
    ("config", "flags"),
    [
        ("x", "--device cuda"),
        ("dynamo_eager_aot_eager", "--backend eager --device cuda"),
        ("aot_eager_aot_inductor", "--backend aot_eager --device cuda"),
        ("aot_inductor_max_autotune_inductor", "--export-aot-inductor --device cuda"),
        ("max_autotune_inductor", "--inductor --inductor-compile-mode max-autotune --device cuda"),
        ("inductor_x", "--inductor --device cuda"),
        ("inductor_perf", "--device cuda"),
        ("dynamic_cpu_inductor", "--inductor --dynamic-shapes --dynamic-batch-only --device cpu"),
        ("aot_inductor_perf", "--export-aot-inductor --device cuda"),
    ],
)
def test_flags(config: str, flags: str) -> None:
    """One backend at most, then shapes, then the device."""

    def program(sh: Session) -> None:
        benchmark_flags.collect_dynamo_benchmark_flags(sh)
        sh.run(*sh.array("DYNAMO_BENCHMARK_FLAGS"))

    assert texts(plan(program, {"TEST_CONFIG": config})) == [flags]
