"""Copies that a test may change, also of a checkout that may not be written."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

BUILT = ("__pycache__", "*.so", ".build-*")
"""What a checkout has and git would not bring."""


def own_copy(source: Path, target: Path, without: Sequence[str] = BUILT) -> Path:
    """Copy a file to `target`, or a folder but for what these patterns match in it; return the copy."""
    if not source.is_dir():
        shutil.copy(source, target)
        _owner_may_write(target)
        return target
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(*without))
    for path in (target, *target.rglob("*")):
        _owner_may_write(path)
    return target


def _owner_may_write(path: Path) -> None:
    if not path.is_symlink():
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
