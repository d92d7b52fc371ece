"""A step in words, as bash would write it, and two steps word against word.

Words are one line each, so that no argument can be taken for two words or paint the screen.
"""

from __future__ import annotations

import difflib
import functools
from typing import NamedTuple

from ci_port.bash.quoting import assignment, quoted
from ci_port.model import Asked, Execute, Source, Step, Umask, Unanswered, Write
from ci_port.parity import contents
from ci_port.parity.compare import Difference, Shape


# The plans of a thousand jobs are made of a few thousand steps.
@functools.lru_cache(maxsize=1 << 16)
def command_words(step: Step) -> tuple[str, ...]:
    """Return what the step runs and its redirections, as bash would write them; `|` is a pipe or a capture."""
    if isinstance(step, Execute):
        return (*_stdin(step), *(quoted(word) for word in step.argv), *_outputs(step))
    if isinstance(step, Source):
        return ("source", quoted(step.path))
    if isinstance(step, Write):
        return (">>" if step.append else ">", quoted(step.path))
    if isinstance(step, Umask):
        return ("umask", step.value)
    return ("ulimit", step.resource, str(step.value))


def notes(step: Step) -> tuple[str, ...]:
    """Return what stands beside the command: directory, exit status, changes of the environment, what it reads.

    For a file, what is written.
    """
    count = len(step.steps) if isinstance(step, Execute) else 0
    inner = (f"{count:,} {'step' if count == 1 else 'steps'} of its own",) if count else ()
    return (*_circumstances(step), *inner, *contents.shown(step, quoted))


def _circumstances(step: Step) -> tuple[str, ...]:
    if not isinstance(step, Execute):
        return ()
    directory = () if step.cwd == "." else (f"in {quoted(step.cwd)}",)
    status = (f"exits {step.status}",) if step.status else ()
    return (*directory, *status, *(assignment(name, value) for name, value in step.env))


def _inner(step: Step) -> list[str]:
    """Return the steps of a script that is followed, each on one line."""
    inner = step.steps if isinstance(step, Execute) else ()
    lines = []
    for one in inner:
        about = "; ".join(notes(one))
        lines.append(" ".join(command_words(one)) + (f" ({about})" if about else ""))
        lines += _inner(one)
    return lines


def guess(probe: Unanswered) -> str:
    """Return in words what nothing settled, and what was taken for it."""
    words = " ".join(quoted(word) for word in probe.subject)
    return _GUESSES[probe.what].format(words)


_GUESSES = {
    Asked.OUTPUT: "no rule of the world answers {}; its output was taken as empty",
    Asked.STATUS: "no rule of the world says how {} ends; it was taken to succeed",
    Asked.PATH: "the world does not say what is at {}; it was taken for absent",
    Asked.COMMAND: "the world does not say whether there is a command {}; it was taken for absent",
    Asked.STDIN: "nothing says what stands on standard input; it was taken for empty",
}


def _stdin(step: Execute) -> tuple[str, ...]:
    if step.stdin is None:
        return ()
    return {"pipe": ("|",), "heredoc": ("<<heredoc",)}.get(step.stdin, (f"< {quoted(step.stdin)}",))


def _outputs(step: Execute) -> tuple[str, ...]:
    if step.stdout == step.stderr == "pipe":
        return ("|&",)
    if step.stdout == step.stderr and step.stdout is not None:
        return (_redirection("&", step.stdout),)
    words = []
    if step.stderr is not None:
        words.append("2>|" if step.stderr == "pipe" else _redirection("2", step.stderr))
    if step.stdout is not None:
        words.append("|" if step.stdout == "pipe" else _redirection("", step.stdout))
    return tuple(words)


def _redirection(descriptor: str, target: str) -> str:
    if target.startswith(">>"):
        return f"{descriptor}>> {quoted(target[2:])}"
    return f"{descriptor}> {quoted(target)}"


class Word(NamedTuple):
    """A word of one side, and whether the other side lacks it there."""

    text: str
    differs: bool


Change = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]


class Column(NamedTuple):
    """One side of a difference: the words of the command, and the notes beside it."""

    words: tuple[str, ...]
    notes: tuple[str, ...]


def sides(difference: Difference) -> tuple[Column, Column]:
    """Return what stands on the two sides of the difference; a step that one side lacks has no words there."""
    if difference.control is None and difference.candidate is None:
        return Column((f"exit {difference.control_status}",), ()), Column((f"exit {difference.candidate_status}",), ())
    control = None if difference.shape is Shape.ADDED else difference.control
    candidate = None if difference.shape is Shape.LEFT_OUT else difference.candidate
    return _side(control, candidate), _side(candidate, control)


def _side(step: Step | None, other: Step | None) -> Column:
    if step is None:
        return Column((), ())
    if other is None:
        return Column(command_words(step), notes(step))
    inner = (f"itself: {line}" for line in contents.folded(_inner(step), _inner(other)))
    return Column(command_words(step), (*_circumstances(step), *inner, *contents.beside(step, other, quoted)))


def aligned(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[list[Word], list[Word]]:
    """Return both sequences of words, each word marked if it has no counterpart on the other side."""
    ours, theirs = [Word(text, True) for text in left], [Word(text, True) for text in right]
    for i, j, size in _matcher(left, right).get_matching_blocks():
        for offset in range(size):
            ours[i + offset] = Word(left[i + offset], False)
            theirs[j + offset] = Word(right[j + offset], False)
    return ours, theirs


def change(difference: Difference) -> Change:
    """Return what was taken away and what was put in its place, without the words that are the same."""
    left, right = sides(difference)
    return (*_edits(left.words, right.words), *_edits(left.notes, right.notes))


def _edits(left: tuple[str, ...], right: tuple[str, ...]) -> Change:
    opcodes = _matcher(left, right).get_opcodes()
    return tuple((left[a:b], right[c:d]) for tag, a, b, c, d in opcodes if tag != "equal")


def _matcher(left: tuple[str, ...], right: tuple[str, ...]) -> difflib.SequenceMatcher[str]:
    return difflib.SequenceMatcher(None, left, right, autojunk=False)
