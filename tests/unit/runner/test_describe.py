"""What is said of an error: its kind and place, and nothing that it was told."""

from __future__ import annotations

import os

import pytest

from ci_port.model import DataError, NotPorted, Place, RunFailed
from ci_port.runner.describe import DEBUG, describe, in_full
from ci_port.runner.preflight import NotReady

SECRET = "s3cr3t-of-the-job"


def raised(error: BaseException) -> BaseException:
    """Return an error as it is after it was raised."""
    try:
        raise error  # noqa: TRY301  # for its traceback
    except BaseException as caught:  # noqa: BLE001  # it comes back
        return caught


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError(SECRET), "ValueError at "),
        (KeyError(SECRET), "KeyError at "),
        (SystemExit(SECRET), "SystemExit at "),
        (NotPorted(SECRET), "NotPorted at "),
        (RunFailed(SECRET, Place(SECRET, 1), f"curl -H {SECRET}"), "RunFailed at "),
        (OSError(2, "No such file or directory", SECRET), "FileNotFoundError: No such file or directory at "),
        (UnicodeEncodeError("ascii", SECRET, 0, 1, SECRET), "UnicodeEncodeError at "),
    ],
)
def test_an_error_of_anybody_is_named_and_no_more(error: BaseException, words: str) -> None:
    said = describe(raised(error))
    assert said.startswith(words)
    assert said.endswith(" in raised")
    assert SECRET not in said
    assert SECRET not in in_full(raised(error))
    assert f"{type(error).__name__} ({DEBUG}=1 shows what it says)" in in_full(raised(error))


def test_on_request_it_says_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, DEBUG, "1")
    assert f"ValueError: {SECRET}" in in_full(raised(ValueError(SECRET)))


def test_one_of_the_runners_own_speaks_for_itself_on_one_line() -> None:
    assert describe(NotReady("drift", "the script\nmoved")) == "the script moved"
    assert describe(DataError("a.json", 3, "x", "a number is expected")) == "a.json:3: field x: a number is expected"
