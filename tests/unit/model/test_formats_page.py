"""docs/formats.md: its examples are read by the real parsers and fit the schemas, and no field is left out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_port.model import Document, Fields
from ci_port.model.case import case_from_json, case_to_json
from ci_port.model.jobs import job_from_json, read_jobs
from ci_port.model.libraries import NAMES
from ci_port.model.plan import dumps, plan_from_json
from ci_port.model.rules import rule_from_json, rule_to_json
from ci_port.model.tools import FILE_TOOLS, PURE
from ci_port.model.world import world_from_json, world_to_json
from tests.unit.model.test_schemas import accepts, schema

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+) (\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = {kind: text for form, kind, text in BLOCKS if form == "json"}
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def library_from_json(fields: Fields) -> dict[str, Any]:
    assert fields.text("about")
    found = [rule_to_json(rule_from_json(rule)) for rule in fields.objects("commands")]
    fields.finish()
    return {"about": fields.text("about"), "commands": found}


READERS: dict[str, Callable[[Fields], dict[str, Any]]] = {
    "world": lambda fields: world_to_json(world_from_json(fields)),
    "rule": lambda fields: rule_to_json(rule_from_json(fields)),
    "library": library_from_json,
    "case": lambda fields: case_to_json(case_from_json(fields)),
    "plan": lambda fields: plan_from_json(fields).to_json(),
    "job": lambda fields: case_to_json(job_from_json(fields, "x", 1, "{SUITE}")),
}
PARTS = {"rule": ("rules", "#/$defs/rule"), "library": ("rules", "")}


def test_each_format_has_its_example() -> None:
    assert list(EXAMPLES) == list(READERS)


@pytest.mark.parametrize("kind", READERS)
def test_an_example_is_read_and_written_back(kind: str) -> None:
    value = json.loads(EXAMPLES[kind])
    written = READERS[kind](Document(EXAMPLES[kind], kind).parse())
    # What stands in an example although it is what holds without it.
    shown: dict[str, dict[str, Any]] = {"world": {"umask": "022"}, "rule": {"status": 0}}
    plain = shown.get(kind, {})
    if kind == "world":
        value["files"]["/home/ci/project/logo.png"] = "\udc89PNG\r\n\x1a\n"
    assert dumps({**plain, **_sorted(written)}) == dumps(_sorted(value))


def _sorted(value: Any) -> dict[str, Any]:
    """Return a world with its sets in order; anything else as it is."""
    sets = ("executables", "dirs", "missing", "pure")
    return {name: sorted(part) if name in sets and isinstance(part, list) else part for name, part in value.items()}


@pytest.mark.parametrize("kind", READERS)
def test_an_example_fits_its_schema(kind: str) -> None:
    name, part = PARTS.get(kind, (kind, ""))
    assert accepts(name, json.loads(EXAMPLES[kind]), part)


def properties(value: Any) -> Iterator[str]:
    """Yield the names of all fields that a schema describes."""
    if isinstance(value, dict):
        described = value.get("properties", {})
        yield from (name for name, about in described.items() if about is not False)
        for part in value.values():
            yield from properties(part)
    elif isinstance(value, list):
        for part in value:
            yield from properties(part)


@pytest.mark.parametrize(
    ("name", "section", "kinds"),
    [
        ("world", "World", ("world",)),
        ("rules", "Rule", ("rule", "library", "world")),
        ("case", "Case", ("case",)),
        ("plan", "Plan", ("plan",)),
        ("job", "Jobs", ("job",)),
    ],
)
def test_every_field_is_described_and_shown(name: str, section: str, kinds: tuple[str, ...]) -> None:
    fields = set(properties(schema(name)))
    assert len(fields) >= 4
    text = SECTIONS[section] + (SECTIONS["World"] if name == "rules" else "")
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert {field for field in fields if f"`{field}`" not in prose} == set()
    shown = "".join(EXAMPLES[kind] for kind in kinds)
    # A recorded plan in a case has a section of its own.
    assert {field for field in fields if f'"{field}"' not in shown} <= {"plan", "wrong"}


def test_the_table_of_jobs_is_read() -> None:
    ((text),) = [text for form, kind, text in BLOCKS if (form, kind) == ("csv", "jobs")]
    unit, lint = read_jobs(text, "jobs.csv", "{SUITE}")
    assert (unit.env, unit.args, unit.stdin) == ((("CC", "gcc"), ("SUITE", "unit")), ("--fast",), "")
    assert (lint.env, lint.args, lint.stdin) == ((("CC", None), ("SUITE", "lint")), ("--only", "two words"), None)


def test_the_libraries_and_tools_that_it_names_are_there() -> None:
    libraries = SECTIONS["Rule"].partition("### Libraries")[2]
    assert all(f"`{name}`" in libraries for name in NAMES)
    tools = SECTIONS["World"].partition("The file tools")[2].partition("and their kin")[0]
    assert set(re.findall(r"`(\w+)`", tools)) <= FILE_TOOLS
    others = SECTIONS["World"].partition("or of chance")[2].partition("is in neither")[0]
    named = set(re.findall(r"`(\w+)`", others))
    assert named
    assert not named & (PURE | FILE_TOOLS)
