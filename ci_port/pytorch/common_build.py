"""The build caches (docs/pytorch.md#build-caches), and the EXIT handlers that they register."""

from __future__ import annotations

from ci_port.host import NULL, Session, function
from ci_port.model import Variable
from ci_port.pytorch.helpers import script_directory, trap_add
from ci_port.pytorch.names import BE, ROCM

WINDOWS = BE.contains("win-")
PRECOMPILED_HEADERS = BE.contains("-pch")
SKIP_SCCACHE_INITIALIZATION = Variable("SKIP_SCCACHE_INITIALIZATION")
SERVER_LOG = "/var/lib/jenkins/workspace/sccache_error.log"


def source_common_build(sh: Session) -> None:
    """Set up the caches; suites that build run it again, and every run registers its handlers again."""
    if sh.test(WINDOWS):
        return
    sh["script_dir"] = script_directory(sh)
    if sh.test(PRECOMPILED_HEADERS):
        sh.run("sudo", "mv", "/opt/cache/bin/sccache-0.2.14a", "/opt/cache/bin/sccache")
    if sh.ok("which", "sccache", stdout=NULL):
        set_up_sccache(sh)
    if sh.ok("which", "ccache", stdout=NULL):
        sh.run("ccache", "--zero-stats")
        sh.run("ccache", "--show-stats")
        trap_add(sh, ccache_epilogue)


def set_up_sccache(sh: Session) -> None:
    """Begin with an empty log and zeroed statistics; start a server, or prepare to (docs/pytorch.md#build-caches)."""
    sh.ok("sccache", "--stop-server", stdout=NULL, stderr=NULL)
    sh.ok("rm", "-f", error_log(sh))
    trap_add(sh, sccache_epilogue)
    if sh.test(SKIP_SCCACHE_INITIALIZATION.nonempty()):
        sh.echo("sccache server start is left to the first compilation")
        sh.export(SCCACHE_IDLE_TIMEOUT="0")
        sh.export(SCCACHE_ERROR_LOG=error_log(sh))
        sh.export(RUST_LOG="sccache::server=debug")
    else:
        env = {"SCCACHE_ERROR_LOG": SERVER_LOG, "SCCACHE_IDLE_TIMEOUT": "0"}
        if not sh.test(ROCM):
            env["RUST_LOG"] = "sccache::server=debug"
        sh.run("sccache", "--start-server", env=env)
    sh.ok("sccache", "--zero-stats")


def error_log(sh: Session) -> str:
    """Return `~/sccache_error.log`."""
    return f"{sh.home()}/sccache_error.log"


@function
def sccache_epilogue(sh: Session) -> None:
    """Show what sccache did; if it cannot show it, its status becomes the script's (docs/pytorch.md#exit-handlers)."""
    sh.echo("::group::sccache error log")
    sh.ok("python", f"{sh['script_dir']}/print_sccache_log.py", error_log(sh), stderr=NULL)
    sh.echo("sccache statistics of this run:")
    sh.run("sccache", "--show-stats")
    sh.ok("sccache", "--stop-server")
    sh.echo("::endgroup::")


@function
def ccache_epilogue(sh: Session) -> None:
    """Show what ccache did; the same holds for its status (docs/pytorch.md#exit-handlers)."""
    sh.run("ccache", "--show-stats")
