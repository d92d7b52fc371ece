"""Mistakes that people make, seeded one at a time into the script or into the port.

Each has to be shown by `parity` with the line of the script and the function of the port, and by `diff-plan` in the
group that says what was changed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ci_port.cli import main
from ci_port.dryrun import build
from tests.own_copy import own_copy

ROOT = Path(__file__).resolve().parents[2]
LEGACY = ROOT / "legacy"

UPLOAD = "--upload-artifacts-while-running"
LINUX = "linux-jammy-py3.10-gcc11"
# A build without the handler that gives the workspace back: what a suite runs last is what the script runs last.
PLAIN = "linux-s390x-binary-manywheel"
Job = tuple[tuple[str, str], ...]


def job(config: str, shard: int = 1, shards: int = 1, build: str = LINUX) -> Job:
    names = ("BUILD_ENVIRONMENT", "TEST_CONFIG", "SHARD_NUMBER", "NUM_TEST_SHARDS")
    return tuple(zip(names, (build, config, str(shard), str(shards)), strict=True))


class Seed(NamedTuple):
    """`old` becomes `new` inside the function; `line` starts the line that `parity` names, `edit` is the group."""

    kind: str
    function: str
    job: Job
    old: str
    new: str
    line: str
    edit: tuple[str, tuple[str, ...], tuple[str, ...]]
    nth: int = 1
    fails: tuple[str, ...] = ()
    file: str = "test.sh"


RUN = "python test/run_test.py"
SYMM = job("h100-symm-mem")
DEFAULT_3 = job("default", 3, 5)
EXECUTORCH = job("executorch")
MICRO = job("operator_microbenchmark_test")
DYNAMO = job("dynamo_wrapped", 2, 3)
DYNAMO_1 = job("dynamo_wrapped", 1, 3)
TRITON = f"  {RUN} --include distributed/test_nvshmem_triton.py \\\n    $PYTHON_TEST_EXTRA_OPTION {UPLOAD}\n"
NCCL = f"  {RUN} --include distributed/test_nccl.py \\\n    $PYTHON_TEST_EXTRA_OPTION {UPLOAD}\n"
NVSHMEM = f"  {RUN} --include distributed/test_nvshmem.py \\\n    $PYTHON_TEST_EXTRA_OPTION {UPLOAD}\n"
LINK = '  $SUDO ln -sf "$TORCH_LIB_DIR"/{}* "$TEST_BASE_DIR"\n'
LIB = "/opt/conda/lib/python3.10/site-packages/torch/lib"
CLEAN = "  assert_git_not_dirty"
CUTLASS = 'TORCHINDUCTOR_CUTLASS_DIR=$(realpath "./third_party/cutlass") '
CUTLASS_VALUE = "TORCHINDUCTOR_CUTLASS_DIR=/var/lib/jenkins/workspace/third_party/cutlass"
DOCS = ".ci/pytorch/docs-test.sh"

SCRIPT_SEEDS = [
    # A flag, or what stands for one, is lost.
    Seed("flag lost", "test_python_smoke", job("smoke"), f" {UPLOAD}", "", RUN, ("changed", (UPLOAD,), ())),
    Seed("flag lost", "test_einops", job("einops"), " --verbose", "", RUN, ("changed", ("--verbose",), ())),
    Seed(
        "flag lost", "test_python_legacy_jit", job("jit_legacy"), " --verbose", "", RUN, ("changed", ("--verbose",), ())
    ),
    Seed(
        "flag lost",
        "test_python_shard",
        DEFAULT_3,
        "--exclude-jit-executor ",
        "",
        RUN,
        ("changed", ("--exclude-jit-executor",), ()),
    ),
    Seed(
        "flag lost",
        "test_dynamo_wrapped_shard",
        DYNAMO,
        "    --exclude-torch-export-tests \\\n",
        "",
        RUN,
        ("changed", ("--exclude-torch-export-tests",), ()),
    ),
    Seed(
        "flag lost",
        "test_h100_distributed",
        job("h100_distributed"),
        "-k TestFullyShardAllocFromPG ",
        "",
        f"{RUN} --include distributed/_composable/fsdp",
        ("changed", ("-k", "TestFullyShardAllocFromPG"), ()),
    ),
    # A word is another one.
    Seed(
        "word changed",
        "test_python_smoke_b200",
        job("smoke_b200"),
        "test_scaled_matmul_cuda",
        "test_scaled_matmul",
        RUN,
        ("changed", ("test_scaled_matmul_cuda",), ("test_scaled_matmul",)),
    ),
    Seed(
        "word changed",
        "test_einops",
        job("einops"),
        "einops==0.7.0",
        "einops==0.7.1",
        "pip install einops==0.7.1",
        ("changed", ("einops==0.7.0",), ("einops==0.7.1",)),
    ),
    Seed(
        "word changed",
        "test_h100_symm_mem",
        SYMM,
        "distributed/test_nccl.py",
        "distributed/test_nccl2.py",
        f"{RUN} --include distributed/test_nccl2.py",
        ("changed", ("distributed/test_nccl.py",), ("distributed/test_nccl2.py",)),
    ),
    Seed(
        "word changed",
        "test_linux_aarch64",
        job("default", build="linux-jammy-aarch64-py3.10"),
        "--verbose",
        "--quiet",
        RUN,
        ("changed", ("--verbose",), ("--quiet",)),
    ),
    Seed(
        "word changed",
        "test_aten",
        DYNAMO_1,
        'ls "$TEST_BASE_DIR"',
        'ls -l "$TEST_BASE_DIR"',
        "ls -l",
        ("changed", (), ("-l",)),
    ),
    Seed(
        "word changed",
        "test_operator_microbenchmark",
        MICRO,
        "--tag-filter long",
        "--tag-filter short",
        '$TASKSET python -m "pt.',
        ("changed", ("long",), ("short",)),
    ),
    # A command more.
    Seed(
        "extra command",
        "test_python_smoke",
        job("smoke"),
        CLEAN,
        f"  python extra.py\n{CLEAN}",
        "python extra.py",
        ("added", (), ("python", "extra.py")),
    ),
    Seed(
        "extra command",
        "test_einops",
        job("einops"),
        "  pip install einops==0.8.1",
        "  pip install einops\n  pip install einops==0.8.1",
        "pip install einops",
        ("added", (), ("pip", "install", "einops")),
        nth=3,
    ),
    Seed(
        "extra command",
        "test_python_shard",
        DEFAULT_3,
        CLEAN,
        f"  nvidia-smi\n{CLEAN}",
        "nvidia-smi",
        ("added", (), ("nvidia-smi",)),
    ),
    Seed(
        "extra command",
        "test_aten",
        DYNAMO_1,
        "  aten/tools/run_tests.sh",
        "  ldd build/bin\n  aten/tools/run_tests.sh",
        "ldd build/bin",
        ("added", (), ("ldd", "build/bin")),
    ),
    Seed(
        "extra command",
        "test_dynamo_wrapped_shard",
        DYNAMO,
        f"  {RUN} --dynamo",
        f"  nproc --all\n  {RUN} --dynamo",
        "nproc --all",
        ("added", (), ("nproc", "--all")),
    ),
    # A command less: the script is at the next one already.
    Seed(
        "command lost",
        "test_einops",
        job("einops"),
        "  pip install einops==0.7.0\n",
        "",
        RUN,
        ("removed", ("pip", "install", "einops==0.7.0"), ()),
        nth=2,
    ),
    Seed(
        "command lost",
        "test_h100_symm_mem",
        SYMM,
        NVSHMEM,
        "",
        f"{RUN} --include distributed/test_nvshmem_triton.py",
        ("removed", ("python", "test/run_test.py", "--include", "distributed/test_nvshmem.py", UPLOAD), ()),
    ),
    Seed(
        "command lost",
        "test_dynamo_wrapped_shard",
        DYNAMO,
        "  python tools/dynamo/verify_dynamo.py\n",
        "",
        RUN,
        ("removed", ("python", "tools/dynamo/verify_dynamo.py"), ()),
    ),
    Seed(
        "command lost",
        "test_aten",
        DYNAMO_1,
        LINK.format("libnccl"),
        "",
        '$SUDO ln -sf "$TORCH_LIB_DIR"/libtorch*',
        ("removed", ("ln", "-sf", f"'{LIB}/libnccl*'", "build/bin"), ()),
    ),
    Seed(
        "command lost",
        "test_operator_microbenchmark",
        MICRO,
        "  python -m pip install .\n",
        "",
        '$TASKSET python -m "pt.',
        ("removed", ("python", "-m", "pip", "install", "."), ()),
    ),
    # Two commands the other way round.
    Seed(
        "order swapped",
        "test_h100_symm_mem",
        SYMM,
        TRITON + NCCL,
        NCCL + TRITON,
        f"{RUN} --include distributed/test_nccl.py",
        ("moved", (), ("python", "test/run_test.py", "--include", "distributed/test_nccl.py", UPLOAD)),
    ),
    Seed(
        "order swapped",
        "test_aten",
        DYNAMO_1,
        LINK.format("libc10") + LINK.format("libcaffe2"),
        LINK.format("libcaffe2") + LINK.format("libc10"),
        '$SUDO ln -sf "$TORCH_LIB_DIR"/libcaffe2*',
        ("moved", (), ("ln", "-sf", f"{LIB}/libcaffe2_nvrtc.so", "build/bin")),
    ),
    Seed(
        "order swapped",
        "test_einops",
        job("einops"),
        f"  pip install einops==0.6.1\n  {RUN} --einops --verbose {UPLOAD}\n",
        f"  {RUN} --einops --verbose {UPLOAD}\n  pip install einops==0.6.1\n",
        RUN,
        ("moved", (), ("python", "test/run_test.py", "--einops", "--verbose", UPLOAD)),
    ),
    Seed(
        "order swapped",
        "test_executorch",
        EXECUTORCH,
        "  pytest -v -n auto\n  LLVM_PROFDATA=llvm-profdata-12 LLVM_COV=llvm-cov-12 bash test/run_oss_cpp_tests.sh\n",
        "  LLVM_PROFDATA=llvm-profdata-12 LLVM_COV=llvm-cov-12 bash test/run_oss_cpp_tests.sh\n  pytest -v -n auto\n",
        "LLVM_PROFDATA=",
        ("moved", (), ("bash", "test/run_oss_cpp_tests.sh")),
    ),
    # A variable is lost, or holds something else.
    Seed(
        "variable lost",
        "test_h100_cutlass_backend",
        job("h100_cutlass_backend"),
        CUTLASS,
        "",
        RUN,
        ("variable", (CUTLASS_VALUE,), ()),
    ),
    Seed(
        "variable lost",
        "test_lazy_tensor_meta_reference_disabled",
        job("default", 1, 2),
        "  export TORCH_DISABLE_FUNCTIONALIZATION_META_REFERENCE=1\n",
        "",
        RUN,
        ("variable", ("TORCH_DISABLE_FUNCTIONALIZATION_META_REFERENCE=1",), ()),
    ),
    Seed(
        "variable lost",
        "test_executorch",
        EXECUTORCH,
        "LLVM_PROFDATA=llvm-profdata-12 ",
        "",
        "LLVM_COV=",
        ("variable", ("LLVM_PROFDATA=llvm-profdata-12",), ()),
    ),
    Seed(
        "variable lost",
        "",
        job("crossref", 1, 2),
        "  export PYTORCH_TEST_WITH_CROSSREF=1\n",
        "  :\n",
        '$pip_install_pkg "$@"',
        ("variable", ("PYTORCH_TEST_WITH_CROSSREF=1",), ()),
        file="common_utils.sh",
    ),
    Seed(
        "variable changed",
        "test_executorch",
        EXECUTORCH,
        "LLVM_COV=llvm-cov-12",
        "LLVM_COV=llvm-cov-13",
        "LLVM_PROFDATA=",
        ("variable", ("LLVM_COV=llvm-cov-12",), ("LLVM_COV=llvm-cov-13",)),
    ),
    Seed(
        "variable changed",
        "",
        job("slow", 1, 2),
        "PYTORCH_TEST_SKIP_FAST=1",
        "PYTORCH_TEST_SKIP_FAST=0",
        '$pip_install_pkg "$@"',
        ("variable", ("PYTORCH_TEST_SKIP_FAST=1",), ("PYTORCH_TEST_SKIP_FAST=0",)),
        file="common_utils.sh",
    ),
    # Another directory.
    Seed(
        "wrong directory",
        "test_executorch",
        EXECUTORCH,
        "pushd /executorch",
        "pushd /elsewhere",
        '"$INSTALL_SCRIPT" setup_executorch',
        ("directory", ("/executorch",), ("/elsewhere",)),
    ),
    Seed(
        "wrong directory",
        "test_operator_microbenchmark",
        MICRO,
        "cd benchmarks/operator_benchmark/pt_extension",
        "cd benchmarks/operator_benchmark",
        "python -m pip install .",
        ("directory", ("benchmarks/operator_benchmark/pt_extension",), ("benchmarks/operator_benchmark",)),
    ),
    Seed(
        "wrong directory",
        "test_operator_microbenchmark",
        MICRO,
        'cd "$TEST_DIR"/benchmarks/operator_benchmark\n',
        'cd "$TEST_DIR"/benchmarks\n',
        '$TASKSET python -m "pt.',
        ("directory", ("benchmarks/operator_benchmark",), ("benchmarks",)),
    ),
    # Another exit status, or another reaction to one.
    Seed(
        "wrong status",
        "test_docs_test",
        job("docs_test", build=PLAIN),
        f"  {DOCS}\n",
        f"  {DOCS} || true\n",
        DOCS,
        ("exit status", ("7",), ("0",)),
        fails=(DOCS,),
    ),
    Seed(
        "wrong status",
        "test_einops",
        job("einops", build=PLAIN),
        "einops==0.6.1",
        "einops==0.6.1 || exit 9",
        "pip install",
        ("exit status", ("7",), ("9",)),
        fails=("pip", "install", "einops==0.6.1"),
    ),
    Seed(
        "wrong status",
        "test_python_legacy_jit",
        job("jit_legacy", build=PLAIN),
        "--verbose\n",
        "--verbose || exit 8\n",
        RUN,
        ("exit status", ("7",), ("8",)),
        fails=("python", "test/run_test.py", "**"),
    ),
    Seed(
        "wrong status",
        "test_python_smoke",
        job("smoke", build=PLAIN),
        f"{UPLOAD}\n",
        f"{UPLOAD} || exit 5\n",
        RUN,
        ("exit status", ("7",), ("5",)),
        fails=("python", "test/run_test.py", "**"),
    ),
]


class PortSeed(NamedTuple):
    """`old` becomes `new` inside the function of the port; `line` starts the line of the script to be named."""

    kind: str
    file: str
    function: str
    job: Job
    old: str
    new: str
    line: str
    edit: tuple[str, tuple[str, ...], tuple[str, ...]]
    nth: int = 1
    fails: tuple[str, ...] = ()


SUITES = "python_suites.py"
PROJECTS = "other_projects.py"
PORT_SEEDS = [
    PortSeed("flag lost", SUITES, "test_python_smoke", job("smoke"), ", UPLOAD", "", RUN, ("changed", (UPLOAD,), ())),
    PortSeed(
        "flag lost", SUITES, "test_einops", job("einops"), '"--verbose", ', "", RUN, ("changed", ("--verbose",), ())
    ),
    PortSeed(
        "word changed",
        SUITES,
        "test_dynamo_wrapped_shard",
        DYNAMO,
        "verify_dynamo",
        "check_dynamo",
        "python tools/dynamo/verify_dynamo.py",
        ("changed", ("tools/dynamo/verify_dynamo.py",), ("tools/dynamo/check_dynamo.py",)),
    ),
    PortSeed(
        "command lost",
        SUITES,
        "test_dynamo_wrapped_shard",
        DYNAMO,
        '    sh.run("python", "tools/dynamo/verify_dynamo.py")\n',
        "",
        "python tools/dynamo/verify_dynamo.py",
        ("removed", ("python", "tools/dynamo/verify_dynamo.py"), ()),
    ),
    PortSeed(
        "extra command",
        SUITES,
        "test_python_legacy_jit",
        job("jit_legacy"),
        "    sh.run(",
        '    sh.run("nvidia-smi")\n    sh.run(',
        RUN,
        ("added", (), ("nvidia-smi",)),
    ),
    PortSeed(
        "order swapped",
        "cpp.py",
        "test_aten",
        DYNAMO_1,
        '"libc10*", "libcaffe2*"',
        '"libcaffe2*", "libc10*"',
        '$SUDO ln -sf "$TORCH_LIB_DIR"/libc10*',
        ("moved", (), ("ln", "-sf", f"{LIB}/libcaffe2_nvrtc.so", "build/bin")),
    ),
    PortSeed(
        "variable lost",
        PROJECTS,
        "test_executorch",
        EXECUTORCH,
        ', "LLVM_COV": "llvm-cov-12"',
        "",
        "LLVM_PROFDATA=",
        ("variable", ("LLVM_COV=llvm-cov-12",), ()),
    ),
    PortSeed(
        "wrong directory",
        PROJECTS,
        "test_executorch",
        EXECUTORCH,
        'pushd("/executorch")',
        'pushd("/elsewhere")',
        '"$INSTALL_SCRIPT" setup_executorch',
        ("directory", ("/executorch",), ("/elsewhere",)),
    ),
    PortSeed(
        "wrong status",
        SUITES,
        "test_docs_test",
        job("docs_test", build=PLAIN),
        "    sh.run(",
        "    if False:\n        sh.run(",
        DOCS,
        ("removed", (DOCS,), ()),
        fails=(DOCS,),
    ),
    PortSeed(
        "wrong status",
        SUITES,
        "test_docs_test",
        job("docs_test", build=PLAIN),
        f'    sh.run("{DOCS}")',
        f'    sh.ok("{DOCS}")',
        DOCS,
        ("exit status", ("7",), ("0",)),
        fails=(DOCS,),
    ),
]


def test_there_are_enough_of_every_kind() -> None:
    everything: list[Seed | PortSeed] = [*SCRIPT_SEEDS, *PORT_SEEDS]
    kinds = {seed.kind for seed in everything}
    assert len(everything) >= 40
    assert kinds >= {"flag lost", "order swapped", "variable lost", "wrong directory", "extra command", "wrong status"}


def name_of(seed: Seed | PortSeed) -> str:
    return f"{seed.kind}: {seed.function or 'top level'}: {seed.edit[0]} {' '.join(seed.edit[1] + seed.edit[2])[:40]}"


def replaced(text: str, head: str, old: str, new: str) -> str:
    """Return the text with the first `old` after `head` replaced."""
    start = text.index(head)
    at = text.index(old, start)
    return text[:at] + new + text[at + len(old) :]


def line_of(text: str, head: str, start: str, nth: int) -> int:
    """Return the number of the nth line after `head` that starts so, whatever its indentation."""
    first = text.count("\n", 0, text.index(head))
    lines = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if number > first and line.strip().startswith(start) and "(" + line.strip() != head
    ]
    return lines[nth - 1]


def head_of(function: str, text: str) -> str:
    """Return what a function of the script starts with; the whole text's start for the top level."""
    return f"\n{function}() {{" if function else text[:20]


def case_of(seed: Seed | PortSeed) -> dict[str, Any]:
    # What the script goes on to source is in the other directory too: only the directory is a mistake.
    world: dict[str, Any] = {"files": {"/elsewhere/.ci/scripts/test_model.sh": ""}}
    if seed.fails:
        world["commands"] = [{"argv": list(seed.fails), "status": 7}]
    return {"id": "seed", "env": dict(seed.job), "world": world}


def check_edit(seed: Seed | PortSeed, diff: dict[str, Any], side: str) -> None:
    kind, removed, added = seed.edit
    groups = [(one["kind"], tuple(one["removed"]), tuple(one["added"])) for one in diff["groups"]]
    assert seed.edit in groups, f"{(kind, removed, added)} is not among {groups}"
    assert diff["groups"][groups.index(seed.edit)]["jobs"][side] == ["seed"]


@pytest.mark.parametrize("seed", SCRIPT_SEEDS, ids=name_of)
def test_a_mistake_in_the_script_is_shown(seed: Seed, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "new" / "test.sh"
    own_copy(LEGACY, script.parent)
    text = script.read_text()
    changed = replaced(text, head_of(seed.function, text), seed.old, seed.new)
    script.write_text(changed)
    cases = tmp_path / "cases.jsonl"
    cases.write_text(json.dumps(case_of(seed)))

    assert main(["parity", "--script", str(script), "--cases", str(cases), "--format", "json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    named = script.parent / seed.file
    head = head_of(seed.function if seed.file == "test.sh" else "", named.read_text())
    assert finding["script"]["file"] == str(named)
    assert finding["script"]["line"] == line_of(named.read_text(), head, seed.line, seed.nth)
    if seed.function:
        assert seed.function in finding["script"]["functions"]
        assert seed.function in finding["port"]["functions"]
    assert finding["port"]["functions"][:1] == finding["script"]["functions"][:1] or seed.kind == "extra command"
    assert finding["port"]["file"].startswith("ci_port/pytorch/")

    flags = ["--cases", str(cases), "--format", "json", "--no-cache"]
    assert main(["diff-plan", str(LEGACY / "test.sh"), str(script), *flags]) == 1
    check_edit(seed, json.loads(capsys.readouterr().out), "script")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository's package and script, committed in a repository of their own."""
    root = tmp_path_factory.mktemp("checkout")
    own_copy(ROOT / "ci_port", root / "ci_port")
    own_copy(LEGACY, root / "legacy")
    (root / ".gitignore").write_text("__pycache__/\n*.so\n")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "--message=base")
    library = build.locate()
    shutil.copy2(library, root / "ci_port" / "dryrun" / library.name)
    return root


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(root), *words], check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull})


@pytest.fixture
def seeded(checkout: Path) -> Iterator[Path]:
    """The checkout, put back afterwards."""
    yield checkout
    git(checkout, "checkout", "--quiet", "--", ".")


def ran(root: Path, status: int, *words: str) -> dict[str, Any]:
    """Return what the checkout's own command line prints."""
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "ci_port", *words]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("seed", PORT_SEEDS, ids=name_of)
def test_a_mistake_in_the_port_is_shown(seed: PortSeed, seeded: Path, tmp_path: Path) -> None:
    file = seeded / "ci_port" / "pytorch" / seed.file
    file.write_text(replaced(file.read_text(), f"def {seed.function}(", seed.old, seed.new))
    cases = tmp_path / "cases.jsonl"
    cases.write_text(json.dumps(case_of(seed)))

    (finding,) = ran(seeded, 1, "parity", "--cases", str(cases), "--format", "json")["findings"]
    text = (LEGACY / "test.sh").read_text()
    assert finding["script"]["file"] == "legacy/test.sh"
    assert finding["script"]["line"] == line_of(text, head_of(seed.function, text), seed.line, seed.nth)
    assert seed.function in finding["script"]["functions"]
    if seed.edit[0] != "removed" or seed.edit[1] != (DOCS,):
        assert finding["port"]["file"] == f"ci_port/pytorch/{seed.file}"
        assert seed.function in finding["port"]["functions"]

    diff = ran(seeded, 1, "diff-plan", "HEAD", "--cases", str(cases), "--format", "json", "--no-cache")
    check_edit(seed, diff, "port")
    assert not diff["sides"]["script"]["moved"]
    assert diff["verdict"].startswith("Only the port moved")
