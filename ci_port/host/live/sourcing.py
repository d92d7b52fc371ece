"""Files that the port sources run in a real bash; what they leave behind comes back as data.

That bash starts as the shell of the script would be at that place: same variables, exported or not, same functions
from files sourced earlier. Before and after, it writes its whole state into a file in memory, and the difference is
what the sourced file, or the function, did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ci_port.bash.names import is_name
from ci_port.bash.quoting import single_quoted
from ci_port.bash.variables import OWN
from ci_port.host.seam import Scope
from ci_port.model import RunFailed

BEFORE, AFTER = 61, 62
"""File descriptors of that bash: where it writes its state. High, as bash itself keeps its own ones."""

_ARRAY = "array"

_DUMP = r"""
__ci_port_dump() {
  local __ci_port_name
  printf '%s\0' "$PWD" "$__ci_port_flags" "$IFS" "$(shopt -po pipefail)" "$__ci_port_returned"
  printf '%s\0' "$(unset -f __ci_port_dump __ci_port_end; declare -f)" "$(compgen -A function)"
  while IFS= read -r __ci_port_name; do
    if [[ $__ci_port_name != __ci_port_* ]]; then
      case ${!__ci_port_name@a} in
        *[aA]*) printf '%s\0' "$__ci_port_name" array "$(declare -p "$__ci_port_name")" ;;
        *) if [[ -v $__ci_port_name ]]; then
             printf '%s\0' "$__ci_port_name" "${!__ci_port_name@a}" "${!__ci_port_name}"
           fi ;;
      esac
    fi
  done < <(compgen -v)
}
__ci_port_end() {
  __ci_port_status=$? __ci_port_flags=$-
  { set +ex; } 2> /dev/null
  trap - EXIT
  __ci_port_dump >&62 2> /dev/null
  exit "$__ci_port_status"
}
"""
_BEGIN = r"""
set -e -o pipefail
__ci_port_returned= __ci_port_flags=$-
__ci_port_dump >&61 2> /dev/null
{ trap __ci_port_end EXIT; set -x; } 2> /dev/null
"""
_EXCUSED = """ || __ci_port_failed=$?
{ set +x; } 2> /dev/null
__ci_port_returned=yes
exit "${__ci_port_failed:-0}"
"""
# A failure ends this bash before it gets here.
_STOPPING = """
{ set +x; } 2> /dev/null
__ci_port_returned=yes
"""
_WATCHED = "efnu"


class State(NamedTuple):
    """A shell at one moment; `variables` maps a name to its attributes and value, arrays as `declare` prints them."""

    cwd: str
    settings: tuple[str, ...]
    returned: bool
    functions: str
    names: frozenset[str]
    variables: Mapping[str, tuple[str, str]]


def program(scope: Scope, functions: str, arrays: Iterable[str], prelude: str | None, *, call: bool) -> str:
    """Return the bash program that sources `"$@"`, or with `call` runs it as a function.

    `functions` and `arrays` are what earlier files have left, in bash's own words; `prelude` is a file that only
    defines functions and is there before everything else.
    """
    before = "".join(f"{name}={single_quoted(value)} " for name, value in scope.temporary.items())
    return "\n".join(
        [
            _DUMP,
            f"if [[ -r {single_quoted(prelude)} ]]; then source {single_quoted(prelude)}; fi" if prelude else "",
            functions,
            *arrays,
            *(f"{name}=({' '.join(map(single_quoted, words))})" for name, words in scope.arrays.items()),
            *(f"{name}={single_quoted(value)}" for name, value in _unexported(scope)),
            f'{_BEGIN}{before}{"" if call else "source "}"$@"{_EXCUSED if scope.excused else _STOPPING}',
        ]
    )


def _unexported(scope: Scope) -> Iterator[tuple[str, str]]:
    for name, value in scope.variables.items():
        if name not in scope.environment and is_name(name) and name not in OWN:
            yield name, value


def state(dump: str) -> State:
    """Return what a bash has written; raises RunFailed if it is not whole."""
    fields = dump.split("\0")[:-1]
    if len(fields) < 7:
        raise RunFailed("a sourced file took the shell's place, or its EXIT trap")
    cwd, flags, ifs, pipefail, returned, functions, names = fields[:7]
    rest = fields[7:]
    return State(
        cwd=cwd,
        settings=(ifs, pipefail, *(flag for flag in _WATCHED if flag in flags)),
        returned=bool(returned),
        functions=functions,
        names=frozenset(names.split("\n")),
        variables={rest[at]: (rest[at + 1], rest[at + 2]) for at in range(0, len(rest) - 2, 3)},
    )


def changes(before: State, after: State) -> tuple[tuple[str, str | None, bool], ...]:
    """Return the plain variables that differ: name, value (None: unset), and whether it is exported."""
    changed: list[tuple[str, str | None, bool]] = [
        (name, value, "x" in attributes)
        for name, (attributes, value) in _differing(before, after)
        if attributes != _ARRAY
    ]
    changed += [(name, None, False) for name in before.variables if name not in after.variables and name not in OWN]
    return tuple(changed)


def arrays(before: State, after: State) -> dict[str, str]:
    """Return the lists that are new or differ, as bash declares them."""
    return {name: value for name, (attributes, value) in _differing(before, after) if attributes == _ARRAY}


def _differing(before: State, after: State) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, found in after.variables.items():
        if name not in OWN and before.variables.get(name) != found:
            yield name, found
