"""Paths as bash itself understands them: as text, without looking at a machine (bash manual, `cd -L`)."""

from __future__ import annotations


def absolute(path: str, cwd: str) -> str:
    """Return the path as an absolute one without `.`, `..` and doubled slashes (textually, as `cd` does)."""
    if not path.startswith("/"):
        path = f"{cwd}/{path}"
    if "/." not in path and "//" not in path and path[-1] != "/":
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)
