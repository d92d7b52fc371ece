"""The build caches, and their handlers (docs/pytorch.md#build-caches)."""

from __future__ import annotations

import pytest

from ci_port.host import Session
from ci_port.model import Overlay, Rule
from ci_port.pytorch import common_build
from tests.unit.pytorch.plans import PLAIN, ROCM, executed, exported, failing, plan, texts

LOG = "/var/lib/jenkins/sccache_error.log"
EPILOGUE = [
    f"python /var/lib/jenkins/workspace/.ci/pytorch/print_sccache_log.py {LOG}",
    "sccache --show-stats",
    "sccache --stop-server",
]
BEGIN = ["which sccache", "sccache --stop-server", f"rm -f {LOG}"]


def run(build: str, overlay: Overlay | None = None, skip: str | None = "1") -> list[str]:
    """Return the commands of the caches and of their handlers."""
    env = {"BUILD_ENVIRONMENT": build, "SKIP_SCCACHE_INITIALIZATION": skip}
    return texts(plan(common_build.source_common_build, env, overlay))


def test_with_sccache() -> None:
    """The server starts later, with exported settings."""
    assert run(PLAIN) == [*BEGIN, "sccache --zero-stats", "which ccache", *EPILOGUE]
    result = plan(common_build.source_common_build)
    assert exported(result, "SCCACHE_ERROR_LOG") == [LOG]


@pytest.mark.parametrize(("build", "variables"), [(PLAIN, 3), (ROCM, 2)])
def test_start_of_the_server(build: str, variables: int) -> None:
    """With settings for this command only."""
    result = plan(common_build.source_common_build, {"BUILD_ENVIRONMENT": build, "SKIP_SCCACHE_INITIALIZATION": ""})
    (start,) = [step for step in executed(result) if step.argv[-1] == "--start-server"]
    assert len(start.env) == variables


def test_both_handlers_in_order() -> None:
    """Every run of the block registers its own."""

    def twice(sh: Session) -> None:
        common_build.source_common_build(sh)
        common_build.source_common_build(sh)

    ccache = Overlay((Rule(("which", "ccache"), 0, "/usr/bin/ccache\n"),))
    assert texts(plan(twice, overlay=ccache))[-8:] == [*EPILOGUE, "ccache --show-stats"] * 2


@pytest.mark.parametrize("status", [1, 127, 137])
def test_absent_sccache(status: int) -> None:
    """Any status of `which` means absent."""
    assert run(PLAIN, failing("which", "sccache", status=status)) == ["which sccache", "which ccache"]


def test_other_builds() -> None:
    """Precompiled headers need another sccache; Windows has no caches at all."""
    assert run("x-pch")[0] == "sudo mv /opt/cache/bin/sccache-0.2.14a /opt/cache/bin/sccache"
    assert run("win-x") == []


def test_failing_statistics_are_the_status_of_the_script() -> None:
    """And end the handlers."""
    result = plan(common_build.source_common_build, overlay=failing("sccache", "--show-stats", status=9))
    assert result.status == 9
    assert texts(result)[-1] == "sccache --show-stats"
    for tolerated in ("--stop-server", "--zero-stats"):
        assert plan(common_build.source_common_build, overlay=failing("sccache", tolerated)).status == 0
