"""Benchmarks and the dashboard's matrix (docs/pytorch.md#dynamo-benchmarks)."""

from __future__ import annotations

import itertools

import pytest

from ci_port.host import Session
from ci_port.model import Overlay
from ci_port.pytorch import dynamo_benchmarks
from tests.unit.pytorch.plans import executed, exported, failing, plan, texts

ALL_TAGS = "-".join(
    f"{name}-true"
    for name in [
        "training",
        "inference",
        "default",
        "cudagraphs",
        "dynamic",
        "cppwrapper",
        "freezing",
        "freezing_cudagraphs",
        "freeze_autotune_cudagraphs",
        "aotinductor",
        "maxautotune",
        "cudagraphs_low_precision",
    ]
)


def benchmark(config: str, tag: str = "", overlay: Overlay | None = None, **env: str) -> list[str]:
    """Return the commands of a benchmark of torchbench, without directories and affinity."""
    variables = {"TEST_CONFIG": config, "NUM_TEST_SHARDS": "2", "DASHBOARD_TAG": tag, **env}
    skipped = ("mkdir", "find", "which", "nproc", "lscpu", "python -c")
    return [text for text in texts(plan(torchbench, variables, overlay)) if not text.startswith(skipped)]


def torchbench(sh: Session) -> None:
    """Run the second part of torchbench."""
    dynamo_benchmarks.test_dynamo_benchmark(sh, "torchbench", "1")


def names(commands: list[str]) -> list[str]:
    """Return the base names of the reports that the commands write."""
    return [text.rpartition("/")[2].removesuffix(".csv") for text in commands]


@pytest.mark.parametrize(
    ("config", "modes"),
    [
        ("perf_compare", ["--training --amp"]),
        ("cpu_x", ["--inference --float32"]),
        ("cpu_amp_freezing", ["--inference --amp --freezing"]),
        ("aot_inductor", ["--inference --bfloat16"]),
        ("max_autotune_inductor", ["--inference --bfloat16"]),
        ("x", ["--inference --bfloat16", "--training --amp"]),
    ],
)
def test_modes(config: str, modes: list[str]) -> None:
    """Precision and modes follow from the name."""
    runs = [text for text in benchmark(config) if "torchbench.py" in text]
    assert len(runs) == len(modes)
    assert all(f"{mode} --total-partitions 2 --partition-id 1" in run for mode, run in zip(modes, runs, strict=True))


def test_accuracy_is_checked_after_each_mode() -> None:
    """Against one expected file."""
    commands = benchmark("rocm_x", MAYBE_ROCM="rocm/")
    assert [text.split()[1].rpartition("/")[2] for text in commands] == [
        "torchbench.py",
        "check_accuracy.py",
        "check_graph_breaks.py",
    ] * 2
    assert commands[1].endswith("--expected benchmarks/dynamo/ci_expected_accuracy/rocm/rocm_x_inference.csv")


def test_instruction_sets_leave_the_configuration() -> None:
    """For good, and seen by commands, as the caller exported it (docs/pytorch.md#single-benchmark)."""
    result = plan(torchbench, {"TEST_CONFIG": "cpu_avx2_x_avx512_avx2"})
    assert exported(result, "TEST_CONFIG") == ["cpu_x"]
    assert texts(result)[-1].endswith("ci_expected_accuracy/cpu_x_inference.csv")
    assert exported(plan(torchbench, {"TEST_CONFIG": "avx2_x"}), "TEST_CONFIG") == []


@pytest.mark.parametrize(
    ("suite", "model"),
    [("huggingface", "DistillGPT2"), ("timm_models", "inception_v3"), ("torchbench", "BERT_pytorch")],
)
def test_b200_runs_one_model(suite: str, model: str) -> None:
    """By suite; the export stays."""
    result = plan(lambda sh: dynamo_benchmarks.test_dynamo_benchmark(sh, suite, "0"), {"TEST_CONFIG": "perf_b200"})
    assert exported(result, "TORCHBENCH_ONLY_MODELS") == [model]


@pytest.mark.parametrize(
    ("config", "device", "precision"),
    [
        ("perf_cpu_x86_zen", "cpu_x86_zen", "bfloat16"),
        ("perf_cpu_x86", "cpu_x86", "amp"),
        ("perf_cpu_aarch64", "cpu_aarch64", "bfloat16"),
        ("perf_cpu_h100", "cuda", "bfloat16"),
        ("perf_cuda_a10g_h100", "cuda_a10g", "bfloat16"),
        ("perf_h100_b200", "cuda_h100", "bfloat16"),
        ("perf_b200", "cuda_b200", "bfloat16"),
        ("perf_rocm", "rocm", "bfloat16"),
        ("perf", "cuda", "bfloat16"),
    ],
)
def test_devices(config: str, device: str, precision: str) -> None:
    """The word in the file names, and the precision of inference."""
    reports = names(benchmark(config, "inference-true-default-true"))
    assert reports == [
        f"inductor_no_cudagraphs_torchbench_{precision}_inference_{device}_{target}"
        for target in ("accuracy", "performance")
    ]


INFERENCE = [
    "no_cudagraphs",
    "with_cudagraphs",
    "dynamic",
    "cpp_wrapper",
    "with_cudagraphs_freezing",
    "with_cudagraphs_freezing_autotune",
    "export",
    "aot_inductor",
    "max_autotune",
]
TRAINING = [*INFERENCE[:4], "max_autotune"]


def test_whole_matrix() -> None:
    """Modes x targets x rows, in order; low precision ends with a copy."""
    expected = []
    for mode, target in itertools.product(("training", "inference"), ("accuracy", "performance")):
        kinds = (
            TRAINING
            if mode == "training"
            else [kind for kind in INFERENCE if (kind, target) != ("export", "performance")]
        )
        precision = "amp" if mode == "training" else "bfloat16"
        expected += [f"inductor_{kind}_torchbench_{precision}_{mode}_cuda_{target}" for kind in kinds]
        if mode == "inference":
            expected += [f"inductor_cudagraphs_low_precision_torchbench_quant_{mode}_cuda_{target}"] * 2
    assert names(benchmark("perf", ALL_TAGS)) == expected


@pytest.mark.parametrize(
    ("tag", "kinds"),
    [
        ("freezing_cudagraphs-true", ["with_cudagraphs", "with_cudagraphs_freezing"]),
        ("freeze_autotune_cudagraphs-true", ["with_cudagraphs", "with_cudagraphs_freezing_autotune"]),
        ("maxautotune-true", ["max_autotune"]),
        ("default-false", []),
    ],
)
def test_tags_overlap(tag: str, kinds: list[str]) -> None:
    """Substrings of one another (docs/pytorch.md#substrings)."""
    reports = names(benchmark("perf", f"inference-true-{tag}"))[: len(kinds)]
    assert reports == [f"inductor_{kind}_torchbench_bfloat16_inference_cuda_accuracy" for kind in kinds]
    assert "--freezing" not in " ".join(benchmark("perf", f"training-true-{tag}"))


def test_low_precision_may_fail_but_its_copy_may_not() -> None:
    """The copy is of a file that may not exist."""
    tag = "inference-true-cudagraphs_low_precision-true"
    result = plan(torchbench, {"TEST_CONFIG": "perf", "DASHBOARD_TAG": tag}, failing("python", "**", status=3))
    assert result.status == 0
    assert plan(torchbench, {"TEST_CONFIG": "perf", "DASHBOARD_TAG": tag}, failing("cp", "**", status=3)).status == 3


def test_prefix_and_variables_of_one_run() -> None:
    """`TASKSET` is split; the row's variable is for its command only."""
    env = {"TEST_CONFIG": "perf", "DASHBOARD_TAG": "training-true-cppwrapper-true", "TASKSET": " taskset -c  0 "}
    result = plan(torchbench, env)
    assert [step.argv[:4] for step in executed(result)[-2:]] == [("taskset", "-c", "0", "python")] * 2
    assert exported(result, "TORCHINDUCTOR_CPP_WRAPPER") == ["1"]
