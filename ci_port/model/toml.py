"""The part of TOML that our own files use, read the same way by every Python that we support.

`tomllib` came with Python 3.11 and keeps no positions; the runner needs 3.10, and errors name their line. What is
read here is read as `tomllib` reads it; the rest of TOML (dates, multi-line strings, dotted keys, other numbers) is
refused by name and line.
"""

from __future__ import annotations

import re
from typing import Any

from ci_port.model.fields import DataError, Document, Fields

Path = tuple["str | int", ...]

_SPACE = re.compile(r"[ \t]*")
_BETWEEN = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_REST = re.compile(r"[ \t]*(?:#[^\n]*)?(?=\n|\Z)")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_LITERAL = re.compile(r"'([^'\n]*)'")
_NUMBER = re.compile(r"[+-]?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?=[\s,\]}#]|\Z)")
_WORD = re.compile(r"(true|false)(?=[\s,\]}#]|\Z)")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class TomlDocument(Document):
    """One TOML text and where it stands; its fields are read as those of a JSON document."""

    def __init__(self, text: str, source: str) -> None:
        super().__init__(text, source)
        self._lines: dict[Path, int] = {}

    def parse(self) -> Fields:
        """Return the fields of the document; raises DataError."""
        reader = _Reader(self.text.replace("\r\n", "\n"), self.source)
        self._lines = reader.lines
        return self.fields(reader.document(), ())

    def error(self, path: Path, problem: str) -> DataError:
        """Return the error for what stands at `path`."""
        name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
        known = next((self._lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self._lines), 1)
        return DataError(self.source, known, name, problem)


class _Reader:
    """Reads a text from its start to its end; `lines` holds the line of every value by its path."""

    def __init__(self, text: str, source: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text = text
        self._source = source
        self._at = 0
        self._values: dict[str, Any] = {}
        self._tables: set[Path] = set()
        self._lists: set[Path] = set()

    def document(self) -> dict[str, Any]:
        try:
            return self._document()
        except RecursionError:
            raise self._error("the values are nested too deeply") from None

    def _document(self) -> dict[str, Any]:
        if control := _CONTROL.search(self._text):
            self._at = control.start()
            raise self._error("a control character")
        table: dict[str, Any] = self._values
        path: Path = ()
        while self._to_next_line():
            if self._sees("["):
                table, path = self._header()
            else:
                self._pair(table, path)
            self._end_of_line()
        return self._values

    def _error(self, problem: str) -> DataError:
        return DataError(self._source, self._line(), "", problem)

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def _sees(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _take(self, text: str) -> bool:
        found = self._sees(text)
        self._at += len(text) if found else 0
        return found

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found

    def _expect(self, text: str, what: str) -> None:
        self._match(_SPACE)
        if not self._take(text):
            raise self._error(f"{text!r} is expected {what}")

    def _to_next_line(self) -> bool:
        self._match(_BETWEEN)
        return self._at < len(self._text)

    def _end_of_line(self) -> None:
        if not self._match(_REST):
            raise self._error(f"the end of the line is expected, found {self._text[self._at :].splitlines()[0]!r}")

    def _key(self) -> str:
        self._match(_SPACE)
        if bare := self._match(_BARE):
            return bare[0]
        if self._sees('"') or self._sees("'"):
            return self._string()
        raise self._error("a name is expected")

    def _header(self) -> tuple[dict[str, Any], Path]:
        many = self._take("[[")
        if not many:
            self._take("[")
        names = [self._key()]
        while self._match(_SPACE) and self._take("."):
            names.append(self._key())
        self._expect("]]" if many else "]", "after the table's name")
        parent: dict[str, Any] = self._values
        path: Path = ()
        for name in names[:-1]:
            parent, path = self._inside(parent, path, name)
        return (self._new_element if many else self._new_table)(parent, path, names[-1])

    def _inside(self, parent: dict[str, Any], path: Path, name: str) -> tuple[dict[str, Any], Path]:
        value, path = parent.setdefault(name, {}), (*path, name)
        if path in self._lists:
            return value[-1], (*path, len(value) - 1)
        if not isinstance(value, dict) or (path in self.lines and path not in self._tables):
            raise self._error(f"{name} is no table")
        return value, path

    def _new_table(self, parent: dict[str, Any], path: Path, name: str) -> tuple[dict[str, Any], Path]:
        path = (*path, name)
        if path in self.lines:
            raise self._error(f"{name} stands already in line {self.lines[path]}")
        self._tables.add(path)
        self.lines[path] = self._line()
        table: dict[str, Any] = parent.setdefault(name, {})
        return table, path

    def _new_element(self, parent: dict[str, Any], path: Path, name: str) -> tuple[dict[str, Any], Path]:
        path = (*path, name)
        if name in parent and path not in self._lists:
            raise self._error(f"{name} stands already, and is no list of tables")
        self._lists.add(path)
        elements: list[dict[str, Any]] = parent.setdefault(name, [])
        elements.append({})
        self.lines.setdefault(path, self._line())
        path = (*path, len(elements) - 1)
        self.lines[path] = self._line()
        return elements[-1], path

    def _pair(self, table: dict[str, Any], path: Path) -> None:
        name = self._key()
        self._match(_SPACE)
        if self._sees("."):
            raise self._error("a dotted name is not supported here; write a [table]")
        self._expect("=", f"after {name}")
        self._match(_SPACE)
        path = (*path, name)
        if name in table:
            raise self._error(f"{name} stands already in line {self.lines.get(path, 1)}")
        self.lines[path] = self._line()
        table[name] = self._value(path)

    def _value(self, path: Path) -> Any:
        self.lines[path] = self._line()
        if self._sees('"') or self._sees("'"):
            return self._string()
        if self._take("["):
            return self._list(path)
        if self._take("{"):
            return self._inline_table(path)
        if word := self._match(_WORD):
            return word[0] == "true"
        if number := self._match(_NUMBER):
            return float(number[0]) if number["fraction"] else int(number[0])
        raise self._error(
            "a value is expected: a string, a number, true, false, a list or a table "
            "(dates, hexadecimal and exponents are not supported here)"
        )

    def _string(self) -> str:
        if self._sees('"""') or self._sees("'''"):
            raise self._error("multi-line strings are not supported here")
        if literal := self._match(_LITERAL):
            return literal[1]
        basic = self._match(_BASIC)
        if not basic:
            raise self._error("a string without an end on its line")
        return _ESCAPE.sub(self._unescaped, basic[1])

    def _unescaped(self, escape: re.Match[str]) -> str:
        kind = escape[1]
        if kind in _ESCAPES:
            return _ESCAPES[kind]
        code = int(kind[1:], 16) if len(kind) > 1 else -1
        if code < 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise self._error(f"the escape \\{kind} is none that TOML has")
        return chr(code)

    def _list(self, path: Path) -> list[Any]:
        values: list[Any] = []
        while True:
            self._match(_BETWEEN)
            if self._take("]"):
                return values
            values.append(self._value((*path, len(values))))
            self._match(_BETWEEN)
            if not self._take(",") and not self._sees("]"):
                raise self._error("',' or ']' is expected in a list")

    def _inline_table(self, path: Path) -> dict[str, Any]:
        table: dict[str, Any] = {}
        self._match(_SPACE)
        if self._take("}"):
            return table
        while True:
            self._pair(table, path)
            self._match(_SPACE)
            if self._take("}"):
                return table
            self._expect(",", "between the values of a table")
