"""Functions of a package, from its text."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.shell.twins import functions_of


def test_functions_are_found_without_importing_anything(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("raise SystemExit\ndef main(): ...\n")
    (tmp_path / "a.py").write_text('@x\ndef f():\n    """About."""\n\nclass C:\n    def g(self): ...\n')
    found = functions_of(tmp_path)
    assert list(found) == [":main", "a:f"]
    assert (found["a:f"].line, found["a:f"].end_line, found["a:f"].about) == (1, 3, "About.")
    assert list(functions_of(tmp_path / "a.py")) == ["a:f"]


def test_a_broken_module_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def (")
    with pytest.raises(SyntaxError):
        functions_of(tmp_path)
