"""The forms that an issue begins with are such that GitHub shows them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "ISSUE_TEMPLATE"
CONFIG = FOLDER / "config.yml"
FORMS = sorted(set(FOLDER.glob("*.yml")) - {CONFIG})


def loaded(form: Path) -> dict[str, Any]:
    """Return a form."""
    content: dict[str, Any] = yaml.safe_load(form.read_text(encoding="utf-8"))
    return content


def test_there_is_one_for_each_kind_of_issue() -> None:
    assert [form.stem for form in FORMS] == ["bug", "feature", "wrong_plan"]
    assert len({loaded(form)["name"] for form in FORMS}) == len(FORMS)


@pytest.mark.parametrize(("schema", "files"), [("issue-forms", FORMS), ("issue-config", [CONFIG])])
def test_github_accepts_them(schema: str, files: list[Path]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.github-{schema}"]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("form", [form for form in FORMS if form.stem != "feature"], ids=lambda form: form.stem)
def test_what_must_not_be_public_is_sent_elsewhere(form: Path) -> None:
    """Before anything is typed in."""
    first = loaded(form)["body"][0]
    assert first["type"] == "markdown"
    assert "SECURITY.md" in first["attributes"]["value"]
    assert (ROOT / "SECURITY.md").is_file()
