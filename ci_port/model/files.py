"""What stands at a path: a file with its text and mode, or a link. In JSON a plain file is its text alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ci_port.model.fields import Fields
from ci_port.model.paths import absolute

MODE = 0o644
"""What a file's permissions are when nothing is said about them."""


@dataclass(frozen=True, slots=True)
class File:
    """A file whose mode is said: `text` holds bytes that are not UTF-8 as surrogate escapes (PEP 383)."""

    text: str
    mode: int = MODE


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link; `target` is as it was written, absolute or relative to where the link stands."""

    target: str


Content = str | File | Link
"""A string is a file of that text with the usual mode."""


def file_of(content: Content) -> File | Link:
    """Return the content with nothing left out: a string becomes a file of the usual mode."""
    return File(content) if isinstance(content, str) else content


def files_from_json(fields: Fields, name: str, version: int) -> dict[str, Content]:
    """Return the files of a field by their absolute paths, none if it is absent.

    Version 1 knows texts alone. Raises DataError with file, line and field.
    """
    if not fields.has(name):
        fields.mapping(name, {})
        return {}
    inside = fields.object(name)
    return {absolute(fields, name, path, path): content_from_json(inside, path, version) for path in inside.names()}


def content_from_json(fields: Fields, name: str, version: int) -> Content:
    """Return what the field `name` says about one path; raises DataError with file, line and field."""
    value = fields.text_or_object(name)
    if isinstance(value, str):
        return value
    if version < 2:
        raise fields.error(name, 'a string is expected, found an object, which needs "version": 2')
    given = [kind for kind in ("text", "base64", "link") if value.has(kind)]
    if len(given) != 1:
        raise value.error_here(f"one of text, base64, link is expected, found {' and '.join(given) or 'none of them'}")
    content: Content
    if value.has("link"):
        content = Link(_target(value))
    else:
        mode = octal(value, "mode", "644", 0o7777)
        text = value.text("text") if value.has("text") else _bytes(value)
        content = text if mode == MODE else File(text, mode)
    value.finish()
    return content


def content_to_json(content: Content) -> object:
    """Return the content as JSON: a text, or an object where a text would not say all."""
    if isinstance(content, Link):
        return {"link": content.target}
    if isinstance(content, File):
        return {"text": content.text, "mode": f"{content.mode:o}"}
    return content


def texts(files: Mapping[str, Content]) -> dict[str, str]:
    """Return the texts of files by their paths; links have none."""
    found = ((path, file_of(content)) for path, content in files.items())
    return {path: file.text for path, file in found if isinstance(file, File)}


def files_to_json(files: Mapping[str, Content]) -> dict[str, object]:
    """Return files as a JSON object."""
    return {path: content_to_json(content) for path, content in files.items()}


def octal(fields: Fields, name: str, default: str, most: int) -> int:
    """Return the number that a field writes in octal digits; raises DataError with file, line and field."""
    text = fields.text(name, default)
    if not re.fullmatch("[0-7]{1,4}", text) or int(text, 8) > most:
        raise fields.error(name, f"an octal number from 0 to {most:o} is expected, found {text!r}")
    return int(text, 8)


def _target(fields: Fields) -> str:
    target = fields.text("link")
    if not target or "\0" in target:
        raise fields.error("link", f"where the link leads is expected, found {target!r}")
    if fields.has("mode"):
        raise fields.error("mode", "a link has no mode of its own")
    return target


def _bytes(fields: Fields) -> str:
    import base64  # not at the top: the runner starts faster without

    try:
        data = base64.b64decode(fields.text("base64"), validate=True)
    except ValueError:
        raise fields.error("base64", "bytes in base64 are expected") from None
    return data.decode("utf-8", errors="surrogateescape")
