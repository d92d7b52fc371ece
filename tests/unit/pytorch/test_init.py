"""The port as a whole."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import ci_port.pytorch
from ci_port.model import Execute
from tests.unit.pytorch.plans import PLAIN, observed

ROOT = Path(__file__).parents[3]


def test_every_function_of_the_script_has_a_twin() -> None:
    """Found by searching for its name."""
    text = "".join(path.read_text() for path in (ROOT / "legacy").glob("*.sh"))
    functions = set(re.findall(r"^\s*(?:function )?([a-z]\w+)\(\) *\{", text, re.MULTILINE))
    modules = [
        importlib.import_module(f"ci_port.pytorch.{info.name}")
        for info in pkgutil.iter_modules(ci_port.pytorch.__path__)
    ]
    twins = {name for module in modules for name in vars(module)}
    assert len(functions) > 70
    assert functions - twins == set()


def test_places_are_in_the_port() -> None:
    """Every step of a whole run, handlers included."""
    observation = observed(ci_port.pytorch.main, {"BUILD_ENVIRONMENT": PLAIN, "TEST_CONFIG": "docs_test"})
    assert all(place.file.startswith("ci_port/pytorch/") and place.line for place in observation.places)
    places = dict(zip(observation.plan.steps, observation.places, strict=True))
    assert places[Execute((".ci/pytorch/docs-test.sh",))].functions == ("test_docs_test",)
    assert observation.trusted


def test_imports_nothing_heavy() -> None:
    """Only the standard library, and little of it."""
    code = "import sys, ci_port.pytorch; print(*sorted(m for m in sys.modules if m in HEAVY))".replace(
        "HEAVY",
        repr({"asyncio", "subprocess", "typing_extensions", "hypothesis", "deepdiff", "bashlex", "multiprocessing"}),
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
