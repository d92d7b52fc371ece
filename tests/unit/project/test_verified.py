"""What is written down of a script and its port once parity was shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("bashlex", reason="reading a script needs it")

from ci_port.model.errors import UsageError
from ci_port.project.file import load_project
from ci_port.project.subjects import subjects_of
from ci_port.project.verified import verified
from tests.unit.project.project_on_disk import ProjectOnDisk


def test_every_file_of_the_script_with_its_functions_and_branches_by_line(project: ProjectOnDisk) -> None:
    script = project.root / "scripts" / "test.sh"
    project.write("scripts/more.sh", "more() {\n  make\n}\n")
    script.write_text(script.read_text().replace("set -e\n", 'set -e\nsource "$(dirname "$0")/more.sh"\n'))
    small = load_project(project.config)
    found = verified(small)
    subjects = subjects_of(small)
    assert (found.script, found.port) == (subjects.script.fingerprint, subjects.port.fingerprint)
    content, spans = found.files["test.sh"]
    assert content == script.read_bytes()
    assert spans[0] == ("run_suite", 4, 6)
    assert [line for _, line, _ in spans] == [4, 7, 9]
    assert found.files["more.sh"][1] == [("more", 1, 3)]


def test_a_port_that_is_not_there_is_a_usage_error(project: ProjectOnDisk) -> None:
    with pytest.raises(UsageError, match="cannot be found"):
        verified(replace(load_project(project.config), port="no_such:main"))
