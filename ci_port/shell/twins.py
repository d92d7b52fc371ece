"""The functions of a Python package, from its text alone: nothing of it is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Twin:
    """A function at the top level of a module; `name` is `module:function`, the module as seen from the package."""

    name: str
    file: Path
    line: int
    end_line: int
    text: str
    about: str


def functions_of(package: Path) -> Mapping[str, Twin]:
    """Return the functions of a package's modules, or of a single module, by name.

    Raises SyntaxError for a module that is not valid Python, OSError for one that cannot be read.
    """
    files = sorted(package.rglob("*.py")) if package.is_dir() else [package]
    base = package if package.is_dir() else package.parent
    return {twin.name: twin for file in files for twin in _functions(file, base)}


def _functions(file: Path, base: Path) -> Iterator[Twin]:
    text = file.read_text()
    lines = text.splitlines()
    module = ".".join(part for part in file.relative_to(base).with_suffix("").parts if part != "__init__")
    for node in ast.parse(text, str(file)).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            end = node.end_lineno or node.lineno
            about = (ast.get_docstring(node) or "").partition("\n")[0]
            yield Twin(f"{module}:{node.name}", file, line, end, "\n".join(lines[line - 1 : end]), about)
