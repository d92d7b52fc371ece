"""Benchmark suites with a form of their own (docs/pytorch.md#other-benchmarks)."""

from __future__ import annotations

from collections.abc import Iterator

from ci_port.host import Session, Stream, function
from ci_port.host.filters import without
from ci_port.model import Condition, Variable
from ci_port.pytorch.cpu_affinity import test_inductor_set_cpu_affinity
from ci_port.pytorch.helpers import assert_git_not_dirty, install_torchao, make_reports_directory, pip_install
from ci_port.pytorch.names import CPU, CUDA, NOGPU, SHARD

CACHEBENCH = "benchmarks/dynamo/cachebench.py"
TORCHBENCH = "benchmarks/dynamo/torchbench.py"

CACHEBENCH_SUITES: tuple[tuple[Condition, str], ...] = (
    (SHARD.equals("1"), "torchbench"),
    (SHARD.equals("2"), "huggingface"),
)

WARM_START_MODELS = (
    "AllenaiLongformerBase",
    "DistilBertForMaskedLM",
    "DistillGPT2",
    "GoogleFnet",
    "YituTechConvBert",
)

OPERATORS = ("matmul", "mm", "addmm", "bmm")

OVERRIDES = (
    ("bench.py", "-n", "1", "-m", "2"),
    ("pyspybench.py", "Tensor", "-n", "1"),
    ("pyspybench.py", "SubTensor", "-n", "1"),
    ("pyspybench.py", "WithTorchFunction", "-n", "1"),
    ("pyspybench.py", "SubWithTorchFunction", "-n", "1"),
)

FASTRNNS = (
    ("fastrnns_default", "--fuser=default", "--executor=default"),
    ("fastrnns_legacy_old", "--fuser=old", "--executor=legacy"),
    ("fastrnns_profiling_te", "--fuser=te", "--executor=profiling"),
)


def taskset(sh: Session) -> list[str]:
    """Return the words of `TASKSET`, a prefix of the command or nothing (docs/pytorch.md#words)."""
    return sh.split(sh["TASKSET"])


@function
def test_cachebench(sh: Session) -> None:
    """Measure the compiler's caches; a shard without a suite stops with 1 (docs/pytorch.md#cachebench)."""
    make_reports_directory(sh)
    suite = next((suite for when, suite in CACHEBENCH_SUITES if sh.test(when)), None)
    sh.local(BENCHMARK=suite)
    if suite is None:
        sh.echo(f"There is no benchmark for shard {sh['SHARD_NUMBER']}")
        sh.exit(1)
    modes = ("training", "inference")
    sh.local_array("mode_options", modes)
    for mode in sh.each("mode", modes):
        report = f"{sh['TEST_REPORTS_DIR']}/cachebench_{suite}_{mode}"
        what = ("--device", "cuda", "--benchmark", suite, "--repeat", "3", "--output")
        sh.run(*taskset(sh), "python", CACHEBENCH, "--mode", mode, *what, f"{report}.json")
        sh.run(*taskset(sh), "python", CACHEBENCH, "--mode", mode, "--dynamic", *what, f"{report}_dynamic.json")


@function
def test_verify_cachebench(sh: Session) -> None:
    """Run that benchmark on one small model; a run without report stops with 1 (docs/pytorch.md#cachebench)."""
    sh.assign("TMP_TEST_REPORTS_DIR", sh.output("mktemp", "-d"))
    sh["TEST_OUTPUT"] = f"{sh['TMP_TEST_REPORTS_DIR']}/test.json"
    what = ("--mode", "training", "--device", "cpu", "--model", "nanogpt", "--benchmark", "torchbench")
    sh.run(*taskset(sh), "python", CACHEBENCH, *what, "--output", sh["TEST_OUTPUT"])
    if not sh.has_content(sh["TEST_OUTPUT"]):
        sh.echo(f"The benchmark wrote no report to {sh['TEST_OUTPUT']}")
        sh.exit(1)


@function
def test_inductor_micro_benchmark(sh: Session) -> None:
    """Measure generation; makes no report directory, and does not use `TASKSET` (docs/pytorch.md#micro-benchmark)."""
    if sh.test(CUDA):
        sh.export(TORCH_CUDA_ARCH_LIST="8.0;8.6")
    install_torchao(sh)
    sh["TEST_REPORTS_DIR"] = f"{sh.cwd}/test/test-reports"
    if sh.test(CPU):
        test_inductor_set_cpu_affinity(sh)
    report = f"{sh['TEST_REPORTS_DIR']}/gpt_fast_benchmark.csv"
    sh.run("python", "benchmarks/gpt_fast/benchmark.py", "--output", report)


@function
def test_inductor_torchbench_smoketest_perf(sh: Session) -> None:
    """Check speed, memory, and results after a warm start, on a card (docs/pytorch.md#gpu-smoketest)."""
    make_reports_directory(sh)
    report = f"{sh['TEST_REPORTS_DIR']}/inductor_training_smoketest.csv"
    how = ("--device", "cuda", "--performance", "--backend", "inductor")
    what = ("--float16", "--training", "--batch-size-file", batch_sizes(sh), "--only", "BERT_pytorch")
    sh.run("python", TORCHBENCH, *how, *what, "--output", report)
    sh.run("python", "benchmarks/dynamo/check_perf_csv.py", "-f", report, "-t", "1.4")
    for test in sh.each("test", ("BERT_pytorch", "yolov3")):
        check_memory(sh, test, how)
    for test in sh.each("test", WARM_START_MODELS):
        check_warm_start(sh, test)


def batch_sizes(sh: Session) -> str:
    """Return the absolute path of the models' batch sizes; empty if its directory is missing."""
    return sh.realpath("benchmarks/dynamo/torchbench_models_list.txt")


def check_memory(sh: Session, test: str, how: tuple[str, ...]) -> None:
    """Compare a model's use of memory with a recorded value (docs/pytorch.md#gpu-smoketest)."""
    report = f"{sh['TEST_REPORTS_DIR']}/inductor_training_smoketest_{test}.csv"
    what = ("--amp", "--training", "--disable-cudagraphs", "--batch-size-file", batch_sizes(sh), "--only", test)
    sh.run("python", TORCHBENCH, *how, *what, "--output", report)
    sh.run("cat", report)
    expected = "benchmarks/dynamo/expected_ci_perf_inductor_torchbench.csv"
    check = "benchmarks/dynamo/check_memory_compression_ratio.py"
    sh.run("python", check, "--actual", report, "--expected", expected)


def check_warm_start(sh: Session, test: str) -> None:
    """Compare a model's results after a warm start with the expected ones (docs/pytorch.md#gpu-smoketest)."""
    report = f"{sh['TEST_REPORTS_DIR']}/inductor_warm_start_smoketest_{test}.csv"
    how = ("--accuracy", "--training", "--amp", "--inductor", "--device", "cuda", "--warm-start-latency")
    sh.run("python", "benchmarks/dynamo/huggingface.py", *how, "--only", test, "--output", report)
    expected = f"benchmarks/dynamo/ci_expected_accuracy/{sh['MAYBE_ROCM']}inductor_huggingface_training.csv"
    sh.run("python", "benchmarks/dynamo/check_accuracy.py", "--actual", report, "--expected", expected)


@function
def test_inductor_torchbench_cpu_smoketest_perf(sh: Session) -> None:
    """Measure each line of a list; the loop is the end of a pipeline, so a subshell (docs/pytorch.md#cpu-smoketest)."""
    make_reports_directory(sh)
    test_inductor_set_cpu_affinity(sh)
    sh["MODELS_SPEEDUP_TARGET"] = "benchmarks/dynamo/expected_ci_speedup_inductor_torchbench_cpu.csv"
    models = sh.stream_of(sh["MODELS_SPEEDUP_TARGET"], without("^ *#"))
    listed = sh.status
    with sh.subshell(stdin=models):
        for line in lines(models):
            run_cpu_smoketest(sh, line)
    # `pipefail`: a missing list, or one with nothing but comments, counts once the loop is over.
    sh.settle(listed)


def lines(stream: Stream) -> Iterator[str]:
    """Yield lines for as long as no command of the loop has eaten them."""
    while (line := stream.line()) is not None:
        yield line


def run_cpu_smoketest(sh: Session, line: str) -> None:
    """Measure the model of one line, and compare its speed with the line's target (docs/pytorch.md#cpu-smoketest)."""
    columns = line.split(",")
    sh.set_array("model_cfg", columns)
    name, backend, data_type, shape, wrapper, target, *_ = *columns, *[""] * 6
    sh.local(model_name=name, backend=backend, data_type=data_type, speedup_target=target)
    if wrapper == "cpp":
        sh.export(TORCHINDUCTOR_CPP_WRAPPER="1")
    else:
        sh.unset("TORCHINDUCTOR_CPP_WRAPPER")
    where = sh["TEST_REPORTS_DIR"]
    report = f"{where}/inductor_inference_{name}_{backend}_{data_type}_{shape}_cpu_smoketest.csv"
    sh.local(output_name=report)
    how = ("--inference", "--performance", f"--{data_type}", "-dcpu", "-n50", "--only", name)
    dynamic = ("--dynamic-shapes", "--dynamic-batch-only") if shape == "dynamic" else ()
    limits = ("--freezing", "--timeout", "9000", f"--{backend}", "--output", report)
    sh.run(*taskset(sh), "python", TORCHBENCH, *how, *dynamic, *limits)
    sh.run("cat", report)
    sh.run("python", "benchmarks/dynamo/check_perf_csv.py", "-f", report, "-t", target, "-s", "0.99")


@function
def test_torchbench_gcp_smoketest(sh: Session) -> None:
    """Run torchbench's own tests where it is installed (docs/pytorch.md#gcp-smoketest)."""
    with sh.pushd(sh["TORCHBENCHPATH"]):
        sh.run("python", "test.py", "-v")


@function
def test_operator_benchmark(sh: Session, device: str, tag: str) -> None:
    """Measure operators, and stay in their directory to the end (docs/pytorch.md#operator-benchmark)."""
    make_reports_directory(sh)
    sh["TEST_DIR"] = sh.cwd
    test_inductor_set_cpu_affinity(sh)
    sh.cd("benchmarks/operator_benchmark/pt_extension")
    sh.run("python", "-m", "pip", "install", ".", "-v", "--no-build-isolation")
    sh.cd(f"{sh['TEST_DIR']}/benchmarks/operator_benchmark")
    report = f"{sh['TEST_REPORTS_DIR']}/operator_benchmark_eager_float32_cpu"
    what = ("--device", device, "--tag-filter", tag)
    reports = ("--output-csv", f"{report}.csv", "--output-json-for-dashboard", f"{report}.json")
    sh.run(*taskset(sh), "python", "-m", "benchmark_all_test", *what, *reports)
    pip_install(sh, "pandas")
    expected = "expected_ci_operator_benchmark_eager_float32_cpu.csv"
    sh.run("python", "check_perf_csv.py", "--actual", f"{report}.csv", "--expected", expected)


@function
def test_operator_microbenchmark(sh: Session) -> None:
    """Measure four operators, compiled and not, and stay in their directory (docs/pytorch.md#operator-benchmark)."""
    make_reports_directory(sh)
    sh["TEST_DIR"] = sh.cwd
    sh.cd("benchmarks/operator_benchmark/pt_extension")
    sh.run("python", "-m", "pip", "install", ".")
    sh.cd(f"{sh['TEST_DIR']}/benchmarks/operator_benchmark")
    sh.set_array("OP_BENCHMARK_TESTS", OPERATORS)
    for test in sh.each("test", OPERATORS):
        report = f"{sh['TEST_REPORTS_DIR']}/operator_microbenchmark_{test}"
        what = ("python", "-m", f"pt.{test}_test", "--tag-filter", "long", "--output-json-for-dashboard")
        name = ("--benchmark-name", "PyTorch operator microbenchmark")
        sh.run(*taskset(sh), *what, f"{report}_compile.json", *name, "--use-compile")
        sh.run(*taskset(sh), *what, f"{report}.json", *name)


@function
def test_benchmarks(sh: Session) -> None:
    """Measure recurrent networks, on cards only (docs/pytorch.md#fastrnns)."""
    if not sh.test(CUDA & ~NOGPU):
        return
    pip_install(sh, "pytest-benchmark==3.2.3")
    pip_install(sh, "requests")
    sh["BENCHMARK_DATA"] = "benchmarks/.data"
    sh.run("mkdir", "-p", sh["BENCHMARK_DATA"])
    for name, *how in FASTRNNS:
        report = f"--benchmark-json={sh['BENCHMARK_DATA']}/{name}.json"
        sh.run("pytest", "benchmarks/fastrnns/test_bench.py", "--benchmark-sort=Name", report, *how)
    if sh.test(~Variable("GITHUB_ACTIONS").nonempty()):
        for name, *_ in FASTRNNS:
            report = f"{sh['BENCHMARK_DATA']}/{name}.json"
            sh.run("python", "benchmarks/upload_scribe.py", "--pytest_bench_json", report)
    assert_git_not_dirty(sh)


@function
def test_torch_function_benchmark(sh: Session) -> None:
    """Run the benchmarks of overridden functions, to see that they still run (docs/pytorch.md#overrides-benchmark)."""
    sh.echo("Overrides benchmark")
    with sh.pushd("benchmarks/overrides_benchmark"):
        for benchmark in OVERRIDES:
            sh.run("python", *benchmark)
    assert_git_not_dirty(sh)
