"""The libraries of rules that the package brings."""

from __future__ import annotations

import pytest

from ci_port.model.libraries import library, names


def test_there_are_libraries() -> None:
    assert names() == ("git",)


@pytest.mark.parametrize("name", names())
def test_each_is_read_whole_and_once(name: str) -> None:
    assert library(name)
    assert library(name) is library(name)


def test_there_is_no_other() -> None:
    with pytest.raises(OSError, match="none"):
        library("none")
