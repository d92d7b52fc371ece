"""File tools in memory: what the usual forms of `mkdir`, `cp`, `rm` and their kin do to a tree (coreutils manual).

Only forms of which all is known here are done; for any other `tool` returns None before anything has changed, and
somebody must really run it. What the tools print is not known here.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ci_port.host.tree import Directory, Node, Regular, Symlink, Tree, text_of


@dataclass(frozen=True, slots=True)
class Call:
    """One tool that runs: its options by their short names, with the value of those that have one, and its operands.

    Operands are absolute, and as the tool was given them in `words`.
    """

    tree: Tree
    options: Mapping[str, str]
    words: tuple[str, ...]
    operands: tuple[str, ...]
    umask: int

    def has(self, *options: str) -> bool:
        """Return whether one of these options is there."""
        return any(option in self.options for option in options)


@dataclass(frozen=True, slots=True)
class Tool:
    """What a tool does: its options (`m:` has a value) with their long names, how few operands it has, and its deed.

    The deed returns the exit status.
    """

    options: Mapping[str, str]
    least: int
    run: Callable[[Call], int]


class _Unknown(Exception):
    """This form of the tool is not known here."""


def run(argv: Sequence[str], tree: Tree, cwd: str, umask: int) -> int | None:
    """Do what a file tool does, and return its exit status; None if that is not known here: then nothing is done.

    `cwd` is absolute; the tree is changed.
    """
    tool = TOOLS.get(argv[0])
    if tool is None:
        return None
    tried = tree.copy()
    try:
        options, words = _arguments(tool, argv[1:])
        if len(words) < tool.least or "" in words:
            return None
        status = tool.run(Call(tried, options, words, tuple(os.path.join(cwd, word) for word in words), umask))
    except (_Unknown, RecursionError):
        return None
    tree.become(tried)
    return status


def _arguments(tool: Tool, words: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the options and operands, which may stand in any order up to `--` (getopt_long(3))."""
    options: dict[str, str] = {}
    operands: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return options, (*operands, *rest)
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            letter = next((letter for letter, long in tool.options.items() if long == name), "")
            if not letter or bool(equals) != letter.endswith(":"):
                raise _Unknown
            options[letter[0]] = value
        elif word.startswith("-") and word != "-":
            _letters(tool, word[1:], rest, options)
        else:
            operands.append(word)
    return options, tuple(operands)


def _letters(tool: Tool, letters: str, rest: list[str], options: dict[str, str]) -> None:
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in tool.options:
            options[letter] = ""
        elif f"{letter}:" in tool.options and (letters or rest):
            options[letter] = letters or rest.pop(0)
            return
        else:
            raise _Unknown


def _each(call: Call, deed: Callable[[Call, str], None]) -> int:
    """Do it to each operand; one that fails does not keep the others from it."""
    status = 0
    for operand in call.operands:
        try:
            deed(call, operand)
        except OSError:
            status = 1
    return status


def _mkdir(call: Call) -> int:
    mode = 0o777 & ~call.umask
    if "m" in call.options:
        mode = _changed_mode(call.options["m"], 0o777, True, call.umask)
    return _each(call, lambda call, path: _make_directory(call, path, mode))


def _make_directory(call: Call, path: str, mode: int) -> None:
    if not call.has("p"):
        call.tree.make_directory(path, mode)
        return
    above = os.path.dirname(path.rstrip("/"))
    if above != "/" and not call.tree.is_dir(above):
        # What is made on the way must let the rest be made.
        _make_directory(call, above, 0o777 & ~call.umask | 0o300)
    if not call.tree.is_dir(path):
        call.tree.make_directory(path, mode)


def _rmdir(call: Call) -> int:
    return _each(call, _remove_directory)


def _remove_directory(call: Call, path: str) -> None:
    if path.rstrip("/").rpartition("/")[2] in (".", ".."):
        raise OSError(errno.EINVAL, path)
    node = call.tree.node(path, follow=False)
    if isinstance(node, Symlink) or call.tree.find(path, follow=False).number is None:
        raise OSError(errno.ENOTDIR, path)
    if not isinstance(node, Directory):
        raise OSError(errno.ENOTDIR, path)
    call.tree.remove(path)


def _touch(call: Call) -> int:
    return _each(call, _touch_one)


def _touch_one(call: Call, path: str) -> None:
    if call.has("c") and call.tree.node(path) is None:
        if not call.tree.superuser:
            raise _Unknown  # why it cannot be found makes a difference
        return
    if call.tree.node(path) is None:
        call.tree.write(path, "", 0o666 & ~call.umask, append=True)
    else:
        call.tree.touch(path)


def _rm(call: Call) -> int:
    if not call.operands:
        return 0 if call.has("f") else 1
    return _each(call, _remove_one)


def _remove_one(call: Call, path: str) -> None:
    if path.rstrip("/").rpartition("/")[2] in (".", "..", ""):
        raise _Unknown
    try:
        found = call.tree.find(path, follow=False)
    except OSError as error:
        if call.has("f") and error.errno in (errno.ENOENT, errno.ENOTDIR):
            return
        raise
    if found.number is None:
        # Whatever was not there before, it is not there now.
        call.tree.touched.append(found.path)
        if not call.has("f"):
            raise OSError(errno.ENOENT, path)
        return
    if found.slash and isinstance(call.tree.node(path.rstrip("/"), follow=False), Symlink):
        raise _Unknown
    if isinstance(call.tree.node(path, follow=False), Directory) and not call.has("r", "R"):
        raise OSError(errno.EISDIR, path)
    _remove_all(call.tree, path)


def _remove_all(tree: Tree, path: str) -> None:
    node = tree.node(path, follow=False)
    if isinstance(node, Directory):
        if node.names and not tree.allows(node, 7):
            raise _Unknown
        for name in sorted(node.names):
            _remove_all(tree, f"{path.rstrip('/')}/{name}")
    tree.remove(path)


def _chmod(call: Call) -> int:
    mode = call.words[0]
    if not _MODE.fullmatch(mode):
        raise _Unknown
    status = 0
    for path in call.operands[1:]:
        try:
            _change_mode(call, path, mode)
        except OSError:
            status = 1
    return status


def _change_mode(call: Call, path: str, mode: str) -> None:
    node = call.tree.node(path)
    if isinstance(node, (Regular, Directory)):
        is_directory = isinstance(node, Directory)
        call.tree.set_mode(path, _changed_mode(mode, node.mode, is_directory, call.umask))
        if is_directory and call.has("R"):
            for name in sorted(call.tree.names(path)):
                whole = f"{path.rstrip('/')}/{name}"
                if not isinstance(call.tree.node(whole, follow=False), Symlink):
                    _change_mode(call, whole, mode)
        return
    call.tree.find(path)
    raise OSError(errno.ENOENT, path)


_CLAUSE = "[ugoa]*(?:[-+=][rwxX]*)+"
_MODE = re.compile(rf"[0-7]{{1,4}}|{_CLAUSE}(?:,{_CLAUSE})*")
_WHO = {"u": 0o700, "g": 0o070, "o": 0o007, "a": 0o777}
_WHAT = {"r": 0o444, "w": 0o222, "x": 0o111}


def _changed_mode(text: str, mode: int, is_directory: bool, umask: int) -> int:
    """Return a mode after chmod(1) has changed it: octal digits, or clauses such as `u+x,go-w`."""
    if re.fullmatch("[0-7]{1,4}", text):
        # A directory keeps its special bits unless five digits say otherwise; those are not known here.
        return int(text, 8) | (mode & 0o6000 if is_directory else 0)
    if not _MODE.fullmatch(text):
        raise _Unknown
    for clause in text.split(","):
        who = re.match("[ugoa]*", clause)
        named = who.group() if who else ""
        mask = 0
        for letter in named:
            mask |= _WHO[letter]
        if "=" in clause and not named:
            raise _Unknown
        for sign, letters in re.findall("([-+=])([rwxX]*)", clause):
            bits = 0
            for letter in letters:
                bits |= _bits(letter, mode, is_directory)
            bits &= mask if named else 0o777 & ~umask
            if sign == "-":
                mode &= ~bits
            else:
                mode = bits | (mode & ~(mask or 0o777) if sign == "=" else mode)
    return mode


def _bits(letter: str, mode: int, is_directory: bool) -> int:
    if letter == "X":
        return 0o111 if is_directory or mode & 0o111 else 0
    return _WHAT[letter]


def _pairs(call: Call) -> Iterator[tuple[str, str]]:
    """Yield from and to of `cp`, `mv` and `ln`: into the last operand if that is a directory."""
    *sources, target = call.operands
    into = call.tree.is_dir(target) and not (call.has("n") and isinstance(call.tree.node(target, False), Symlink))
    if len(sources) > 1 and not into:
        raise _Unknown
    if not into:
        yield sources[0], target
        return
    for source in sources:
        name = source.rstrip("/").rpartition("/")[2]
        if name in ("", ".", ".."):
            raise _Unknown
        yield source, f"{target.rstrip('/')}/{name}"


def _moved(call: Call) -> int:
    return _each_pair(call, _move)


def _each_pair(call: Call, deed: Callable[[Call, str, str], None]) -> int:
    status = 0
    made: set[str] = set()
    for source, target in list(_pairs(call)):
        if target in made:
            raise _Unknown  # two of the same name
        made.add(target)
        try:
            deed(call, source, target)
        except OSError:
            status = 1
    return status


def _move(call: Call, source: str, target: str) -> None:
    node = call.tree.node(source, follow=False)
    there = call.tree.node(target, follow=False)
    if node is not None and there is not None:
        if _is_same(call.tree, source, target):
            raise OSError(errno.EINVAL, target)
        if isinstance(there, Regular) and not call.tree.allows(there, 2) and not call.has("f"):
            raise _Unknown  # it may ask
    call.tree.move(source, target)


def _is_same(tree: Tree, source: str, target: str) -> bool:
    return tree.find(source, follow=False).number == tree.find(target, follow=False).number


def _copied(call: Call) -> int:
    return _each_pair(call, _copy)


def _copy(call: Call, source: str, target: str) -> None:
    deep = call.has("r", "R", "a")
    node = call.tree.node(source, follow=not (deep or call.has("d")))
    if node is None:
        call.tree.find(source)
        raise OSError(errno.ENOENT, source)
    if isinstance(node, Directory):
        if not deep:
            raise OSError(errno.EISDIR, source)
        if f"{call.tree.physical(target)}/".startswith(f"{call.tree.physical(source)}/"):
            raise _Unknown
    if call.tree.node(target) is not None and call.tree.find(source).number == call.tree.find(target).number:
        raise OSError(errno.EINVAL, target)
    _copy_node(call, source, target, node)


def _copy_node(call: Call, source: str, target: str, node: Node) -> None:
    there = call.tree.node(target, follow=False)
    if isinstance(node, Directory):
        _copy_directory(call, source, target, node, there)
    elif isinstance(there, Directory):
        raise OSError(errno.EISDIR, target)
    elif isinstance(node, Symlink):
        if there is not None:
            call.tree.remove(target)
        call.tree.make_link(node.target, target)
    else:
        _copy_file(call, target, node, there)


def _copy_directory(call: Call, source: str, target: str, node: Directory, there: Node | None) -> None:
    if there is not None and not isinstance(there, Directory):
        raise OSError(errno.ENOTDIR, target)
    if not call.tree.allows(node, 5):
        raise _Unknown
    if there is None:
        call.tree.make_directory(target, 0o777)
    for name in sorted(node.names):
        inner = call.tree.node(f"{source.rstrip('/')}/{name}", follow=False)
        if inner is not None:
            _copy_node(call, f"{source.rstrip('/')}/{name}", f"{target.rstrip('/')}/{name}", inner)
    if there is None or call.has("a", "p"):
        call.tree.set_mode(target, node.mode if call.has("a", "p") else node.mode & ~call.umask)


def _copy_file(call: Call, target: str, node: Regular, there: Node | None) -> None:
    if not call.tree.allows(node, 4):
        raise OSError(errno.EACCES, target)
    if isinstance(there, Symlink) and (call.has("a", "d", "r", "R") or call.tree.node(target) is None):
        raise _Unknown  # cp does not write through every link
    if isinstance(there, Regular) and not call.tree.allows(there, 2):
        if not call.has("f"):
            raise OSError(errno.EACCES, target)
        call.tree.remove(target)
    keeps = call.has("a", "p")
    call.tree.write(target, text_of(node), node.mode & 0o777 & ~call.umask)
    if keeps:
        call.tree.set_mode(target, node.mode)


def _linked(call: Call) -> int:
    if len(call.operands) < 2:
        raise _Unknown
    symbolic = call.has("s")

    def link(call: Call, source: str, target: str) -> None:
        there = call.tree.node(target, follow=False)
        if there is not None:
            if not call.has("f"):
                raise OSError(errno.EEXIST, target)
            if isinstance(there, Directory):
                raise OSError(errno.EISDIR, target)
            if not symbolic and call.tree.node(source, follow=False) is None:
                raise OSError(errno.ENOENT, source)
            if call.tree.node(source) is not None and _is_same(call.tree, source, target):
                raise _Unknown  # it depends on how many names the file has
            call.tree.remove(target)
        if symbolic:
            call.tree.make_link(call.words[call.operands.index(source)], target)
        else:
            call.tree.link(source, target)

    return _each_pair(call, link)


TOOLS: Mapping[str, Tool] = {
    "mkdir": Tool({"p": "parents", "v": "verbose", "m:": "mode"}, 1, _mkdir),
    "rmdir": Tool({"v": "verbose"}, 1, _rmdir),
    "touch": Tool({"c": "no-create"}, 1, _touch),
    "rm": Tool({"r": "recursive", "R": "", "f": "force", "v": "verbose"}, 0, _rm),
    "chmod": Tool({"R": "recursive", "v": "verbose", "f": "silent"}, 2, _chmod),
    "mv": Tool({"f": "force", "v": "verbose"}, 2, _moved),
    "cp": Tool({"r": "recursive", "R": "", "a": "archive", "p": "", "d": "", "f": "force", "v": "verbose"}, 2, _copied),
    "ln": Tool({"s": "symbolic", "f": "force", "n": "no-dereference", "v": "verbose"}, 2, _linked),
}
"""The file tools that are done in memory, by name."""
