"""What bash itself means, without a script and without a machine. Standard library only.

| file | holds |
|---|---|
| `names` | what a name is, the reserved words |
| `builtins` | the builtins |
| `variables` | the variables that are bash's own |
| `words` | what a word of a script is made of |
| `quoting` | a text as a word, for people and as `set -x` writes it |
| `splitting` | words out of an unquoted value |
| `globbing` | files out of a pattern |
| `paths` | a path as `cd` reads it |
| `pattern`, `regex`, `classes` | what matches `*`, `?`, `[...]`; what fits `=~` |
| `arithmetic` | the value of `$(( ))` |
| `conditional` | what the operators of `[[ ]]` decide |
| `uses` | which variables a builtin or a sum reads and writes |
"""
