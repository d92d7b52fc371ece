"""Reading JSON objects field by field, with errors that name the file, the line and the field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn, TypeVar, cast

from ci_port.model.positions import Path, doubled, line_of

T = TypeVar("T")
_MISSING: Any = object()
# Cheap to look for; whether it is half a character is looked at where there is one.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_NO_TEXT = re.compile("[\ud800-\udfff]")


class DataError(ValueError):
    """A file that people or tools wrote is not what it should be; the message names file, line and field."""

    def __init__(self, source: str, line: int, field: str, problem: str) -> None:
        self.source = source
        self.line = line
        self.field = field
        self.problem = problem
        where = f"{source}:{line}: " + (f"field {field}: " if field else "")
        super().__init__(where + problem)


def all_of(errors: Sequence[DataError]) -> DataError:
    """Return one error that says all of them, a line each, at the place of the first."""
    first = errors[0]
    return DataError(first.source, first.line, first.field, "\n".join([first.problem, *map(str, errors[1:])]))


def not_utf8(text: str) -> str:
    """Return what is wrong with text that was read with `surrogateescape`; empty if it was UTF-8."""
    found = _NO_TEXT.search(text)
    return f"not UTF-8: byte 0x{ord(found[0]) & 0xFF:02x} at column {found.start() + 1}" if found else ""


_BITS = 63


class _NoNumber(ValueError):
    """NaN and Infinity, which Python reads and JSON does not have."""


def _refuse(word: str) -> NoReturn:
    raise _NoNumber(word)


class Document:
    """One JSON text and where it stands: `source` is the file's name, `first_line` the line of its first character."""

    def __init__(self, text: str, source: str, first_line: int = 1) -> None:
        self.text = text
        self.source = source
        self.first_line = first_line

    def parse(self) -> Fields:
        """Return the fields of the document's one object; raises DataError."""
        twice = False
        if problem := not_utf8(self.text):
            raise DataError(self.source, self.first_line, "", problem)

        def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
            nonlocal twice
            values = dict(pairs)
            twice |= len(values) != len(pairs)
            return values

        try:
            value = json.loads(self.text, object_pairs_hook=once, parse_constant=_refuse)
        except json.JSONDecodeError as error:
            line = self.first_line + error.lineno - 1
            raise DataError(self.source, line, "", f"not JSON: {error.msg} at column {error.colno}") from None
        except RecursionError:
            raise DataError(self.source, self.first_line, "", "not JSON that can be read: nested too deeply") from None
        except _NoNumber as error:
            raise DataError(self.source, self.first_line, "", f"not JSON: {error} is no number") from None
        except ValueError:  # Python reads no longer ones (sys.set_int_max_str_digits)
            raise DataError(self.source, self.first_line, "", "not JSON that can be read: too long a number") from None
        if twice and (found := doubled(self.text)):
            path, first, second = found
            problem = f"stands already in line {self.first_line + first}"
            raise DataError(self.source, self.first_line + second, _name(path), problem)
        if _SURROGATE.search(self.text):
            self._check_text(value, ())
        return self.fields(value, ())

    def _check_text(self, value: object, path: Path) -> None:
        """Raise DataError for text that stands for no bytes: a half of a surrogate pair that escapes none either."""
        if isinstance(value, str):
            try:
                value.encode(errors="surrogateescape")
            except UnicodeEncodeError:
                raise self.error(path, f"text is expected, found half a character: {value!r}") from None
        elif isinstance(value, list):
            for index, one in enumerate(value):
                self._check_text(one, (*path, index))
        elif isinstance(value, dict):
            for name, one in value.items():
                self._check_text(name, (*path, name))
                self._check_text(one, (*path, name))

    def fields(self, value: object, path: Path) -> Fields:
        """Return the fields of the object at `path`; raises DataError if it is no object."""
        if not isinstance(value, dict):
            raise self.error(path, f"an object is expected, found {_kind(value)}")
        return Fields(self, cast("dict[str, object]", value), path)

    def error(self, path: Path, problem: str) -> DataError:
        """Return the error for what stands at `path`."""
        return DataError(self.source, self.first_line + line_of(self.text, path), _name(path), problem)


class Fields:
    """The fields of one object. Every reader takes the field's name; `finish` refuses those that nobody read."""

    def __init__(self, document: Document, values: dict[str, object], path: Path) -> None:
        self._document = document
        self._values = values
        self._path = path
        self._read: set[str] = set()

    def error(self, name: str, problem: str, *inside: str | int) -> DataError:
        """Return the error for the field `name`, or for what stands `inside` it: a name or a number for each level."""
        return self._document.error((*self._path, name, *inside), problem)

    def error_here(self, problem: str) -> DataError:
        """Return the error for the object itself."""
        return self._document.error(self._path, problem)

    def has(self, name: str) -> bool:
        """Return whether the field is there and not null."""
        return self._values.get(name) is not None

    def line(self, name: str) -> int:
        """Return the line on which the field stands."""
        return self.error(name, "").line

    def names(self) -> list[str]:
        """Return the names of all fields."""
        return list(self._values)

    def finish(self) -> None:
        """Raise DataError if the object has a field that was not read."""
        for name in self._values:
            if name not in self._read:
                raise self.error(name, "unknown field")

    def _get(self, name: str, kind: type[T], what: str, default: Any = _MISSING) -> T:
        self._read.add(name)
        value = self._values.get(name, default)
        if value is _MISSING:
            raise self.error_here(f"field {name} is missing")
        if value is not default and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise self.error(name, f"{what} is expected, found {_kind(value)}")
        return cast("T", value)

    def text(self, name: str, default: str = _MISSING) -> str:
        """Return a string."""
        return self._get(name, str, "a string", default)

    def text_or_none(self, name: str) -> str | None:
        """Return a string, or None if the field is absent."""
        return self._get(name, str, "a string", None)

    def integer(self, name: str, default: int = _MISSING) -> int:
        """Return an integer."""
        return self._stored(name, self._get(name, int, "an integer", default))

    def integer_or_text(self, name: str) -> int | str:
        """Return an integer or a string."""
        return self.text(name) if isinstance(self._values.get(name), str) else self.integer(name)

    def number(self, name: str, default: float = _MISSING) -> float:
        """Return a number, whole or not."""
        if isinstance(self._values.get(name), float):
            return self._get(name, float, "a number", default)
        return float(self._stored(name, self._get(name, int, "a number", default)))

    def _stored(self, name: str, value: T) -> T:
        """Return a number that every store holds; raises DataError for a longer one."""
        if isinstance(value, int) and value.bit_length() > _BITS:
            raise self.error(name, f"an integer of at most {_BITS} bits is expected, found one of {value.bit_length()}")
        return value

    def integers(self, name: str) -> list[int]:
        """Return a list of integers."""
        values: list[Any] = self._get(name, list, "a list of integers")
        for i, value in enumerate(values):
            if not isinstance(value, int) or isinstance(value, bool):
                raise self._document.error((*self._path, name, i), f"an integer is expected, found {_kind(value)}")
        return values

    def raw(self, name: str) -> Any:
        """Return whatever stands there, None if the field is absent; its reader knows more about it."""
        self._read.add(name)
        return self._values.get(name)

    def boolean(self, name: str, default: bool = _MISSING) -> bool:
        """Return true or false."""
        return self._get(name, bool, "true or false", default)

    def object(self, name: str) -> Fields:
        """Return the fields of an object."""
        self._get(name, dict, "an object")
        return self._document.fields(self._values[name], (*self._path, name))

    def objects(self, name: str, default: list[Any] = _MISSING) -> Iterator[Fields]:
        """Return the fields of each object of a list."""
        values: list[Any] = self._get(name, list, "a list", default)
        return (self._document.fields(value, (*self._path, name, i)) for i, value in enumerate(values))

    def texts(self, name: str, default: list[str] = _MISSING) -> list[str]:
        """Return a list of strings."""
        values: list[Any] = self._get(name, list, "a list of strings", default)
        for i, value in enumerate(values):
            if not isinstance(value, str):
                raise self._document.error((*self._path, name, i), f"a string is expected, found {_kind(value)}")
        return values

    def text_or_object(self, name: str) -> str | Fields:
        """Return a string, or the fields of an object."""
        value = self._values.get(name)
        if not isinstance(value, str | dict):
            raise self.error(name, f"a string or an object is expected, found {_kind(value)}")
        return self.text(name) if isinstance(value, str) else self.object(name)

    def text_or_texts(self, name: str) -> list[str]:
        """Return a list of strings, for which one string may stand."""
        return [self.text(name)] if isinstance(self._values.get(name), str) else self.texts(name)

    def mapping(self, name: str, default: dict[str, str] = _MISSING) -> dict[str, str]:
        """Return an object whose values are strings."""
        for key, value in self.changes(name, cast("dict[str, str | None]", default)).items():
            if value is None:
                raise self._document.error((*self._path, name, key), "a string is expected, found null")
        return cast("dict[str, str]", self._values.get(name, default))

    def changes(self, name: str, default: dict[str, str | None] = _MISSING) -> dict[str, str | None]:
        """Return an object whose values are strings or null."""
        values: dict[str, Any] = self._get(name, dict, "an object", default)
        for key, value in values.items():
            if value is not None and not isinstance(value, str):
                raise self._document.error((*self._path, name, key), f"a string is expected, found {_kind(value)}")
        return values


def _name(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", int: "a number", float: "a number"}
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return names.get(type(value), type(value).__name__)
