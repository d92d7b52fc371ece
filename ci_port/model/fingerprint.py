"""Fingerprints (sha256) of files and of data: two things with one fingerprint are the same thing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from ci_port.model.plan import dumps


def of_text(text: str) -> str:
    """Return the fingerprint of a text; bytes that are not UTF-8 are held as surrogate escapes."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def of_data(value: object) -> str:
    """Return the fingerprint of what JSON can hold, whatever the order of its keys."""
    return of_text(dumps(value))


def of_files(base: Path, files: Iterable[Path]) -> str:
    """Return the fingerprint of files: their names below `base`, and what is in them. The order does not matter."""
    whole = hashlib.sha256()
    for name, path in sorted((path.relative_to(base).as_posix(), path) for path in files):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        # A name cannot hold a NUL, so no two sets of files give the same bytes.
        whole.update(f"{name}\0{content}\n".encode(errors="surrogateescape"))
    return whole.hexdigest()


def of_directory(directory: Path, pattern: str = "*") -> str:
    """Return the fingerprint of all files below a directory whose names match; caches of Python are left out."""
    found = (path for path in directory.rglob(pattern) if path.is_file() and "__pycache__" not in path.parts)
    return of_files(directory, found)
