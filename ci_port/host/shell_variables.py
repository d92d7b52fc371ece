"""Variables that change how bash itself works: an environment that has one is not one that a port can follow.

Bash manual, "Bash Variables" and "Bash Startup Files". A job that sets one of these runs with the script; nothing is
guessed about what bash would make of it.
"""

from __future__ import annotations

from collections.abc import Mapping

_SETTINGS = (
    *("CDPATH", "EXECIGNORE", "GLOBIGNORE", "GLOBSORT", "IFS", "OPTERR", "OPTIND", "POSIXLY_CORRECT", "PS4"),
    *("SHELLOPTS", "BASHOPTS"),
)
# Bash computes these anew, or holds them read-only, whatever the environment says.
_COMPUTED = (
    *("COMP_CWORD", "DIRSTACK", "EPOCHREALTIME", "EPOCHSECONDS", "EUID", "FUNCNAME", "GROUPS", "HISTCMD", "LINENO"),
    *("PIPESTATUS", "PPID", "RANDOM", "SECONDS", "SRANDOM", "UID"),
)
NAMES = frozenset((*_SETTINGS, *_COMPUTED))


def why_not_followed(start: Mapping[str, str]) -> str:
    """Return why a port cannot follow bash in this starting environment; empty if it can."""
    if "PATH" not in start:
        return "PATH is not set, and bash then looks along a path that was compiled into it"
    found = sorted(name for name in start if name in NAMES or name.startswith("BASH_"))
    return f"{found[0]} is set, which changes how bash itself works" if found else ""
