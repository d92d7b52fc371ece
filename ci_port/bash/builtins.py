"""The builtins, and the groups of them that the grammar or a reader treats alike (bash manual, "Builtin Commands")."""

from __future__ import annotations

BUILTINS = frozenset((
    ".", ":", "[", "alias", "bg", "bind", "break", "builtin", "caller", "cd", "command", "compgen", "complete",
    "compopt", "continue", "declare", "dirs", "disown", "echo", "enable", "eval", "exec", "exit", "export", "false",
    "fc", "fg", "getopts", "hash", "help", "history", "jobs", "kill", "let", "local", "logout", "mapfile", "popd",
    "printf", "pushd", "pwd", "read", "readarray", "readonly", "return", "set", "shift", "shopt", "source", "suspend",
    "test", "times", "trap", "true", "type", "typeset", "ulimit", "umask", "unalias", "unset", "wait",
))  # fmt: skip

DECLARING = frozenset(("declare", "export", "local", "readonly", "typeset"))
"""Those whose operands are assignments, arrays included."""

ASSIGNING = DECLARING | {"alias", "eval", "let"}
"""Those after which the grammar lets an operand be `name=(...)`; after any other word that is an error."""

LEAVING = frozenset(("exit", "return", "break", "continue", "exec"))
"""Those that end the script, a function or a loop before its end."""
