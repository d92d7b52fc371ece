"""Benchmarks with a form of their own (docs/pytorch.md#other-benchmarks)."""

from __future__ import annotations

import pytest

from ci_port.model import Overlay
from ci_port.pytorch import other_benchmarks
from tests.unit.pytorch.plans import CLEAN, CUDA, PLAIN, before_another, executed, exported, failing, plan, texts

LIST = "/var/lib/jenkins/workspace/benchmarks/dynamo/expected_ci_speedup_inductor_torchbench_cpu.csv"


@pytest.mark.parametrize(("shard", "suite"), [("1", "torchbench"), ("2", "huggingface")])
def test_cachebench(shard: str, suite: str) -> None:
    """Two modes, each with and without dynamic shapes."""
    commands = texts(plan(other_benchmarks.test_cachebench, {"SHARD_NUMBER": shard}))[1:]
    assert [text.rpartition("/")[2] for text in commands] == [
        f"cachebench_{suite}_{mode}{dynamic}.json" for mode in ("training", "inference") for dynamic in ("", "_dynamic")
    ]


def test_cachebench_without_suite_stops() -> None:
    """After making the directory."""
    result = plan(other_benchmarks.test_cachebench, {"SHARD_NUMBER": "01"})
    assert len(result.steps) == 1
    assert result.status == 1


def test_verify_cachebench_needs_a_report() -> None:
    """With something in it."""
    report = "/opt/tmp/dir0/test.json"
    assert plan(other_benchmarks.test_verify_cachebench).status == 0
    assert plan(other_benchmarks.test_verify_cachebench, overlay=Overlay(absent=(report,))).status == 1
    assert plan(other_benchmarks.test_verify_cachebench, overlay=Overlay(files=((report, ""),))).status == 1


def test_micro_benchmark_has_its_own_architectures() -> None:
    """On CUDA."""
    result = plan(other_benchmarks.test_inductor_micro_benchmark, {"BUILD_ENVIRONMENT": CUDA})
    assert exported(result, "TORCH_CUDA_ARCH_LIST") == ["8.0;8.6"]


def smoketest(text: str | None) -> list[str]:
    """Return the commands of the loop over a list of models, as far as they name a model."""
    overlay = Overlay(absent=(LIST,)) if text is None else Overlay(files=((LIST, text),))
    result = plan(other_benchmarks.test_inductor_torchbench_cpu_smoketest_perf, overlay=overlay)
    return [step.argv[step.argv.index("--only") + 1] for step in executed(result) if "--only" in step.argv]


def test_cpu_smoketest_runs_a_line_each() -> None:
    """Also the last one without newline, and an empty one; not comments."""
    assert smoketest("a,i,amp,static,cpp,1\n # b\n\n#c\nd") == ["a", "", "d"]


def test_cpu_smoketest_shares_its_input() -> None:
    """A word `-` lets the benchmark eat what is left."""
    assert smoketest("-,i,amp,static,cpp,1\nb\n") == ["-"]


@pytest.mark.parametrize("text", ["", "# only\n", None])
def test_cpu_smoketest_without_models_stops(text: str | None) -> None:
    """With 1."""
    assert smoketest(text) == []
    overlay = Overlay(absent=(LIST,)) if text is None else Overlay(files=((LIST, text),))
    assert plan(other_benchmarks.test_inductor_torchbench_cpu_smoketest_perf, overlay=overlay).status == 1


def test_wrapper_stays_within_the_loop() -> None:
    """From line to line, and not after it."""
    overlay = Overlay(files=((LIST, "a,,,,cpp\nb,,,,cpp\nc,,,,x\n"),))
    result = plan(
        before_another(other_benchmarks.test_inductor_torchbench_cpu_smoketest_perf),
        {"TORCHINDUCTOR_CPP_WRAPPER": "0"},
        overlay,
    )
    assert exported(result, "TORCHINDUCTOR_CPP_WRAPPER") == ["1", None, "0"]


def test_failure_in_the_loop_stops() -> None:
    """With its status."""
    result = plan(other_benchmarks.test_inductor_torchbench_cpu_smoketest_perf, overlay=failing("cat", "*", status=6))
    assert result.status == 6
    assert texts(result)[-1].startswith("cat")


def test_operator_benchmarks_do_not_come_back() -> None:
    """They end in their own directory."""
    result = plan(lambda sh: other_benchmarks.test_operator_benchmark(sh, "cpu", "short"))
    assert executed(result)[-1].cwd == "benchmarks/operator_benchmark"
    result = plan(other_benchmarks.test_operator_microbenchmark)
    runs = executed(result)[2:]
    assert [step.cwd for step in runs] == ["benchmarks/operator_benchmark"] * 8
    assert [step.argv[2] for step in runs[::2]] == [f"pt.{test}_test" for test in ("matmul", "mm", "addmm", "bmm")]


@pytest.mark.parametrize(
    ("build", "config", "actions", "uploads"),
    [(CUDA, "x", "true", 0), (CUDA, "x", "", 3), (CUDA, "nogpu", "", None), (PLAIN, "x", "", None)],
)
def test_benchmarks(build: str, config: str, actions: str, uploads: int | None) -> None:
    """On cards only; uploaded by hand outside GitHub."""
    env = {"BUILD_ENVIRONMENT": build, "TEST_CONFIG": config, "GITHUB_ACTIONS": actions}
    commands = texts(plan(other_benchmarks.test_benchmarks, env))
    assert bool(commands) == (uploads is not None)
    assert sum("upload_scribe" in text for text in commands) == (uploads or 0)


def test_smoketest_perf_missing_directory() -> None:
    """A path that cannot be resolved is an empty word."""
    commands = texts(plan(other_benchmarks.test_inductor_torchbench_smoketest_perf, {"MAYBE_ROCM": "rocm/"}))
    assert len(commands) == 3 + 2 * 3 + 5 * 2
    assert commands[-1].endswith("ci_expected_accuracy/rocm/inductor_huggingface_training.csv")


def test_gcp_and_overrides() -> None:
    """Each in a directory of its own."""
    result = plan(other_benchmarks.test_torchbench_gcp_smoketest, {"TORCHBENCHPATH": "/torchbench"})
    assert [step.cwd for step in executed(result)] == ["/torchbench"]
    result = plan(other_benchmarks.test_torch_function_benchmark)
    assert [step.cwd for step in executed(result)] == ["benchmarks/overrides_benchmark"] * 5 + ["."]
    assert texts(result)[-1] == CLEAN
