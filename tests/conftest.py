"""What all tests share: the profiles of the property tests, and a clean environment."""

from __future__ import annotations

import os
import re
import tempfile

import pytest
from hypothesis import settings

# The quick profile finds the same examples every time, so that no run is red by luck; the long one explores.
settings.register_profile("quick", max_examples=50, derandomize=True, deadline=None, print_blob=True)
settings.register_profile("long", max_examples=10_000, deadline=None, print_blob=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--long`."""
    parser.addoption("--long", action="store_true", help="property tests: many examples instead of few")


def pytest_configure(config: pytest.Config) -> None:
    """Load the profile that was asked for."""
    settings.load_profile("long" if config.getoption("--long") else "quick")
    work_where_names_are_plain()


def work_where_names_are_plain() -> None:
    """Do without a TMPDIR whose name a shell would take apart: scripts of the tests hold paths as they are.

    Here, and in all that is started from here. Tests that are about such names make them.
    """
    if not re.fullmatch(r"[\w./+-]+", tempfile.gettempdir(), re.ASCII):
        for name in ("TMPDIR", "TEMP", "TMP"):
            os.environ.pop(name, None)
        tempfile.tempdir = None


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what a person's shell or CI sets and what changes how our commands speak."""
    ours = ("CI_PORT_COMMAND", "CI_PORT_PYTHON", "CI_PORT_VENV")
    for name in (*ours, "COLUMNS", "FORCE_COLOR", "NO_COLOR", "BASH_ENV", "ENV"):
        monkeypatch.delenv(name, raising=False)
