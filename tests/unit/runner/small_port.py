"""A port of two lines, for the runner's tests."""

from __future__ import annotations

from ci_port.host import Session


def main(sh: Session) -> None:
    """Show the environment, then fail if the job says so."""
    sh.run("env")
    sh.run("test-tool", sh["CONFIG"])
