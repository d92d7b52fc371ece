"""Functions that nothing calls (docs/pytorch.md#no-caller): never recorded, a guess that `legacy/` shares."""

from __future__ import annotations

from ci_port.host import Session, function
from ci_port.pytorch.helpers import assert_git_not_dirty, get_pinned_commit, pip_build_and_install, pip_install, retry
from ci_port.pytorch.names import RUN_TEST


@function
def test_jit_hooks(sh: Session) -> None:
    """Test module hooks in TorchScript; nothing calls it."""
    sh.echo("Module hooks in TorchScript")
    sh["HOOK_BUILD"] = f"{sh['CUSTOM_TEST_ARTIFACT_BUILD_DIR']}/jit-hook-build"
    with sh.pushd("test/jit_hooks"):
        sh.run("cp", "-a", sh["HOOK_BUILD"], "build")
        sh.run("python", "model.py", "--export-script-module=model")
        sh.run("build/test_jit_hooks", "./model")
    assert_git_not_dirty(sh)


@function
def test_cpp_extensions(sh: Session) -> None:
    """Test C++ extensions that are compiled beforehand; nothing calls it."""
    with sh.pushd("test/cpp_extensions"):
        sh.run("python", "setup.py", "install")
    sh.run(*RUN_TEST, "--include", "test_cpp_extensions_aot_no_ninja", "test_cpp_extensions_aot_ninja", "--verbose")
    assert_git_not_dirty(sh)


@function
def install_torchtext(sh: Session) -> None:
    """Build and install the pinned commits of torchdata and torchtext; nothing calls it."""
    sh.local(data_commit=None, text_commit=None)
    sh.assign("data_commit", get_pinned_commit(sh, "data"))
    sh.assign("text_commit", get_pinned_commit(sh, "text"))
    for name in ("data", "text"):
        url = f"git+https://github.com/pytorch/{name}.git@{sh[f'{name}_commit']}"
        retry(sh, pip_build_and_install, url, f"dist/{name}")


@function
def install_flash_attn_cute(sh: Session) -> None:
    """Install flash attention and the CUTLASS language that it needs; nothing calls it."""
    pip_install(sh, "nvidia-cutlass-dsl")
    url = "git+https://github.com/Dao-AILab/flash-attention.git#subdirectory=flash_attn/cute"
    pip_install(sh, url, "--no-deps")


@function
def install_cutlass_dsl(sh: Session) -> None:
    """Install the language of CUTLASS; nothing calls it."""
    pip_install(sh, "nvidia-cutlass-dsl")


@function
def install_cutlass_api(sh: Session) -> None:
    """Install the interface of CUTLASS; nothing calls it."""
    pip_install(sh, "cutlass-api")


@function
def print_sccache_stats(sh: Session) -> None:
    """Show the statistics so far; nothing calls it."""
    sh.echo("sccache statistics so far:")
    sh.run("sccache", "--show-stats")


@function
def log(sh: Session, *words: str) -> None:
    """Print a line; reached only by a misuse of `trap_add`, as are `error` and `fatal`."""
    sh.echo(" ".join(words))


@function
def error(sh: Session, *words: str) -> None:
    """Print a line as an error; reached only by that misuse."""
    log(sh, "ERROR:", *words)


@function
def fatal(sh: Session, *words: str) -> None:
    """Print a line as an error and stop with 1; reached only by that misuse."""
    error(sh, *words)
    sh.exit(1)
