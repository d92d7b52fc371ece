"""A small machine of its own for real runs: a workspace, and a PATH on which every command is a stand-in that logs.

Nothing outside its folder is changed, whoever runs it: what the world has at other absolute paths (/opt/intel,
/executorch) is not built, and is as absent for one side as for the other.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_port.model import World
from ci_port.model.files import texts
from tests.own_copy import own_copy

ROOT = Path(__file__).resolve().parents[2]
LEGACY = ROOT / "legacy"
STAND_IN = Path(__file__).with_name("stand_in.c")
BASH = "/bin/bash"
RUNNER = (sys.executable, "-I", "-S")
"""A Python with nothing but its standard library, as in a container where nothing is installed."""

PURE = ("awk", "basename", "cat", "dirname", "grep", "realpath", "tail")

COMMANDS = (
    *("bash", "ccache", "chmod", "clang", "cp", "curl", "env", "find", "gcc", "git", "ln", "ls", "lscpu"),
    *("mkdir", "mktemp", "mpiexec", "mv", "nproc", "nvidia-smi", "patch", "pip", "pip3", "pytest", "python"),
    *("python3", "rm", "rocminfo", "sccache", "shasum", "sleep", "stat", "sudo", "taskset", "timeout"),
    *("which", "xla_helper"),
)
PROGRAMS = (
    *(".ci/docker/common/install_executorch.sh", ".ci/pytorch/docs-test.sh", ".ci/pytorch/multigpu-test.sh"),
    *(".ci/onnx/test.sh", "aten/tools/run_tests.sh", "build/bin/c10_xpu_test", "build/bin/sycl_smoke"),
    *("build/bin/vec256_test_all_types_AVX2", "build/bin/vec256_test_all_types_DEFAULT"),
    *("test/custom_backend/build/test_custom_backend", "test/custom_operator/build/test_custom_ops"),
    *("tools/bazel",),
)
DIRECTORIES = (
    *(".ci/lumen_cli", "benchmarks/operator_benchmark/pt_extension", "benchmarks/overrides_benchmark"),
    *("test/forward_backward_compatibility", "third_party/cutlass", "xla/.circleci"),
)

XLA_FUNCTIONS = """\
XLA_SETTING="of xla's own"
function apply_patches() { git apply "$XLA_SETTING"; export XLA_PATCHED=yes; }
function install_pre_deps_pytorch_xla() { pip install "deps of $1" "$2"; }
function build_torch_xla() ( cd "$1" && python setup.py "$XLA_SANDBOX_BUILD" )
function run_torch_xla_tests() { xla_helper "$@" "$XLA_SKIP_MP_OP_TESTS" "$SITE_PACKAGES"; }
"""
ACTIVATE = """\
deactivate () {
    PATH="$_OLD_VIRTUAL_PATH"
    export PATH
    unset _OLD_VIRTUAL_PATH VIRTUAL_ENV
    unset -f deactivate
}
VIRTUAL_ENV="$PWD/venv"
export VIRTUAL_ENV
_OLD_VIRTUAL_PATH="$PATH"
PATH="$VIRTUAL_ENV/bin:$PATH"
export PATH
"""
SOURCED = {
    "xla/.circleci/common.sh": XLA_FUNCTIONS,
    "venv/bin/activate": ACTIVATE,
    "benchmarks/dynamo/pr_time_benchmarks/benchmark_runner.sh": 'python bench.py "$@" "$PYTHONPATH"\n',
    "test/mobile/nnc/test_aot_compile.sh": "python aot_compile.py\n",
}


def compile_stand_in(target: Path, source: Path = STAND_IN) -> Path:
    """Compile a stand-in; statically where that works, so that no LD_PRELOAD of a job gets into it."""
    compiler = os.environ.get("CC", "cc")
    for static in (["-static"], []):
        command = [compiler, "-O1", "-std=gnu11", *static, str(source), "-o", str(target)]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return target
    raise RuntimeError(f"{compiler} cannot compile {source}")


@dataclass(frozen=True)
class LiveRun:
    """What a run did: exit status (negative: died of a signal), the commands in order, and what it printed."""

    status: int
    log: tuple[bytes, ...]
    stdout: str
    stderr: str

    @property
    def comparable(self) -> tuple[int, tuple[bytes, ...]]:
        """What two runs have in common: status and log, but for `_` and `SHLVL`, which no plan has either.

        Bash counts SHLVL down for a command that it runs without a process of its own in between, which depends on how
        the script is written and not on what it does.
        """
        kept = (
            b"\0".join(field for field in record.split(b"\0") if not field.startswith(_LEFT_OUT)) for record in self.log
        )
        return self.status, tuple(kept)

    @property
    def commands(self) -> list[str]:
        """The words of each command, for people."""
        return [b" ".join(_argv(record)).decode() for record in self.log]

    def count(self, word: str) -> int:
        """How many commands have this word."""
        return sum(word.encode() in _argv(record) for record in self.log)


@dataclass(frozen=True)
class Signals:
    """A signal for a run, to its first process or to its whole group.

    `after`: once this file is on the machine, or after so many seconds, if the run has not ended before.
    """

    number: int
    group: bool = False
    after: str | float = "hanging"


class LiveMachine:
    """A machine below one folder; `reset` makes it as new."""

    def __init__(self, folder: Path, stand_in: Path, bundled: Path, world: World) -> None:
        self.folder = folder
        self.bundled = bundled
        self.workspace = folder / "workspace"
        self._stand_in = stand_in
        self._world = world
        self._moves = {
            world.workspace: str(self.workspace),
            "/opt/conda/lib/python3.10/site-packages": str(folder / "site"),
            "/opt/tmp": str(folder / "tmp"),
            "/opt/rocm": str(folder / "rocm"),
            "/var/lib/jenkins": str(folder / "home"),
            world.path: str(folder / "bin"),
        }

    def environment(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        """Return a job's environment on this machine."""
        env = {name: self.moved(value) for name, value in self._world.start(changes).items()}
        return {**env, "STAND_IN": str(self.folder)}

    def moved(self, text: str) -> str:
        """Return a text of the world with its paths led to this machine."""
        for old, new in self._moves.items():
            text = text.replace(old, new)
        return text

    def reset(
        self, start: Mapping[str, str], fail: tuple[int, int] | None = None, hang: tuple[int, ...] | None = None
    ) -> None:
        """Make the machine as new.

        `fail`: a command's number and its status; `hang`: a command's number, 1 if it ignores TERM,
        and for how many milliseconds.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        for path in self._world.dirs:
            if self._is_here(path):
                self._made(Path(self.moved(path)))
        for path, text in texts(self._world.files).items():
            if self._is_here(path):
                self._made(Path(self.moved(path)).parent)
                Path(self.moved(path)).write_text(self.moved(text))
        for name in DIRECTORIES:
            self._made(self.workspace / name)
        for name, text in SOURCED.items():
            self._made((self.workspace / name).parent)
            (self.workspace / name).write_text(text)
        self._link_programs()
        for script in LEGACY.glob("*.sh"):
            own_copy(script, self.workspace / ".ci/pytorch" / script.name)
        self._write_answers(start)
        (self.folder / "fail").write_text(_pair(fail))
        (self.folder / "hang").write_text(_pair(hang))

    def _is_here(self, path: str) -> bool:
        return Path(self.moved(path)).is_relative_to(self.folder)

    def _made(self, directory: Path) -> None:
        assert directory.is_relative_to(self.folder), f"{directory} is not below {self.folder}"
        directory.mkdir(parents=True, exist_ok=True)

    def _link_programs(self) -> None:
        places = [self.folder / "bin" / name for name in COMMANDS]
        places += [self.workspace / name for name in PROGRAMS]
        places += [self.folder / "site/torch/bin" / name for name in ("test_api", "ProcessGroupMPITest")]
        for place in places:
            self._made(place.parent)
            place.unlink(missing_ok=True)
            os.link(self._stand_in, place)
        for name in PURE:
            found = shutil.which(name, path="/usr/bin:/bin:/usr/local/bin")
            assert found, f"this test needs {name}"
            (self.folder / "bin" / name).symlink_to(os.path.realpath(found) if name != "awk" else found)

    def _write_answers(self, start: Mapping[str, str]) -> None:
        lines = []
        for rule in self._world.rules(start):
            fields = [str(rule.status), self.moved(rule.stdout), *(self.moved(word) for word in rule.argv)]
            lines.append("\x1f".join(fields) + "\x1e")
        (self.folder / "answers").write_text("".join(lines))

    def run_script(self, env: Mapping[str, str]) -> LiveRun:
        """Run the script under bash."""
        return self.run([BASH, ".ci/pytorch/test.sh"], env)

    def run_port(self, env: Mapping[str, str], *flags: str) -> LiveRun:
        """Run the bundle."""
        return self.run([*RUNNER, str(self.bundled), *flags], env)

    def run(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        stdout: str | None = None,
        signals: Signals | None = None,
        inherited: Sequence[int] = (),
    ) -> LiveRun:
        """Run any command here to its end; `stdout` names a file to write to instead of a new one."""
        for name in ("log", "count", "hanging"):
            (self.folder / name).unlink(missing_ok=True)
        out, err = self.folder / "stdout", self.folder / "stderr"
        with open(stdout or out, "wb") as output, err.open("wb") as errors:
            process = subprocess.Popen(
                command,
                cwd=self.workspace,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
                pass_fds=inherited,
            )
            try:
                if signals:
                    self._send(process, signals)
                process.wait(timeout=120)
            finally:
                process.kill()
                process.wait()
        said = out.read_bytes() if out.exists() else b""
        return LiveRun(process.returncode, self.log(), said.decode(errors="replace"), err.read_text(errors="replace"))

    def _send(self, process: subprocess.Popen[bytes], signals: Signals) -> None:
        """Send a signal once it is time."""
        if isinstance(signals.after, float):
            time.sleep(signals.after)
            if process.poll() is not None:
                return
        else:
            sign = self.folder / signals.after
            while not sign.exists():
                assert process.poll() is None, f"it ended with {process.returncode} before it could get a signal"
                time.sleep(0.01)
        (os.killpg if signals.group else os.kill)(process.pid, signals.number)

    def end(self) -> None:
        """End what was left running in this machine's workspace."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if Path(os.readlink(process / "cwd")).is_relative_to(self.folder):
                    os.kill(int(process.name), signal.SIGKILL)
            except OSError:
                pass  # gone, or not ours

    def log(self) -> tuple[bytes, ...]:
        """Return the records of the log, in order."""
        path = self.folder / "log"
        return tuple(_records(path.read_bytes())) if path.exists() else ()


def _pair(numbers: tuple[int, ...] | None) -> str:
    return " ".join(map(str, numbers or (0, 0)))


_LEFT_OUT = (b"_=", b"SHLVL=")


def _records(content: bytes) -> list[bytes]:
    """Cut a log into records: four fields, then two counted lists."""
    fields = content.split(b"\0")
    records = []
    at = 0
    while at < len(fields) - 1:
        end = at + 4
        for _ in range(2):
            end += 1 + int(fields[end])
        records.append(b"\0".join(fields[at:end]))
        at = end
    return records


def _argv(record: bytes) -> list[bytes]:
    fields = record.split(b"\0")
    return fields[5 : 5 + int(fields[4])]
