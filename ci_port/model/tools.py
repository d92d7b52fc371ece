"""Standard tools by what they do to the files of a world (version 2): those that only read, and those that change.

The names are those of the programs of coreutils, findutils, grep, sed, gawk, diffutils, util-linux that a CI script
meets. What speaks of time, user and host (`date`, `id`, `hostname`) says what the world says. Left out is what speaks
of the machine or of chance (`df`, `free`, `shuf`): a rule says what it prints. Owners and devices are no part of a
world, so `chown` and `mknod` are steps like any other.
"""

from __future__ import annotations

PURE = frozenset(
    (
        *("b2sum", "base32", "base64", "basename", "basenc", "cat", "cksum", "comm", "cut", "dir", "dirname", "echo"),
        *("env", "expand", "expr", "factor", "false", "fmt", "fold", "head", "join", "ls", "md5sum", "nl", "numfmt"),
        *("od", "paste", "pathchk", "pr", "printenv", "printf", "ptx", "pwd", "readlink", "realpath", "seq", "sha1sum"),
        *("sha224sum", "sha256sum", "sha384sum", "sha512sum", "sort", "sum", "tac", "tail", "test", "[", "tr", "true"),
        *("tsort", "unexpand", "uniq", "wc", "yes"),
        *("find", "xargs"),
        *("egrep", "fgrep", "grep"),
        *("awk", "gawk", "mawk", "sed"),
        *("cmp", "diff", "diff3", "sdiff"),
        *("column", "getopt", "hexdump", "rev"),
        *("arch", "date", "groups", "hostname", "id", "logname", "nproc", "stat", "uname", "whoami"),
    )
)
"""Text tools that really run on the world's files and are no part of the plan, unless the world says otherwise."""

WRITING = {
    "find": ("-delete", "-fls", "-fprint", "-fprint0", "-fprintf"),
    "sed": ("-i", "--in-place"),
    "sort": ("-o", "--output"),
}
"""Options with which a pure tool writes files; awk and sed also do by their programs, uniq by its second operand."""

FILE_TOOLS = frozenset(
    (
        *("chmod", "cp", "csplit", "dd", "install", "link", "ln", "mkdir", "mkfifo", "mktemp", "mv", "rm", "rmdir"),
        *("shred", "split", "sync", "tee", "touch", "truncate", "unlink"),
    )
)
"""Tools that are steps of the plan and really take effect on the world's files; their status is the real one."""
