"""The tables of docs/pytorch.md are those of the port."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import ci_port.pytorch
from ci_port.model import ALWAYS, Condition
from ci_port.pytorch import dispatch, startup

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "pytorch.md").read_text(encoding="utf-8")
PORT = Path(ci_port.pytorch.__file__).parent
_CELLS = re.compile(r"(?<!\\)\|")


def table(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its head."""
    section = PAGE.split(f"\n{heading}\n", 1)[1]
    lines = section[section.index("\n| ") + 1 :].split("\n\n")[0].splitlines()
    return [[cell.strip().replace("\\|", "|") for cell in _CELLS.split(line)[1:-1]] for line in lines[2:]]


def written(condition: Condition) -> str:
    """Return a condition as the page has it: as bash would write it, without brackets and quotes."""
    return "always" if condition is ALWAYS else f"`{condition.inner().replace(chr(34), '')}`"


@pytest.mark.parametrize(
    ("heading", "rows"), [("## Dispatch", dispatch.DISPATCH), ("### Torchbench", dispatch.TORCHBENCH)]
)
def test_rows_of_a_dispatch(heading: str, rows: tuple[dispatch.Row, ...]) -> None:
    shown = [cells[:2] for cells in table(heading)]
    assert shown == [[str(number), written(row.when)] for number, row in enumerate(rows, 1)]


def test_a_row_that_is_one_function_of_the_script_names_it() -> None:
    for cells, row in zip(table("## Dispatch"), dispatch.DISPATCH, strict=True):
        if row.run.__name__.startswith("test_"):
            assert cells[2] == f"`{row.run.__name__}`"


def test_steps_of_start_up() -> None:
    shown = [cells[:2] for cells in table("## Start-up")]
    assert shown == [[written(step.when), f"`{step.run.__name__}`"] for step in startup.STARTUP]


def test_every_suite_and_helper_has_its_place() -> None:
    """Functions that the script has as well; what the port alone has stands with its caller."""
    script = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "legacy").glob("*.sh")))
    names = set(re.findall(r"^ *(?:function )?(\w+)\(\) \{$", script, re.MULTILINE))
    port = {
        node.name
        for file in PORT.glob("*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    assert len(names & port) > 80
    assert sorted(name for name in names & port if f"`{name}`" not in PAGE and name != "drop_third_party") == []


def test_the_readme_takes_a_flag_from_lines_that_are_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    diff = readme.split("```diff\n", 1)[1].split("```", 1)[0].splitlines()
    before = [line[1:] for line in diff if not line.startswith("+")]
    (number,) = {int(found) for found in re.findall(r"python_suites\.py:(\d+)", readme)}
    suites = (PORT / "python_suites.py").read_text(encoding="utf-8").splitlines()
    assert suites[number - len(before) : number] == before
