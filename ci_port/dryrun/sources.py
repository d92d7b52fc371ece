"""The text of the scripts, line by line, as far as what is observed needs it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ci_port.dryrun.own_files import OwnFiles

# In a trap, bash passes through lines where nothing runs, such as the head of a function.
_RUNS_NOTHING = re.compile(
    r"""\s*
    (?: function\s+\S+ \s* (?:\(\s*\))? \s* [{(]?
      | [^\s=$'"]+ \s* \(\s*\) \s* [{(]?
      | [({}] | then | else | fi | do | done | esac | ;;&? | ;&
    )?
    \s* (?:\#.*)? $""",
    re.VERBOSE,
)


class Sources:
    """The scripts of a recorder; a file is read when it is asked for, and once."""

    def __init__(self, directory: str, own: OwnFiles, world: Mapping[str, str]) -> None:
        """Take the script's directory as the user wrote it, its own files, and the world's, which come first."""
        self._directory = directory
        self._own = own
        self._world = world
        self._lines: dict[str, list[str]] = {}
        self._idle: dict[str, frozenset[int]] = {}

    def line(self, file: str, number: int) -> str:
        """Return a line of a file, empty if there is none."""
        lines = self._of(file)
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def text(self, file: str) -> str | None:
        """Return the text of a file, None if it is not known."""
        lines = self._of(file)
        return "\n".join(lines) if lines else None

    def executed(self, file: str, numbers: Iterable[int]) -> frozenset[int]:
        """Return the numbers of those lines that can run something; of a file that cannot be read, all."""
        lines = self._of(file)
        if file not in self._idle:
            idle = (number for number, line in enumerate(lines, 1) if _RUNS_NOTHING.match(line))
            self._idle[file] = frozenset(idle)
        idle_here = self._idle[file]
        return frozenset(
            number for number in numbers if not lines or (number <= len(lines) and number not in idle_here)
        )

    def _of(self, file: str) -> list[str]:
        if file not in self._lines:
            text = self._world.get(file)
            if text is None and (real := self._own.real_of(file, self._directory)):
                try:
                    text = Path(real).read_text(encoding="utf-8", errors="surrogateescape")
                except OSError:
                    text = ""
            # Only a line feed ends a line of a script.
            self._lines[file] = text.split("\n") if text else []
        return self._lines[file]
