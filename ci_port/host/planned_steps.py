"""What a planned run writes down: steps with their places, and the standard streams that commands are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ci_port.bash.variables import CARRIED
from ci_port.host.planned_files import PlannedFiles, is_device, squeezed
from ci_port.host.seam import NULL, PIPE, Command, HereDocument, ProcessSubstitution, Stream, Word
from ci_port.host.tree import Tree
from ci_port.model import Execute, Place, RunFailed, Step, World, Write
from ci_port.model.plan import Changes, Text, text_of

_PLAIN = (None, PIPE, NULL)
_PSEUDO_FILE = "/dev/fd/63"


class Streams(NamedTuple):
    """The standard streams of a command as a plan names them, and the files that its outputs go into."""

    names: tuple[str | None, str | None, str | None]
    stdout: str | None = None
    stderr: str | None = None


class PlannedSteps(PlannedFiles):
    """One run's plan; `steps` and `places` grow together."""

    def __init__(self, world: World, tree: Tree, start: Mapping[str, str]) -> None:
        super().__init__(world, tree)
        self.steps: list[Step] = []
        self.places: list[Place] = []
        self._known: Mapping[str, str] = start

    def _opened(self, command: Command) -> Streams:
        """Open what the command is redirected to, as bash does before it starts; raises OSError if that fails."""
        if command.stdin is None and command.stdout in _PLAIN and command.stderr in _PLAIN:
            return Streams((None, command.stdout, command.stderr))
        stdin = command.stdin
        names: list[str | None] = [
            PIPE if isinstance(stdin, Stream) else "heredoc" if isinstance(stdin, HereDocument) else stdin
        ]
        if names[0] and not isinstance(stdin, (Stream, HereDocument)):
            names[0] = self._shown(names[0])
        files: list[str | None] = []
        for output in (command.stdout, command.stderr):
            path = output and output.removeprefix(">>")
            if path is None or path == PIPE or is_device(path):
                names.append(path)
                files.append(None)
                continue
            appends = path != output
            shares = output == command.stdout and len(files) == 1
            files.append(files[0] if shares else self._put(path, "", appends))
            names.append((">>" if appends else "") + self._shown(path))
        return Streams((names[0], names[1], names[2]), files[0], files[1])

    def _shown(self, path: str) -> str:
        """Return a file as a plan names it."""
        if is_device(path):
            return squeezed(path)
        node = self._tree.node(path) if self._effects else None
        return self._world.relative(path if node is None else self._tree.physical(path))

    def _step(
        self, command: Command, argv: tuple[str, ...], streams: Streams, status: int, fed: Text | None
    ) -> Execute:
        cwd = self._shown(command.cwd)
        return Execute(argv, cwd, self._changes(command.env), status, *streams.names, fed)

    def _note_written(self, command: Command, streams: Streams, stdout: str, stderr: str) -> None:
        """What a text tool prints into a file, the script itself has written."""
        outputs = ((streams.stdout, command.stdout, stdout), (streams.stderr, command.stderr, stderr))
        for path, output, text in outputs:
            if path is not None and output is not None:
                content = text_of(text.encode("utf-8", "surrogateescape"))
                self._note(Write(self._world.relative(path), output.startswith(">>"), content))

    def _changes(self, env: Mapping[str, str]) -> Changes:
        known = self._known
        if env is known or env == known:
            return ()
        self._known = env
        changed: list[tuple[str, str | None]] = [item for item in env.items() if known.get(item[0]) != item[1]]
        changed += [(name, None) for name in known if name not in env]
        return tuple(sorted(item for item in changed if item[0] not in CARRIED))

    def _note(self, step: Step) -> None:
        if isinstance(step, Execute) and not all(map(_is_word, (*step.argv, *(value or "" for _, value in step.env)))):
            problem = "a word that no process can be given: it has a NUL, or half a character"
            raise RunFailed(problem, self.place(), repr(step.argv[0]))
        self.steps.append(step)
        self.places.append(self.place())


def _is_word(text: str) -> bool:
    """Return whether a text is one that execve(2) takes: bytes without a NUL."""
    if text.isascii():
        return "\0" not in text
    try:
        return b"\0" not in text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False


def fed_to(command: Command) -> Text | None:
    """Return what waits on standard input, and behind it what process substitutions among the words feed."""
    stdin = command.stdin
    waiting = stdin.rest if isinstance(stdin, Stream) else stdin.text if isinstance(stdin, HereDocument) else ""
    fed = waiting + "".join(word.text for word in command.argv if isinstance(word, ProcessSubstitution))
    return text_of(fed.encode("utf-8", "surrogateescape")) if fed else None


def plain_words(words: tuple[Word, ...]) -> tuple[str, ...]:
    return tuple(word if isinstance(word, str) else _PSEUDO_FILE for word in words)
