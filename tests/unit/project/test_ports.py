"""Where the sources of a port stand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ci_port.model.errors import UsageError
from ci_port.project.ports import package_of, port_files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on Python's path with a module, and a package that must not be run."""
    (tmp_path / "one_of_test_ports.py").touch()
    package = tmp_path / "many_of_test_ports"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('imported')\n")
    (package / "suites.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_module_is_one_file_and_a_package_all_of_its_files(folder: Path) -> None:
    assert port_files("one_of_test_ports:main") == [folder / "one_of_test_ports.py"]
    package = folder / "many_of_test_ports"
    assert port_files("many_of_test_ports:main") == [package / "__init__.py", package / "suites.py"]


def test_a_package_is_found_and_never_imported(folder: Path) -> None:
    package = folder / "many_of_test_ports"
    assert package_of("many_of_test_ports:main") == package
    assert package_of("many_of_test_ports.suites:main") == package / "suites.py"
    assert package_of("one_of_test_ports:main") == folder / "one_of_test_ports.py"
    assert "many_of_test_ports" not in sys.modules


def test_a_port_beside_the_caller_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside_of_test_ports.py").touch()
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    assert package_of("beside_of_test_ports:main") == tmp_path / "beside_of_test_ports.py"


@pytest.mark.parametrize("port", ["no_such_module:main", "no.such:main"])
def test_a_port_that_is_not_there_is_a_usage_error(port: str) -> None:
    with pytest.raises(UsageError, match=f"the port {port} cannot be found"):
        port_files(port)
    with pytest.raises(UsageError, match="there is no module"):
        package_of(port)
