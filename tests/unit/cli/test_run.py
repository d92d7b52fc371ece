"""`ci-port run`: the runner's own options, from the command line."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ci_port.cli import main
from ci_port.runner import main as runner


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], []),
        (["--dry-run", "--verbose"], ["--dry-run", "--verbose"]),
        (["--no-fallback"], ["--no-fallback"]),
        (["--fallback-on-error"], ["--fallback-on-error"]),
        (["--phase", "2.1", "--record", "r"], ["--phase", "2.1", "--record", "r"]),
    ],
)
def test_the_runner_gets_the_same_words(
    arguments: list[str], words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Sequence[str]] = []

    def started(words: Sequence[str], script: str) -> int:
        given.append(words)
        return 42

    monkeypatch.setattr(runner, "main", started)
    assert main(["run", *arguments]) == 42
    assert given == [words]


def test_both_ways_at_once_make_no_sense(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--fallback-on-error", "--no-fallback"]) == 2
    assert "not allowed with" in capsys.readouterr().err
