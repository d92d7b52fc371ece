"""The runner's command line. Read by hand: argparse alone costs more time than the whole plan of a job."""

from __future__ import annotations

from collections.abc import Sequence

HELP = """\
usage: python -m ci_port.runner [--dry-run] [--verbose] [--phase PHASE] [--record FILE]
                                [--fallback-on-error | --no-fallback]

Run one CI job, described by the environment as for the script itself, with the script's Python port.
Until the first command has been started, any trouble hands the job to the script, once.

  --dry-run            print what the port would run, and run nothing
  --verbose            say which side runs and why, and what it was made of
  --phase PHASE        as if this phase of the rollout were in force
  --record FILE        append what happened as one line of JSON (also: CI_PORT_RECORD=FILE)
  --fallback-on-error  hand over to the script on trouble before the first command (default)
  --no-fallback        end with status 71 instead; nothing has been run then

exit status: the script's own; 70 if the port itself failed after the first command, 71 see above.
"""


class Options:
    """What the command line says."""

    def __init__(self) -> None:
        self.dry_run = False
        self.verbose = False
        self.fallback = True
        self.help = False
        self.phase: str | None = None
        self.record: str | None = None


def parse(words: Sequence[str]) -> tuple[Options, str]:
    """Return the options, and what is wrong with them: empty if nothing is.

    Wrong options are no reason to fail a job, so what could be understood is returned all the same.
    """
    options = Options()
    problem = ""
    rest = list(words)
    while rest:
        word, equals, value = rest.pop(0).partition("=")
        if word in _FLAGS and not equals:
            name, setting = _FLAGS[word]
            setattr(options, name, setting)
        elif word in _VALUES and (equals or rest):
            setattr(options, _VALUES[word], value if equals else rest.pop(0))
        elif not problem:
            problem = f"{word} needs a value" if word in _VALUES else f"unknown option {word}{equals}{value}"
    return options, problem


_FLAGS: dict[str, tuple[str, bool]] = {
    "--dry-run": ("dry_run", True),
    "--verbose": ("verbose", True),
    "--fallback-on-error": ("fallback", True),
    "--no-fallback": ("fallback", False),
    "--help": ("help", True),
    "-h": ("help", True),
}
_VALUES = {"--phase": "phase", "--record": "record"}
