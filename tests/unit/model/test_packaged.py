"""The package's own data files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ci_port.model.packaged import data
from ci_port.runner.bundle import bundle


def test_a_data_file_is_read() -> None:
    assert data("project.json").startswith("{")
    with pytest.raises(OSError, match="none"):
        data("rules/none.json")


def test_the_bundle_brings_the_libraries_of_rules(tmp_path: Path) -> None:
    file = tmp_path / "bundle.py"
    file.write_bytes(bundle(b"{}"))
    code = f"import sys; sys.path.insert(0, {str(file)!r}); from ci_port.model import libraries\n"
    code += "print(libraries.__file__, [len(libraries.library(name)) > 9 for name in libraries.NAMES])"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == f"{file}/ci_port/model/libraries.py {[True] * 5}\n"
