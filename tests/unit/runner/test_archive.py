"""How the bundle loads its code."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from ci_port.runner import archive

SOURCES = {"top": "", "top.inner": "value = 3\nfile = __file__\n"}


class Zip:
    """What is needed of a zipimporter."""

    archive = "/a.py"

    def __init__(self, content: bytes | None) -> None:
        self.content = content

    def get_data(self, path: str) -> bytes:
        if path == "/a.py/code.bin" and self.content is not None:
            return self.content
        raise OSError(path)

    def get_source(self, name: str) -> str:
        return SOURCES[name]


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    for name in SOURCES:
        monkeypatch.delitem(sys.modules, name, raising=False)


def packed() -> bytes:
    return archive.pack({name: (name == "top", compile(text, name, "exec")) for name, text in SOURCES.items()})


def test_modules_come_from_it() -> None:
    archive.install(Zip(packed()))
    import importlib

    inner: Any = importlib.import_module("top.inner")
    assert (inner.value, inner.file) == (3, "/a.py/top/inner.py")
    assert sys.modules["top"].__path__ == ["/a.py/top"]
    assert inner.__loader__.get_source("top.inner") == SOURCES["top.inner"]
    for name in SOURCES:
        del sys.modules[name]


@pytest.mark.parametrize("content", [None, b"", b"another Python" + b"x" * 20])
def test_code_for_another_python_is_left_alone(content: bytes | None) -> None:
    before = list(sys.meta_path)
    archive.install(Zip(content))
    assert sys.meta_path == before


def test_other_modules_are_not_its_business() -> None:
    archive.install(Zip(packed()))
    found: Any = sys.meta_path[0]
    assert found.find_spec("json") is None
    assert isinstance(sys, ModuleType)


def test_the_same_code_gives_the_same_bytes() -> None:
    assert packed() == packed()
