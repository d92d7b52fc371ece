"""PyTorch/XLA on top of this commit (docs/pytorch.md#xla). Most of its commands are functions of XLA's own scripts."""

from __future__ import annotations

from ci_port.host import Session, function
from ci_port.pytorch.common_build import source_common_build
from ci_port.pytorch.helpers import assert_git_not_dirty, clone_pytorch_xla, retry

COPY_HEADERS = (
    "import os, torch, shutil; "
    "shutil.copytree(os.path.join(os.path.dirname(torch.__file__), 'include'), 'workspace/torch/include', "
    "dirs_exist_ok=True)"
)


@function
def build_xla(sh: Session) -> None:
    """Build, with the pin of XLA out of the way."""
    with sh.pushd(".."):
        sh.run("python", "-c", COPY_HEADERS)
    source_common_build(sh)
    sh["XLA_DIR"] = "xla"
    sh["USE_CACHE"] = "1"
    clone_pytorch_xla(sh)
    sh.source("xla/.circleci/common.sh")
    sh.ok("rm", f"{sh['XLA_DIR']}/torch_patches/.torch_pin")
    sh.run("apply_patches")
    find_site_packages(sh)
    retry(sh, Session.run, "install_pre_deps_pytorch_xla", sh["XLA_DIR"], sh["USE_CACHE"])
    sh.run("build_torch_xla", sh["XLA_DIR"], env={"CMAKE_PREFIX_PATH": cmake_prefix_path(sh), "XLA_SANDBOX_BUILD": "1"})
    assert_git_not_dirty(sh)


@function
def test_xla(sh: Session) -> None:
    """Run XLA's tests; the library path stays."""
    source_common_build(sh)
    clone_pytorch_xla(sh)
    sh.source("./xla/.circleci/common.sh")
    find_site_packages(sh)
    sh.export(LD_LIBRARY_PATH=f"/opt/conda/lib/:{sh['LD_LIBRARY_PATH']}")
    env = {"CMAKE_PREFIX_PATH": cmake_prefix_path(sh), "XLA_SKIP_MP_OP_TESTS": "1"}
    sh.run("run_torch_xla_tests", sh.cwd, f"{sh.cwd}/xla", env=env)
    assert_git_not_dirty(sh)


def find_site_packages(sh: Session) -> None:
    """Set `SITE_PACKAGES`."""
    code = "from distutils.sysconfig import get_python_lib; print(get_python_lib())"
    sh.assign("SITE_PACKAGES", sh.output("python", "-c", code))


def cmake_prefix_path(sh: Session) -> str:
    """Return the installed package in front of the caller's path."""
    return f"{sh['SITE_PACKAGES']}/torch:{sh['CMAKE_PREFIX_PATH']}"
