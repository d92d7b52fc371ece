"""Which function of the port carries out what."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ci_port.model.errors import CannotRun, UsageError
from ci_port.project.tracing import TRACE_FILE, declarations_beside, read_inventory, traced
from tests.unit.project.project_on_disk import ProjectOnDisk

PORT = "port_of_test_tracing:main"


@pytest.fixture
def ported(project: ProjectOnDisk, monkeypatch: pytest.MonkeyPatch) -> ProjectOnDisk:
    """The small project with a port of one function."""
    project.write("port_of_test_tracing.py", "def main(sh):\n    pass\n")
    monkeypatch.syspath_prepend(str(project.root))
    return project


def script(project: ProjectOnDisk) -> Path:
    return project.root / "scripts" / "test.sh"


def test_declarations_stand_beside_the_port(ported: ProjectOnDisk) -> None:
    assert declarations_beside(PORT) == ported.root / TRACE_FILE
    with pytest.raises(UsageError, match="cannot be found"):
        declarations_beside("no_such:main")


def test_parts_are_missing_until_they_are_declared(ported: ProjectOnDisk) -> None:
    pytest.importorskip("bashlex", reason="reading a script needs it")
    reader = read_inventory(script(ported), follow=True)
    table, twins = traced(PORT, reader, None, update=False, accepted=())
    assert (len(table.rows), table.complete, list(twins)) == (4, False, ["port_of_test_tracing:main"])
    assert not (ported.root / TRACE_FILE).exists(), "only --update writes"
    traced(PORT, reader, None, update=True, accepted=())
    path = ported.root / TRACE_FILE
    path.write_text(path.read_text().replace('"twin": null', '"twin": "port_of_test_tracing:main"'))
    table, _ = traced(PORT, reader, path, update=True, accepted=())
    assert table.complete


def test_a_part_that_is_not_there_cannot_be_accepted(ported: ProjectOnDisk) -> None:
    pytest.importorskip("bashlex", reason="reading a script needs it")
    reader = read_inventory(script(ported), follow=True)
    with pytest.raises(UsageError, match="no part of the script has the id x"):
        traced(PORT, reader, None, update=True, accepted=["x"])
    assert not (ported.root / TRACE_FILE).exists()


def test_a_port_that_is_no_python_is_a_usage_error(ported: ProjectOnDisk) -> None:
    pytest.importorskip("bashlex", reason="reading a script needs it")
    ported.write("port_of_test_tracing.py", "def main(sh:\n")
    with pytest.raises(UsageError, match="the port cannot be read"):
        traced(PORT, read_inventory(script(ported), follow=True), None, update=False, accepted=())


def test_a_script_that_cannot_be_read_is_said(ported: ProjectOnDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="there is no script"):
        read_inventory(ported.root / "no.sh", follow=True)
    script(ported).write_text("if (")
    with pytest.raises(UsageError, match=r"test\.sh:1"):
        read_inventory(script(ported), follow=True)
    for name in [name for name in sys.modules if name.startswith(("ci_port.shell", "bashlex"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "bashlex", None)
    with pytest.raises(CannotRun, match=r"The inventory needs bashlex: pip install 'ci_port\[parity\]'"):
        read_inventory(script(ported), follow=True)
