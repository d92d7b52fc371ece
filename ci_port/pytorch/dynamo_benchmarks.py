"""The dynamo benchmarks: accuracy, performance, and the dashboard's matrix (docs/pytorch.md#dynamo-benchmarks)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ci_port.host import Session, function
from ci_port.model import ALWAYS, Condition, Variable
from ci_port.pytorch.benchmark_flags import PERF
from ci_port.pytorch.cpu_affinity import test_inductor_set_cpu_affinity
from ci_port.pytorch.helpers import make_reports_directory
from ci_port.pytorch.names import CPU, TAG, TC

MODE = Variable("mode")
TARGET = Variable("target")
DEVICE = Variable("device")
SUITE = Variable("suite")
INFERENCE = MODE.equals("inference")
PERF_COMPARE = TC.contains("perf_compare")

BACKEND = ("--backend", "inductor")


@dataclass(frozen=True)
class DashboardRun:
    """A row of the matrix: `python SUITE.py TARGET-FLAGS --MODE precision before ARGS after --output FILE`.

    `name` is the kind in the file name; `precision` stands there too, and as a flag if it is `quant`. Without a
    precision of its own the row takes the mode's `$dtype`.
    """

    when: Condition
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


_MAX_AUTOTUNE = {"TORCHINDUCTOR_MAX_AUTOTUNE": "1"}
_NO_CUDAGRAPHS = "--disable-cudagraphs"

DASHBOARD: tuple[DashboardRun, ...] = (
    DashboardRun(TAG.contains("default-true"), "no_cudagraphs", (*BACKEND, _NO_CUDAGRAPHS)),
    DashboardRun(TAG.contains("cudagraphs-true"), "with_cudagraphs", BACKEND),
    DashboardRun(TAG.contains("dynamic-true"), "dynamic", (*BACKEND, "--dynamic-shapes", "--dynamic-batch-only")),
    DashboardRun(
        TAG.contains("cppwrapper-true"),
        "cpp_wrapper",
        (*BACKEND, _NO_CUDAGRAPHS),
        env={"TORCHINDUCTOR_CPP_WRAPPER": "1"},
    ),
    DashboardRun(
        TAG.contains("freezing_cudagraphs-true") & INFERENCE,
        "with_cudagraphs_freezing",
        BACKEND,
        ("--freezing",),
    ),
    DashboardRun(
        TAG.contains("freeze_autotune_cudagraphs-true") & INFERENCE,
        "with_cudagraphs_freezing_autotune",
        BACKEND,
        ("--freezing",),
        env=_MAX_AUTOTUNE,
    ),
    DashboardRun(
        TAG.contains("aotinductor-true") & INFERENCE & TARGET.equals("accuracy"),
        "export",
        ("--export", _NO_CUDAGRAPHS),
    ),
    DashboardRun(
        TAG.contains("aotinductor-true") & INFERENCE, "aot_inductor", ("--export-aot-inductor", _NO_CUDAGRAPHS)
    ),
    DashboardRun(TAG.contains("maxautotune-true"), "max_autotune", BACKEND, env=_MAX_AUTOTUNE),
)
"""The matrix but for its last row, in order. Tests on the tag overlap, meant or not (docs/pytorch.md#substrings)."""

LOW_PRECISION = TAG.contains("cudagraphs_low_precision-true") & INFERENCE
"""When the last row of the matrix is run: the quantized one, with the copy behind it (docs/pytorch.md#dashboard)."""

DEVICES: tuple[tuple[Condition, str], ...] = (
    (TC.contains("cpu_x86_zen"), "cpu_x86_zen"),
    (TC.contains("cpu_x86"), "cpu_x86"),
    (TC.contains("cpu_aarch64"), "cpu_aarch64"),
    (CPU, "cuda"),  # Any other `cpu` in the name keeps the default: a bug of the script, and of this port.
    (TC.contains("cuda_a10g"), "cuda_a10g"),
    (TC.contains("h100"), "cuda_h100"),
    (TC.contains("b200"), "cuda_b200"),
    (TC.contains("rocm"), "rocm"),
    (ALWAYS, "cuda"),
)
"""The device in the dashboard's file names (docs/pytorch.md#dashboard): the first match counts."""

TARGET_FLAGS = {
    "accuracy": ("--accuracy", "--no-translation-validation"),
    "performance": ("--performance", "--cold-start-latency"),
}

ONLY_MODELS: tuple[tuple[Condition, str], ...] = (
    (SUITE.equals("huggingface"), "DistillGPT2"),
    (SUITE.equals("timm_models"), "inception_v3"),
    (SUITE.equals("torchbench"), "BERT_pytorch"),
)
"""The one model of a suite that the few B200 machines run (docs/pytorch.md#dynamo-benchmark)."""


@function
def test_perf_for_dashboard(sh: Session, suite: str, *args: str) -> None:
    """Run the dashboard's matrix: modes x targets x rows (docs/pytorch.md#dashboard)."""
    sh.local(suite=suite)
    make_reports_directory(sh)
    sh.local(backend="inductor")
    modes = [mode for mode in ("training", "inference") if sh.test(TAG.contains(f"{mode}-true"))]
    sh.local_array("modes", modes)
    sh.local_array("targets", TARGET_FLAGS)
    sh.local(device=next(device for when, device in DEVICES if sh.test(when)))
    if sh.test(CPU):
        test_inductor_set_cpu_affinity(sh)
    for _ in sh.each("mode", modes):
        sh["dtype"] = "bfloat16" if sh.test(INFERENCE & ~DEVICE.equals("cpu_x86")) else "amp"
        for target in sh.each("target", TARGET_FLAGS):
            freezing = ("--freezing",) if sh.test(TAG.contains("freezing-true")) else ()
            sh.local_array("target_flag", (*TARGET_FLAGS[target], *freezing))
            run_dashboard_rows(sh, args)


def run_dashboard_rows(sh: Session, args: tuple[str, ...]) -> None:
    """Run the rows of the matrix that hold for the current mode and target."""
    for row in DASHBOARD:
        if sh.test(row.when):
            flags = (f"--{sh['dtype']}", *row.before, *args, *row.after)
            sh.run(*dashboard_command(sh, flags, report(sh, row.name, sh["dtype"])), env=row.env)
    if sh.test(LOW_PRECISION):
        # The file with full precision takes the place of whatever the quantized run wrote, even if there is none.
        low_precision = report(sh, "cudagraphs_low_precision", "quant")
        sh.ok(*dashboard_command(sh, ("--quant", *BACKEND, *args), low_precision))
        sh.run("cp", report(sh, "with_cudagraphs", sh["dtype"]), low_precision)


def dashboard_command(sh: Session, flags: tuple[str, ...], output: str) -> tuple[str, ...]:
    """Return the words of one run for the current suite, mode and target."""
    program = (*sh.split(sh["TASKSET"]), "python", f"benchmarks/dynamo/{sh['suite']}.py")
    return (*program, *sh.array("target_flag"), f"--{sh['mode']}", *flags, "--output", output)


def report(sh: Session, kind: str, precision: str) -> str:
    """Return the file that one run of the matrix writes."""
    what = "_".join(("inductor", kind, sh["suite"], precision, sh["mode"], sh["device"], sh["target"]))
    return f"{sh['TEST_REPORTS_DIR']}/{what}.csv"


@function
def test_single_dynamo_benchmark(sh: Session, name: str, suite: str, shard_id: str, *args: str) -> None:
    """Run one benchmark, the way the configuration asks for (docs/pytorch.md#single-benchmark)."""
    sh.local(name=name, suite=suite, shard_id=shard_id)
    make_reports_directory(sh)
    sh.local_array("partition_flags", partition(sh))
    flags = (*sh.array("DYNAMO_BENCHMARK_FLAGS"), *args, *sh.array("partition_flags"))
    if sh.test(PERF_COMPARE):
        run_perf_compare(sh, flags)
    elif sh.test(PERF):
        test_perf_for_dashboard(sh, suite, *flags)
    else:
        check_accuracy_and_graph_breaks(sh, flags)


def partition(sh: Session) -> tuple[str, ...]:
    """Return the words for the benchmark's part of the suite; never none (docs/pytorch.md#no-partition)."""
    if sh.test(Variable("NUM_TEST_SHARDS").nonempty() & Variable("shard_id").nonempty()):
        return ("--total-partitions", sh["NUM_TEST_SHARDS"], "--partition-id", sh["shard_id"])
    return ()


def run_perf_compare(sh: Session, flags: tuple[str, ...]) -> None:
    """Measure the suite's performance, outside of the dashboard (docs/pytorch.md#single-benchmark)."""
    program = ("python", f"benchmarks/dynamo/{sh['suite']}.py")
    how = ("--ci", "--performance", "--disable-cudagraphs", "--inductor")
    sh.run(*program, *how, *flags, "--output", f"{sh['TEST_REPORTS_DIR']}/{sh['name']}_{sh['suite']}.csv")


def check_accuracy_and_graph_breaks(sh: Session, flags: tuple[str, ...]) -> None:
    """Compare; the name of an instruction set leaves the configuration for good (docs/pytorch.md#single-benchmark)."""
    for instructions in ("_avx2", "_avx512"):
        if sh.test(TC.contains(instructions)):
            sh["TEST_CONFIG"] = sh["TEST_CONFIG"].replace(instructions, "")
    actual = f"{sh['TEST_REPORTS_DIR']}/{sh['name']}_{sh['suite']}.csv"
    how = ("--ci", "--accuracy", "--timing", "--explain", "--print-compilation-time")
    sh.run("python", f"benchmarks/dynamo/{sh['suite']}.py", *how, *flags, "--output", actual)
    expected = f"ci_expected_accuracy/{sh['MAYBE_ROCM']}{sh['TEST_CONFIG']}_{sh['name']}.csv"
    for check in ("check_accuracy.py", "check_graph_breaks.py"):
        files = ("--actual", actual, "--expected", f"benchmarks/dynamo/{expected}")
        sh.run("python", f"benchmarks/dynamo/{check}", *files)


@function
def test_dynamo_benchmark(sh: Session, suite: str, shard_id: str, *args: str) -> None:
    """Choose precision and modes by the configuration's name, first match (docs/pytorch.md#dynamo-benchmark)."""
    sh.local(suite=suite, shard_id=shard_id)
    sh["TEST_REPORTS_DIR"] = f"{sh.cwd}/test/test-reports"
    if sh.test(PERF_COMPARE):
        benchmark_training(sh, *args)
    elif sh.test(PERF):
        benchmark_for_dashboard(sh, *args)
    elif sh.test(CPU):
        benchmark_inference_on_cpu(sh, *args)
    elif sh.test(TC.contains("aot_inductor") | TC.contains("max_autotune_inductor")):
        benchmark_inference(sh, *args)
    else:
        benchmark_inference(sh, *args)
        benchmark_training(sh, *args)


def benchmark_training(sh: Session, *args: str) -> None:
    """Measure training, with mixed precision (docs/pytorch.md#dynamo-benchmark)."""
    test_single_dynamo_benchmark(sh, "training", sh["suite"], sh["shard_id"], "--training", "--amp", *args)


def benchmark_inference(sh: Session, *args: str) -> None:
    """Measure inference, with half precision (docs/pytorch.md#dynamo-benchmark)."""
    test_single_dynamo_benchmark(sh, "inference", sh["suite"], sh["shard_id"], "--inference", "--bfloat16", *args)


def benchmark_for_dashboard(sh: Session, *args: str) -> None:
    """Measure for the dashboard; on B200 one model, by an export that stays (docs/pytorch.md#dynamo-benchmark)."""
    if sh.test(TC.contains("b200")):
        for when, model in ONLY_MODELS:
            if sh.test(when):
                sh.export(TORCHBENCH_ONLY_MODELS=model)
    test_single_dynamo_benchmark(sh, "dashboard", sh["suite"], sh["shard_id"], *args)


def benchmark_inference_on_cpu(sh: Session, *args: str) -> None:
    """Measure inference on a CPU, in the precision that the configuration names (docs/pytorch.md#dynamo-benchmark)."""
    sh.local(dt="amp" if sh.test(TC.contains("amp")) else "float32")
    freezing = ("--freezing",) if sh.test(TC.contains("freezing")) else ()
    how = ("--inference", f"--{sh['dt']}", *freezing)
    test_single_dynamo_benchmark(sh, "inference", sh["suite"], sh["shard_id"], *how, *args)
