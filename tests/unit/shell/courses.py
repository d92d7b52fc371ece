"""Runs small scripts under real bash, where every command that is not a builtin is a stand-in, and sees what runs.

Bash calls `command_not_found_handle` for each of them, in a process of its own as for any command, and the handle says
where it was called from: the same file, line and function, level by level, that bash gives for the command itself.
"""

from __future__ import annotations

import itertools
import os
import subprocess
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ci_port.shell.decisions import Decisions
from ci_port.shell.frames import Frame

SCRIPT = "script.sh"
# Files that stand beside each script.
SOURCED = {
    "lib.sh": "n1\ny2",
    "plain.sh": "n1\nif y2; then b; fi\nn3",
    "asks.sh": "(( $? )) && b",
    "check.sh": "check() { (( $? )) && b; }",
    "returns.sh": "n1\ny2\nreturn\nb",
}
_HANDLE = r"""
command_not_found_handle() {
  local flags=$- piped=0 turn=1 key level=0 place='' line IFS=$'\x1f'
  [[ -o pipefail ]] && piped=1
  set +euxE
  trap - ERR EXIT DEBUG RETURN
  key="$*" key=${key//$'\n'/$'\x1e'} key=${key//$'\t'/$'\x1d'}
  while IFS= read -r line; do
    if [[ $line == "$key"$'\t'* ]]; then turn=$((turn + 1)); fi
    level=$((level + 1))
  done < "$COURSE/log"
  if ((level > 60)); then kill -KILL $$; fi
  for ((level = 1; level < ${#FUNCNAME[@]}; level++)); do
    place+=$'\t'"${BASH_SOURCE[level]}"$'\t'"${BASH_LINENO[level - 1]}"$'\t'"${FUNCNAME[level]}"
  done
  printf '%s\t%s\t%s\t%s%s\n' "$key" "$turn" "$flags" "$piped" "$place" >> "$COURSE/log"
  [[ $COURSE_FAILS != *$'\n'"$key#$turn"$'\n'* ]]
}
# Fires where `set -e` would stop.
set -E
trap 'printf "!%s\n" "$LINENO" >> "$COURSE/log"' ERR
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """A stand-in that ran: its words, for the how-manieth time, from where, and with which options."""

    argv: tuple[str, ...]
    turn: int
    frames: tuple[Frame, ...]
    errexit: bool
    pipefail: bool

    @property
    def key(self) -> str:
        """The name of this one call."""
        words = (word.replace("\n", "\x1e").replace("\t", "\x1d") for word in self.argv)
        return "\x1f".join(words) + f"#{self.turn}"


@dataclass(frozen=True, slots=True)
class Course:
    """What ran, sorted; the lines where something failed that nothing tested; and the calls right before."""

    ran: tuple[Ran, ...]
    failing: Counter[str]
    last: frozenset[str]

    def places(self) -> Counter[tuple[tuple[str, ...], tuple[Frame, ...]]]:
        """Return what ran where, and how often."""
        return Counter((ran.argv, ran.frames) for ran in self.ran)


def differ(before: Course, after: Course) -> bool:
    """Return whether not the same ran."""
    return before.places() != after.places()


def stopped(before: Course, after: Course, key: str) -> bool:
    """Return whether one of two courses is the other cut short, because a call failed and nothing tested it."""
    cut = before.places() <= after.places() or after.places() <= before.places()
    return cut and (key in before.last ^ after.last or before.failing != after.failing)


class Unfit(Exception):
    """The script would not end, or bash cannot read it."""


def run(folder: Path, text: str, fails: Collection[str] = ()) -> Course:
    """Return what ran.

    `fails` are the calls that end with 1; all others end with 0. Raises Unfit.
    """
    for name, content in {SCRIPT: text, **SOURCED, "log": "", "handle": _HANDLE}.items():
        (folder / name).write_text(content)
    environment = {
        "BASH_ENV": str(folder / "handle"),
        "COURSE": str(folder),
        "COURSE_FAILS": "".join(f"\n{key}\n" for key in fails),
    }
    done = subprocess.run(
        ["bash", SCRIPT],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    if done.returncode == -9 or b"syntax error" in done.stderr:
        raise Unfit(text, done.stderr)
    lines = (folder / "log").read_text().split("\n")[:-1]
    ran = [_ran(line) for line in lines if line[0] != "!"]
    last = (_ran(line).key for line, then in itertools.pairwise(lines) if line[0] != "!" and then[0] == "!")
    return Course(tuple(sorted(ran, key=repr)), Counter(line for line in lines if line[0] == "!"), frozenset(last))


def _ran(line: str) -> Ran:
    key, turn, flags, piped, *places = line.split("\t")
    frames = tuple(
        Frame(file, int(number), function)
        for file, number, function in zip(places[::3], places[1::3], places[2::3], strict=True)
    )
    argv = tuple(word.replace("\x1e", "\n").replace("\x1d", "\t") for word in key.split("\x1f"))
    return Ran(argv, int(turn), frames, "e" in flags, piped == "1")


def answers(text: str) -> Decisions:
    """Return the decisions of a script with the files beside it."""
    return Decisions({SCRIPT: text, **{f"./{name}": content for name, content in SOURCED.items()}, **SOURCED}.get)


def decides(text: str, argv: str, *frames: tuple[int, str], errexit: bool = False, pipefail: bool = False) -> bool:
    """Ask about words, separated by blanks, on a line in a function; without frames, on the first line."""
    places = [Frame(SCRIPT, line, function) for line, function in frames or ((1, "main"),)]
    return answers(text).decides(argv.split(), places, errexit=errexit, pipefail=pipefail)
