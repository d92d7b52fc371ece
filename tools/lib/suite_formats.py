"""Readers of public shell test suites: each takes the text of one file and yields its small scripts.

What a case expects is left out: real bash says what is right. Nothing of a suite is kept here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.parity.small_scripts import Script

FIRST_LINE = "#!/bin/bash\n"
_LONGEST = 200_000
_ENDS_EARLY = re.compile(
    r"^([ \t]*)set(?=[^\n;#&]* -(?:\w*[eu]|o (?:errexit|nounset)))(?: [-+](?:\w*o \w+|\w+))+(?=[ \t]*(?:;|#|&&|$))",
    re.MULTILINE,
)
_FLAGS = re.compile(r"\A(#!.*\b(?:ba)?sh) -.*")


def scripts_of(path: Path) -> Iterator[Script]:
    """Yield the scripts of all files of a suite below a path, in order; each id says the file and the place in it."""
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        reader = next((read for pattern, read in _READERS.items() if re.search(pattern, file.name)), None)
        if reader is not None and file.is_file():
            yield from reader(file)


def _named(file: Path, place: str | int, text: str, **more: Any) -> Script:
    return Script(FIRST_LINE + text, id=f"{file.name}:{place}", follow=True, **more)


def read_oils(file: Path) -> Iterator[Script]:
    """Yield the cases of a `*.test.sh` of oils: `#### NAME`, the code, then what is expected behind `##`."""
    text = file.read_text(encoding="utf-8", errors="surrogateescape")
    for number, case in enumerate(re.split(r"^#### ?.*\n", text, flags=re.MULTILINE)[1:], 1):
        # Expected output of several lines is code for nobody.
        said = re.sub(r"^## (?:.*)?[A-Z-]+:\s*\n(?:.*\n)*?## END.*\n?", "", case, flags=re.MULTILINE)
        code = [line for line in said.splitlines() if not line.startswith("## ")]
        code += re.findall(r"^## code: (.*)", said, flags=re.MULTILINE)
        yield _named(file, number, "\n".join(code) + "\n", env={"SH": "bash", "TMP": "/tmp"})


def read_go_tables(file: Path) -> Iterator[Script]:
    """Yield the cases of a Go test with tables like `[]runTest{{"script", "output"}, ...}`: the first text of each."""
    source = file.read_text(encoding="utf-8")
    for table in re.finditer(r"= \[\]\w+\{\n", source):
        end = source.find("\n}\n", table.end())
        for entry in re.finditer(r"^\t\{\s*(?:in:\s*)?(?=[\"`])", source[table.end() : end], flags=re.MULTILINE):
            at = table.end() + entry.end()
            text = _go_text(source, at)
            if text is not None:
                yield _named(file, source.count("\n", 0, at) + 1, text + "\n")


def _go_text(source: str, at: int) -> str | None:
    """Return the value of literals joined by `+`; None if it is joined to something else."""
    parts = []
    while True:
        literal = re.compile(r"`[^`]*`|\"(?:[^\"\\\n]|\\.)*\"").match(source, at)
        if literal is None:
            return None
        text = literal[0]
        parts.append(text[1:-1] if text[0] == "`" else _go_unescaped(text[1:-1]))
        joined = re.compile(r"\s*\+\s*").match(source, literal.end())
        if joined is None:
            return "".join(parts)
        at = joined.end()


_GO_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", '"': '"', "\\": "\\"}


def _go_unescaped(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        escape = found[1]
        if escape[0] in _GO_ESCAPES:
            return _GO_ESCAPES[escape[0]]
        if escape[0] in "uU":
            return chr(int(escape[1:], 16))
        return bytes([int(escape[1:], 16) if escape[0] == "x" else int(escape, 8)]).decode("utf-8", "surrogateescape")

    return re.sub(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", one, text)


def read_brush(file: Path) -> Iterator[Script]:
    """Yield the cases of a YAML file of brush: `stdin` is the script, unless `args` say `-c`."""
    import yaml

    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not isinstance(content.get("cases"), list):
        return
    common = content.get("common_test_files") or []
    for number, case in enumerate(content["cases"], 1):
        args = [str(word) for word in case.get("args") or []]
        text = case.get("stdin")
        if args[:1] == ["-c"] and len(args) > 1 and text is None:
            text, args = args[1], args[2:]
        if text is None or args or case.get("pty") or case.get("skip"):
            continue
        files = {
            entry["path"]: str(entry.get("contents") or "") for entry in [*common, *(case.get("test_files") or [])]
        }
        env = {name: str(value) for name, value in (case.get("env") or {}).items()}
        yield _named(file, number, text, files={path: files[path] for path in files if _inside(path)}, env=env)


def _inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in path.split("/") and not path.endswith("/")


_OF_BASH = {"THIS_SH": "bash", "BUILD_DIR": "/w", "TMPDIR": "/tmp"}


def read_bash_tests(file: Path) -> Iterator[Script]:
    """Yield a `*.tests` or `*.sub` of bash's own tests, with the files beside it that it speaks of."""
    text = file.read_text(encoding="utf-8", errors="surrogateescape")
    yield _named(file, 1, text, files=_spoken_of(file, text), env=_OF_BASH)


def read_whole(file: Path) -> Iterator[Script]:
    """Yield a file that is one script of a project, if it is one for bash or sh: as it is, and so that it goes on.

    In a world where nothing is, most scripts end at once; without `set -e` and `set -u` they show what else they have.
    """
    if not file.is_file() or file.is_symlink() or file.stat().st_size > _LONGEST:
        return
    text = file.read_bytes().decode("utf-8", "surrogateescape")
    first = text.partition("\n")[0]
    if "\0" in text or not (
        re.match(r"#!.*\b(ba)?sh\b", first) or (file.suffix == ".sh" and not first.startswith("#!"))
    ):
        return
    if not first.startswith("#!"):
        text = FIRST_LINE + text
    yield Script(text, id=str(file))
    going_on = _FLAGS.sub(r"\1", _ENDS_EARLY.sub(r"\1:", text))
    if going_on != text:
        yield Script(going_on, id=f"{file} going on")


def _spoken_of(file: Path, text: str) -> Mapping[str, str]:
    """Return the neighbours of a file whose names stand in its text, and those whose names stand in theirs."""
    found: dict[str, str] = {}
    texts = [text]
    for known in texts:
        for name in sorted(set(re.findall(r"[\w.+-]+", known)) - found.keys() - {file.name}):
            neighbour = file.parent / name
            if neighbour.is_file() and neighbour.stat().st_size <= _LONGEST:
                found[name] = neighbour.read_bytes().decode("utf-8", "surrogateescape")
                texts.append(found[name])
    return {name: content for name, content in found.items() if "\0" not in content}


_READERS: dict[str, Callable[[Path], Iterator[Script]]] = {
    r"\.test\.sh$": read_oils,
    r"_test\.go$": read_go_tables,
    r"\.ya?ml$": read_brush,
    r"\.(tests|sub)$": read_bash_tests,
}
