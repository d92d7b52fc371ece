"""Bash's own variables (bash manual, "Bash Variables", "Bash Startup Files"): who sets them, and what they change."""

from __future__ import annotations

import re
from collections.abc import Mapping

SETTINGS = frozenset(
    (
        *("BASHOPTS", "CDPATH", "COMP_CWORD", "EXECIGNORE", "GLOBIGNORE", "GLOBSORT", "IFS", "OPTERR", "OPTIND"),
        *("POSIXLY_CORRECT", "PS4", "SHELLOPTS"),
    )
)
"""Those that change how bash works, as does any that begins with `BASH_`."""

COMPUTED = frozenset(
    (
        *("DIRSTACK", "EPOCHREALTIME", "EPOCHSECONDS", "EUID", "FUNCNAME", "GROUPS", "HISTCMD", "LINENO"),
        *("PIPESTATUS", "PPID", "RANDOM", "SECONDS", "SRANDOM", "UID"),
    )
)
"""Those that bash computes anew, or holds read-only, whatever the environment says."""

CARRIED = frozenset(("PWD", "OLDPWD", "SHLVL", "_"))
"""Those that bash hands to every command on its own account; no plan speaks of them."""

OWN = frozenset(
    (
        *COMPUTED,
        *CARRIED,
        *("BASH", "BASHOPTS", "BASHPID", "BASH_ALIASES", "BASH_ARGC", "BASH_ARGV", "BASH_ARGV0", "BASH_CMDS"),
        *("BASH_COMMAND", "BASH_EXECUTION_STRING", "BASH_LINENO", "BASH_LOADABLES_PATH", "BASH_REMATCH"),
        *("BASH_SOURCE", "BASH_SUBSHELL", "BASH_VERSINFO", "BASH_VERSION", "COMP_WORDBREAKS", "HOSTNAME", "HOSTTYPE"),
        *("IFS", "MACHTYPE", "OPTARG", "OPTERR", "OPTIND", "OSTYPE", "PS4", "REPLY", "SHELLOPTS"),
    )
)
"""Those that a shell sets by itself, or whose values say nothing about what a script has done."""


_DROPPED = frozenset(("BASHPID", "COMP_WORDBREAKS", "PS1", "PS2"))
_SHELL = "/bin/bash"
_HIGHEST = 999


def imported(start: Mapping[str, str]) -> dict[str, str]:
    """Return the exported variables of a bash that runs a script and was given this environment (its variables.c).

    It unsets the prompts, computes some that it then does not export, and says where it is itself. What depends on the
    machine, `PWD` and `OLDPWD`, stays.
    """
    kept = {name: value for name, value in start.items() if name not in _DROPPED}
    return {**kept, "BASH": _SHELL} if "BASH" in kept else kept


def level(text: str | None) -> int:
    """Return `SHLVL` of a bash that was given this one (bash's variables.c, adjust_shell_level)."""
    given = int(text) if text and re.fullmatch(r"[ \t\n]*[+-]?[0-9]+[ \t\n]*", text) else 0
    return max(given + 1, 0) if given < _HIGHEST else 1


def why_not_followed(start: Mapping[str, str]) -> str:
    """Return why a port cannot follow bash in this starting environment; empty if it can.

    A job that sets a variable which changes bash runs with the script; nothing is guessed about what bash would make
    of it.
    """
    if "PATH" not in start:
        return "PATH is not set, and bash then looks along a path that was compiled into it"
    found = sorted(name for name in start if changes_bash(name))
    return f"{found[0]} is set, which changes how bash itself works" if found else ""


def changes_bash(name: str) -> bool:
    """Return whether a variable of this name in the starting environment changes how bash itself works."""
    return name in SETTINGS or name in COMPUTED or name.startswith("BASH_")
