"""The runner's command line."""

from __future__ import annotations

import pytest

from ci_port.runner.options import HELP, Options, parse


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {}),
        (["--dry-run", "--verbose"], {"dry_run": True, "verbose": True}),
        (["--no-fallback"], {"fallback": False}),
        (["--no-fallback", "--fallback-on-error"], {"fallback": True}),
        (["--phase", "2.1", "--record=a=b"], {"phase": "2.1", "record": "a=b"}),
        (["--phase="], {"phase": ""}),
        (["-h"], {"help": True}),
    ],
)
def test_what_is_understood(words: list[str], expected: dict[str, object]) -> None:
    options, problem = parse(words)
    assert not problem
    assert vars(options) == {**vars(Options()), **expected}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--fast"], "unknown option --fast"),
        (["--dry-run=yes"], "unknown option --dry-run=yes"),
        (["smoke"], "unknown option smoke"),
        (["--phase"], "--phase needs a value"),
        (["--fast", "--slow"], "unknown option --fast"),
    ],
)
def test_what_is_not(words: list[str], problem: str) -> None:
    assert parse(words)[1] == problem


def test_what_follows_something_unknown_still_counts() -> None:
    options, _ = parse(["--fast", "--no-fallback", "--record", "x"])
    assert not options.fallback
    assert options.record == "x"


def test_help_names_every_option() -> None:
    for word in ("--dry-run", "--verbose", "--phase", "--record", "--fallback-on-error", "--no-fallback"):
        assert word in HELP
