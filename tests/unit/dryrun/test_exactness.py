"""Real bash is the judge: what small scripts execute, to the word. Each row was checked against bash by hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_port import model
from tests.unit.dryrun import scene as scenes


@dataclass(frozen=True)
class Row:
    """A script and its plan."""

    name: str
    script: str
    steps: tuple[str, ...] = ()
    status: int = 0
    env: tuple[tuple[str, str | None], ...] = ()


ROWS: tuple[Row, ...] = (
    Row("words", "run a \"b c\" 'd e' \"\" $'t\\tn'", ("run a 'b c' 'd e' '' 't\tn'",)),
    Row(
        "the first step has the changes since the start",
        "export A=1\nunset FROM_BEFORE\nrun\nrun\nexport A=2 B=3\nunset A\nrun",
        (
            "run +A=1 -FROM_BEFORE",
            "run",
            "run -A +B=3",
        ),
    ),
    Row(
        "a value that comes back is no change",
        "export A=1\nrun\nunset A\nexport A=1\nrun",
        (
            "run +A=1",
            "run",
        ),
    ),
    Row(
        "empty is not unset",
        "export A=\nrun\nunset A\nrun",
        (
            "run +A=",
            "run -A",
        ),
    ),
    Row(
        "not exported",
        "A=1\nrun\nexport A\nrun\nexport -n A\nrun\ndeclare +x HOME\nrun",
        (
            "run",
            "run +A=1",
            "run -A",
            "run -HOME",
        ),
    ),
    Row("set -a", "set -a\nA=1\nrun", ("run +A=1",)),
    Row(
        "for one command",
        "A=1 run\nrun\nA=1 B=$A run",
        (
            "run +A=1",
            "run -A",
            "run +A=1 +B=1",
        ),
    ),
    Row(
        "for a function",
        "f() { run; B=2; }\nA=1 f\nrun\nexport B\nrun",
        (
            "run +A=1",
            "run -A",
            "run +B=2",
        ),
    ),
    Row(
        "before a builtin",
        "A=1 :\nrun\nset -o posix\nA=1 :\nrun",
        (
            "run",
            "run +A=1",
        ),
    ),
    Row(
        "export -f",
        "f() { :; }\nexport -f f\nrun\nunset -f f\nrun",
        (
            "run +BASH_FUNC_f%%=() {  :\n}",
            "run -BASH_FUNC_f%%",
        ),
    ),
    Row(
        "local",
        "f() { local -x A=1; run; }\nf\nrun",
        (
            "run +A=1",
            "run -A",
        ),
    ),
    Row(
        "local hides",
        "export A=1\nf() { local A=2; run; g; }\ng() { run; }\nf\nrun",
        (
            "run +A=2",
            "run",
            "run +A=1",
        ),
    ),
    Row(
        "arrays",
        ('a=(x "y z" "")\nrun "${a[@]}"\nrun "${a[*]}" "${#a[@]}"\ndeclare -A m=([k]=v)\nexport a m\nrun "${m[k]}"'),
        (
            "run x 'y z' ''",
            "run 'x y z ' 3",
            "run v",
        ),
    ),
    Row(
        '"$@" and shift',
        'f() { run "$@"; shift; run "$*" $#; }\nf "a b" c ""\nset -- 1 2\nrun "$@"',
        (
            "run 'a b' c ''",
            "run 'c ' 2",
            "run 1 2",
        ),
    ),
    Row("PATH", "PATH=/x:$PATH\nrun", ("run +PATH=/x:/opt/ci/bin:/usr/bin",)),
    Row(
        "silent variables",
        "cd sub\nrun\nSHLVL=9 OLDPWD=/x PWD=/y run",
        (
            "run @sub",
            "run @sub",
        ),
    ),
    Row(
        "word splitting and globs",
        'x="*.txt a b"\nrun $x\nrun "$x"\nIFS=:\ny=a:b\nrun $y',
        (
            "run lines.txt a b",
            "run '*.txt a b'",
            "run a b",
        ),
    ),
    Row(
        "cd",
        (
            "cd sub/deep\n"
            "run\n"
            "cd ..\n"
            "run\n"
            "cd -\n"
            "run\n"
            'cd "$OLDPWD"\n'
            "run\n"
            "cd\n"
            "run\n"
            "cd /data\n"
            "run\n"
            'cd "/world/space/a b"\n'
            "run"
        ),
        (
            "run @sub/deep",
            "run @sub",
            "run @sub/deep",
            "run @sub",
            "run @/home/someone",
            "run @/data",
            "run @a b",
        ),
    ),
    Row(
        "cd into what is not there",
        (
            "cd nowhere/at/all\n"
            "run $?\n"
            "cd /new\n"
            "run $?\n"
            "cd ../newer\n"
            "run $?\n"
            '[ -d /new ] && [[ -d /newer ]] && run "$PWD"'
        ),
        (
            "run 0 @nowhere/at/all",
            "run 0 @/new",
            "run 0 @/newer",
            "run /newer @/newer",
        ),
    ),
    Row("cd in posix mode", "set -o posix\ncd nowhere\nrun $?", ("run 0 @nowhere",)),
    Row(
        "cd -P and set -P",
        "cd -P nowhere\nrun\nset -P\ncd ../newer\nrun",
        (
            "run @nowhere",
            "run @newer",
        ),
    ),
    Row(
        "cd to a file",
        "cd lines.txt || run $?\ncd lines.txt/x || run $?",
        (
            "run 1",
            "run 1",
        ),
    ),
    Row(
        "CDPATH",
        "CDPATH=/data:.\ncd empty >run.log\nrun\ncd /world/space\ncd sub\nrun\ncd nowhere\nrun",
        (
            "write run.log",
            "run @/data/empty",
            "run @sub",
            "run @sub/nowhere",
        ),
    ),
    Row(
        "pushd popd",
        "pushd sub\nrun\npushd /data/empty\nrun\npopd\nrun\npopd\nrun\npopd || run $?\npushd made\nrun",
        (
            "run @sub",
            "run @/data/empty",
            "run @sub",
            "run",
            "run 1",
            "run @made",
        ),
    ),
    Row(
        "cd in a subshell",
        "(cd sub; run)\nrun\n(cd made; run)\ncd made && run",
        (
            "run @sub",
            "run",
            "run @made",
            "run @made",
        ),
    ),
    Row(
        "unset HOME",
        "unset HOME\nrun ~ ~someone ~nobody_else\ncd ~\nrun\ncd || run $?",
        (
            "run /home/someone /home/someone '~nobody_else' -HOME",
            "run @/home/someone",
            "run 1 @/home/someone",
        ),
    ),
    Row(
        "HOME elsewhere",
        "HOME=/data\nrun ~ ~/x\ncd\nrun",
        (
            "run /data /data/x +HOME=/data",
            "run @/data",
        ),
    ),
    Row(
        "pwd",
        'run "$PWD" "$(pwd)" "$(pwd -P)" "$(cd sub; pwd)"',
        ("run /world/space /world/space /world/space /world/space/sub",),
    ),
    Row(
        "$0 and BASH_SOURCE",
        'run "$0" "${BASH_SOURCE[0]}" "$(dirname "${BASH_SOURCE[0]}")" "$(cd "$(dirname "$0")" && pwd)"',
        ("run .ci/pytorch/script.sh .ci/pytorch/script.sh .ci/pytorch /world/space/.ci/pytorch",),
    ),
    Row(
        "> >> 2> <",
        "run >out\nrun >>out\nrun 2>err\nrun 2>>err\nrun <lines.txt\nrun <lines.txt >out 2>err",
        (
            "run out:out",
            "run out:>>out",
            "run err:err",
            "run err:>>err",
            "run in:lines.txt",
            "run in:lines.txt out:out err:err",
        ),
    ),
    Row(
        "2>&1",
        "run >out 2>&1\nrun 2>&1 >out\nrun &>out\nrun &>>out\nrun >&2\nrun 2>&1",
        (
            "run out:out err:out",
            "run out:out err:/dev/stdout",
            "run out:out err:out",
            "run out:>>out err:>>out",
            "run out:/dev/stderr",
            "run err:/dev/stdout",
        ),
    ),
    Row(
        "descriptors",
        "exec 3>out\nrun >&3\nrun 3>&1\nrun 3>&-\nexec 3>&-\nrun",
        (
            "write out",
            "run out:out",
            "run",
            "run",
            "run",
        ),
    ),
    Row(
        "closed",
        "run >&-\nrun 2>&-\nrun <&-",
        (
            "run out:&-",
            "run err:&-",
            "run in:&-",
        ),
    ),
    Row(
        "/dev/null",
        "run </dev/null >/dev/null 2>&1\nrun 2>/dev/null",
        (
            "run in:/dev/null out:/dev/null err:/dev/null",
            "run err:/dev/null",
        ),
    ),
    Row(
        "heredoc",
        'run <<E\ntext $HOME\nE\nrun <<"E"\ntext\nE\nrun <<-E\n\ttext\n\tE\nrun <<<text',
        (
            "run in:heredoc",
            "run in:heredoc",
            "run in:heredoc",
            "run in:heredoc",
        ),
    ),
    Row(
        "empty heredoc",
        'run <<E\nE\nrun <<<""',
        (
            "run in:/dev/null",
            "run in:heredoc",
        ),
    ),
    Row(
        "large heredoc",
        'x=$(printf "%0100000d" 0)\nrun <<E\n$x\nE\nrun <<<"$x"\ncat <<E | run\n$x\nE',
        (
            "run in:heredoc",
            "run in:heredoc",
            "run in:pipe",
        ),
    ),
    Row(
        "heredoc read by the shell",
        'read -r x y <<<"one two"\nrun "$y" "$x"\nwhile read -r l; do run "$l"; done <<E\na\nb\nE',
        (
            "run two one",
            "run a in:heredoc",
            "run b in:heredoc",
        ),
    ),
    Row(
        "groups",
        "{ run; run; } >out\n{ echo x; run; } >>out\n( run; run ) >out\n(run) 2>err",
        (
            "write out",
            "run out:out",
            "run out:out",
            "append out",
            "run out:>>out",
            "write out",
            "run out:out",
            "run out:out",
            "run err:err",
        ),
    ),
    Row(
        "the shell writes",
        "echo x >out\necho y >>out\n: >new\n>newer\nprintf z >sub/new\n{ echo; } >out",
        (
            "write out",
            "append out",
            "write new",
            "write newer",
            "write sub/new",
            "write out",
        ),
    ),
    Row(
        "writes and commands",
        "{ echo x; run; } >out\n(echo x; run) >out\n(run) >out\nrun >out",
        (
            "write out",
            "run out:out",
            "write out",
            "run out:out",
            "run out:out",
            "run out:out",
        ),
    ),
    Row(
        "two files",
        "run >a >b\nrun 3>c\n>d run",
        (
            "write a",
            "run out:b",
            "write c",
            "run",
            "run out:d",
        ),
    ),
    Row(
        "what was written can be read",
        (
            'echo "a b" >out\n'
            "read -r x <out\n"
            'run "$x" "$(cat out)" "$(<out)"\n'
            "echo c >>out\n"
            'run "$(wc -l <out)"\n'
            "[ -s out ] && run yes"
        ),
        (
            "write out",
            "run 'a b' 'a b' 'a b'",
            "append out",
            "run 2",
            "run yes",
        ),
    ),
    Row(
        "exec >",
        "exec >out\nrun\nexec 2>&1\nrun\nexec >/dev/null\nrun",
        (
            "write out",
            "run out:out",
            "run out:out err:out",
            "run out:/dev/null err:out",
        ),
    ),
    Row(
        "exec <",
        'exec <lines.txt\nrun\nread -r x\nrun "$x"',
        (
            "run in:lines.txt",
            "run one in:lines.txt",
        ),
    ),
    Row(
        "a loop",
        'for i in 1 2; do run $i; done >out\nwhile read -r x; do run "$x"; done <lines.txt',
        (
            "write out",
            "run 1 out:out",
            "run 2 out:out",
            "run one in:lines.txt",
            "run two in:lines.txt",
            "run three in:lines.txt",
        ),
    ),
    Row(
        "a function",
        "f() { run; } >out\nf\nf 2>err",
        (
            "write out",
            "run out:out",
            "write err",
            "write out",
            "run out:out err:err",
        ),
    ),
    Row(
        "into a directory that is not there",
        "echo x >not/there/file\nrun >other/file\nrun $?",
        (
            "write not/there/file",
            "run out:other/file",
            "run 0",
        ),
    ),
    Row(
        "over a directory",
        "echo x >sub || run $?\nrun >sub || run $?",
        (
            "run 1",
            "run 1",
        ),
    ),
    Row(
        "/dev/stdout",
        "run >/dev/stdout\nrun >/dev/stderr\nrun </dev/stdin\necho x >/dev/stderr",
        (
            "run",
            "run out:/dev/stderr",
            "run",
        ),
    ),
    Row(
        "a variable name",
        'f="x y"\nrun >"$f"\nrun >>"${f}2"',
        (
            "run out:x y",
            "run out:>>x y2",
        ),
    ),
    Row(
        "pipeline",
        "one | two\none | two | three",
        (
            "one out:pipe",
            "two in:pipe",
            "one out:pipe",
            "two in:pipe out:pipe",
            "three in:pipe",
        ),
    ),
    Row(
        "pipeline with pure tools",
        "one | cat | two\ncat lines.txt | two\none | grep x",
        (
            "one out:pipe",
            "two in:pipe",
            "two in:pipe",
            "one out:pipe",
        ),
        status=1,
    ),
    Row(
        "|&",
        "one |& two",
        (
            "one out:pipe err:pipe",
            "two in:pipe",
        ),
    ),
    Row(
        "command substitution",
        'x=$(say)\nrun "$x" "$(say)" `say`\nx=$(say >out)\nrun "$x"',
        (
            "say out:pipe",
            "say out:pipe",
            "say out:pipe",
            "run said said said",
            "say out:out",
            "run ''",
        ),
    ),
    Row(
        "nested substitution",
        'run "$(echo "$(say; one)")"',
        (
            "say out:pipe",
            "one out:pipe",
            "run said",
        ),
    ),
    Row(
        "substitution in an assignment before",
        "A=$(say) run",
        (
            "say out:pipe",
            "run +A=said",
        ),
    ),
    Row(
        "process substitution",
        "run <(one) <(two)\nrun > >(one)\nrun >(one)",
        (
            "one out:pipe",
            "two out:pipe",
            "run /dev/fd/63 /dev/fd/62",
            "one in:pipe",
            "run out:pipe",
            "one in:pipe",
            "run /dev/fd/63",
        ),
    ),
    Row(
        "while read from a command",
        'while read -r x; do run "$x"; done < <(say; one)\nsay | while read -r x; do run "$x"; done',
        (
            "say out:pipe",
            "one out:pipe",
            "run said in:pipe",
            "say out:pipe",
            "run said in:pipe",
        ),
    ),
    Row(
        "mapfile",
        'mapfile -t a < <(say)\nrun "${a[@]}"',
        (
            "say out:pipe",
            "run said",
        ),
    ),
    Row(
        "captured stdin",
        "x=$(run <lines.txt)\nx=$(cat lines.txt | run)",
        (
            "run in:lines.txt out:pipe",
            "run in:pipe out:pipe",
        ),
    ),
    Row(
        "a dash reads",
        "echo x | run -\ncat lines.txt | run -",
        (
            "run - in:pipe",
            "run - in:pipe",
        ),
    ),
    Row(
        "both sides of a pipeline capture",
        'x=$(one | two)\nrun "$x"',
        (
            "one out:pipe",
            "two in:pipe out:pipe",
            "run ''",
        ),
    ),
    Row(
        "order in subshells",
        "one\n(two; (three); four)\nfive",
        (
            "one",
            "two",
            "three",
            "four",
            "five",
        ),
    ),
    Row(
        "background",
        "one &\ntwo\nwait\nthree",
        (
            "one in:/dev/null",
            "two",
            "three",
        ),
    ),
    Row(
        "background on one line has the input of the shell but the first",
        "one & two & wait",
        (
            "one in:/dev/null",
            "two",
        ),
    ),
    Row(
        "background list",
        "{ one; two; } &\nthree\nwait $!\nrun $?",
        (
            "one in:/dev/null",
            "two in:/dev/null",
            "three",
            "run 0",
        ),
    ),
    Row(
        "background that is not waited for",
        "{ one; two; } &\nthree",
        (
            "one in:/dev/null",
            "two in:/dev/null",
            "three",
        ),
    ),
    Row(
        "wait for a status",
        "fails & p=$!\nwait $p\nrun $?\nwait -n\nrun $?",
        (
            "fails =3 in:/dev/null",
            "run 3",
            "run 127",
        ),
    ),
    Row(
        "exec",
        "run\nexec other a\nnever",
        (
            "run",
            "other a",
        ),
    ),
    Row(
        "exec in a subshell",
        "(exec other a; never)\nrun",
        (
            "other a",
            "run",
        ),
    ),
    Row(
        "exec -a -l -c",
        "(exec -a name other)\n(exec -l other)\n(exec -c other)",
        (
            "name",
            "-other",
            "other -FROM_BEFORE -HOME -LANG -PATH -USER",
        ),
    ),
    Row(
        "EXIT trap",
        'trap "bye \\$?" EXIT\nrun\nexit 4',
        (
            "run",
            "bye 4",
        ),
        status=4,
    ),
    Row(
        "EXIT trap after errexit",
        'set -e\ntrap "bye \\$?" EXIT\nfails\nnever',
        (
            "fails =3",
            "bye 3",
        ),
        status=3,
    ),
    Row(
        "EXIT trap in a subshell",
        'trap "outer" EXIT\n(trap "inner" EXIT; run)\n(run)',
        (
            "run",
            "inner",
            "run",
            "outer",
        ),
    ),
    Row("EXIT trap and exec", 'trap "bye" EXIT\nexec other', ("other",)),
    Row(
        "signal trap",
        'trap "caught" TERM\nkill -TERM $$\nrun',
        (
            "caught",
            "run",
        ),
    ),
    Row("a signal ends the script", 'trap "bye" EXIT\nkill -TERM $$\nnever', ("bye",), status=143),
    Row(
        "functions",
        'f() { run in "$1"; return 5; }\nf a\nrun $?\nunset -f f\nf || run $?',
        (
            "run in a",
            "run 5",
            "f",
        ),
    ),
    Row(
        "recursion",
        'f() { run "$1"; (( $1 > 0 )) && f $(( $1 - 1 )); }\nf 2',
        (
            "run 2",
            "run 1",
            "run 0",
        ),
        status=1,
    ),
    Row(
        "eval",
        'eval "run a; A=1 run b"\neval run "\'c  d\'"',
        (
            "run a",
            "run b +A=1",
            "run 'c  d' -A",
        ),
    ),
    Row(
        "command and builtin",
        "command run a\ncommand -- run b\nbuiltin echo x | run",
        (
            "run a",
            "run b",
            "run in:pipe",
        ),
    ),
    Row("coproc", "coproc run a\nwait", ("run a in:pipe out:pipe",)),
    Row("alias", 'shopt -s expand_aliases\nalias r="run aliased"\nr x', ("run aliased x",)),
    Row(
        "xargs",
        ('printf "a\\nb\\n" | xargs run x\nprintf "a\\nb\\n" | xargs -n1 run\nprintf "a\\n" | xargs fails\nrun $?'),
        (
            "run x a b in:/dev/null",
            "run a in:/dev/null",
            "run b in:/dev/null",
            "fails a =3 in:/dev/null",
            "run 123",
        ),
    ),
    Row("time", "time run a", ("run a",)),
    Row(
        "coproc pipe",
        "f() { cat; }\none | f | two",
        (
            "one out:pipe",
            "two in:pipe",
        ),
    ),
    Row(
        "$$ $PPID $UID and friends",
        'run $$ $PPID $UID $EUID "$HOSTNAME" $SECONDS $EPOCHSECONDS "${GROUPS[0]}" "$(echo $$)"',
        ("run 4242 1 1000 1000 localhost 0 1735689600 1000 4242",),
    ),
    Row(
        "clock",
        'run "$(date +%Y-%m-%dT%H:%M:%S%z)" "$(printf "%(%F)T")" "$(date -d @0 +%F)" "$(TZ=UTC date +%s)"',
        ("run 2025-01-01T00:00:00+0000 2025-01-01 1970-01-01 1735689600",),
    ),
    Row("uname", 'run "$(uname)" "$(uname -n)" "$(uname -m)"', ("run Linux localhost x86_64",)),
    Row(
        "status",
        "fails\nrun $?\nfails && never\nfails || run $?\n! fails\nrun $?\nif fails; then never; else run $?; fi",
        (
            "fails =3",
            "run 3",
            "fails =3",
            "fails =3",
            "run 3",
            "fails =3",
            "run 0",
            "fails =3",
            "run 3",
        ),
    ),
    Row("status of the script", "fails", ("fails =3",), status=3),
    Row(
        "status of a pipeline",
        'fails | true\nrun $?\nset -o pipefail\nfails | true\nrun $?\nfails | one | two\nrun "${PIPESTATUS[@]}"',
        (
            "fails =3 out:pipe",
            "run 0",
            "fails =3 out:pipe",
            "run 3",
            "fails =3 out:pipe",
            "one in:pipe out:pipe",
            "two in:pipe",
            "run 3 0 0",
        ),
    ),
    Row(
        "errexit",
        "set -e\nfails || run 1\nif fails; then :; fi\nf() { fails; run 2; }\nf || run 3\nx=$(fails)\nnever",
        (
            "fails =3",
            "run 1",
            "fails =3",
            "fails =3",
            "run 2",
            "fails =3 out:pipe",
        ),
        status=3,
    ),
    Row(
        "errexit in a subshell",
        "set -e\n(fails; never) || run 1\n(fails; never)\nnever",
        (
            "fails =3",
            "never",
            "fails =3",
        ),
        status=3,
    ),
    Row(
        "errexit and a substitution",
        (
            "set -e\n"
            'run "$(fails; echo x)"\n'
            "local_() { local x=$(fails); run 2; }\n"
            "local_\n"
            "shopt -s inherit_errexit\n"
            'run "$(fails; never)"'
        ),
        (
            "fails =3 out:pipe",
            "run x",
            "fails =3 out:pipe",
            "run 2",
            "fails =3 out:pipe",
            "run ''",
        ),
    ),
    Row(
        "errexit and pipelines",
        "set -e\nfails | true\nrun 1\nset -o pipefail\nfails | true\nnever",
        (
            "fails =3 out:pipe",
            "run 1",
            "fails =3 out:pipe",
        ),
        status=3,
    ),
    Row(
        "ERR trap",
        ('trap "caught \\$? \\$BASH_COMMAND" ERR\nfails a\nfails b || :\n! fails c\nf() { fails d; }\nf\nset -E\nf'),
        (
            "fails a =3",
            "caught 3 fails a",
            "fails b =3",
            "fails c =3",
            "fails d =3",
            "caught 3 fails d",
            "fails d =3",
            "caught 3 fails d",
            "caught 3 fails d",
        ),
        status=3,
    ),
    Row(
        "RETURN and DEBUG traps",
        ('f() { run; }\ntrap "back" RETURN\nf\n. /data/values.sh\ntrap "debug \\"\\$BASH_COMMAND\\"" DEBUG\nrun x'),
        (
            "run",
            "source /data/values.sh",
            "back",
            "debug 'run x'",
            "run x",
        ),
    ),
    Row(
        "a rule answers",
        "probe yes && run yes\nprobe no || run $?\nif [[ $(say) == said ]]; then run said; fi",
        (
            "probe yes",
            "run yes",
            "probe no =1",
            "run 1",
            "say out:pipe",
            "run said",
        ),
    ),
    Row(
        "status of assignment",
        "x=$(fails)\nrun $?\nx=$(fails) y=1\nrun $?\nexport x=$(fails)\nrun $?",
        (
            "fails =3 out:pipe",
            "run 3",
            "fails =3 out:pipe",
            "run 3",
            "fails =3 out:pipe",
            "run 0 +x=",
        ),
    ),
    Row(
        "exit in a subshell",
        "(exit 5)\nrun $?\nx=$(exit 6)\nrun $?\nexit 300",
        (
            "run 5",
            "run 6",
        ),
        status=44,
    ),
    Row("nounset", 'set -u\nrun "${x-unset}"\nrun "$x"\nnever', ("run unset",), status=1),
    Row(
        "plain names always run",
        "no_such_command\nrun $?",
        (
            "no_such_command",
            "run 0",
        ),
    ),
    Row(
        "command -v",
        (
            "command -v known\n"
            'run "$(command -v known)" "$(command -v unknown)" "$(command -v cat)" "$(command -v cd)"\n'
            "f() { :; }\n"
            'run "$(command -v f)"'
        ),
        (
            "run /opt/ci/bin/known '' /opt/ci/bin/cat cd",
            "run f",
        ),
    ),
    Row(
        "command -v after it ran",
        (
            "unknown\n"
            "command -v unknown || run $?\n"
            "unknown\n"
            "command -v unknown || run $?\n"
            "known\n"
            'run "$(command -v known)"'
        ),
        (
            "unknown",
            "run 1",
            "unknown",
            "run 1",
            "known",
            "run /opt/ci/bin/known",
        ),
    ),
    Row(
        "type and hash",
        (
            "type unknown || run 1\n"
            "type -P unknown || run 2\n"
            'run "$(type -P known)" "$(type -t known)" "$(type -t cd)"\n'
            "unknown\n"
            "hash unknown || run 3\n"
            "hash known && run 4\n"
            "hash -r"
        ),
        (
            "run 1",
            "run 2",
            "run /opt/ci/bin/known file builtin",
            "unknown",
            "run 3",
            "run 4",
        ),
    ),
    Row(
        "which",
        "which known\nx=$(which unknown)\nrun $?",
        (
            "which known",
            "which unknown out:pipe",
            "run 0",
        ),
    ),
    Row(
        "a path",
        './tool a\nsub/tool\n/opt/tool\n"$PWD/tool"\n~/tool',
        (
            "./tool a",
            "sub/tool",
            "/opt/tool",
            "/world/space/tool",
            "/home/someone/tool",
        ),
    ),
    Row(
        "a directory as a command",
        "sub\n./sub || run $?\n/data || run $?",
        (
            "sub",
            "run 126",
            "run 126",
        ),
    ),
    Row(
        "PATH with a known command",
        'PATH=/nowhere\ncommand -v known || run 1\nPATH=/opt/ci/bin:/x\nrun "$(command -v known)"',
        (
            "run 1 +PATH=/nowhere",
            "run /opt/ci/bin/known +PATH=/opt/ci/bin:/x",
        ),
    ),
    Row(
        "file tests",
        (
            "[ -f lines.txt ] && run 1\n"
            "[ -f sub ] || run 2\n"
            "[[ -d /data ]] && run 3\n"
            "[ -e /opt/ci/bin/known ] && run 4\n"
            "[[ -x /opt/ci/bin/known ]] && run 5\n"
            "[ -x lines.txt ] || run 6\n"
            "[ -s lines.txt ] && run 7\n"
            "[[ -e /etc/passwd || -d /usr || -e /bin/sh ]] || run 8"
        ),
        (
            "run 1",
            "run 2",
            "run 3",
            "run 4",
            "run 5",
            "run 6",
            "run 7",
            "run 8",
        ),
    ),
    Row(
        "permissions",
        (
            "for t in -r -w -O -G; do test $t lines.txt && run $t; done\n"
            "[ -r /data ] && [ -w /data ] && [ -x /data ] && run dir\n"
            "[ -w / ] && run root"
        ),
        (
            "run -r",
            "run -w",
            "run -O",
            "run -G",
            "run dir",
            "run root",
        ),
    ),
    Row(
        "links and others",
        (
            "[ -L lines.txt ] || run 1\n"
            "[ -h /bin ] || run 2\n"
            "[ -p lines.txt ] || run 3\n"
            "[ lines.txt -ef ./lines.txt ] && run 4\n"
            "[ lines.txt -nt sub/inner.txt ] || run 5\n"
            "[ -t 0 ] || run 6\n"
            "[ -c /dev/null ] && run 7"
        ),
        (
            "run 1",
            "run 2",
            "run 3",
            "run 4",
            "run 5",
            "run 6",
            "run 7",
        ),
    ),
    Row(
        "globs",
        (
            "run *\n"
            "run sub/* */*.txt\n"
            "run /data/* /data/*.sh\n"
            "run *.none\n"
            "shopt -s nullglob\n"
            "run *.none end\n"
            "shopt -s globstar dotglob\n"
            "run **/*.* "
        ),
        (
            "run 'a b' lines.txt sub",
            "run sub/deep sub/inner.txt 'a b/c d.txt' sub/inner.txt",
            "run /data/empty /data/values.sh /data/values.sh",
            "run '*.none'",
            "run end",
            "run .ci .ci/pytorch/common.sh .ci/pytorch/script.sh 'a b/c d.txt' lines.txt sub/inner.txt",
        ),
    ),
    Row("globs over ..", "cd sub\nrun ../*.txt ../../*", ("run ../lines.txt ../../space @sub",)),
    Row(
        "extglob",
        "shopt -s extglob\nrun !(sub|*.txt)\n[[ abc == a@(b|x)c ]] && run yes",
        (
            "run 'a b'",
            "run yes",
        ),
    ),
    Row("tilde and braces", "run {a,b}{1..3} ~/x", ("run a1 a2 a3 b1 b2 b3 /home/someone/x",)),
    Row(
        "pure tools read the world",
        ('run "$(cat lines.txt)" "$(cat /world/space/lines.txt)" "$(head -n 1 ./lines.txt)" "$(tail -n1 lines.txt)"'),
        ("run 'one\ntwo\nthree' 'one\ntwo\nthree' one three",),
    ),
    Row(
        "realpath and readlink",
        (
            "cd sub\n"
            'run "$(realpath .)" "$(realpath ../lines.txt)" "$(readlink -f /data/../data/values.sh)" \n'
            'run "$(realpath --relative-to=/world inner.txt)" "$(realpath /none/at/all || echo no)"'
        ),
        (
            "run /world/space/sub /world/space/lines.txt /data/values.sh @sub",
            "run space/sub/inner.txt no @sub",
        ),
    ),
    Row(
        "grep sed awk sort",
        (
            'run "$(grep -c o lines.txt)" "$(sed -n 2p /world/space/lines.txt)"\n'
            'run "$(awk "END { print NR }" lines.txt)" "$(sort -r lines.txt | head -1)"'
        ),
        (
            "run 2 two",
            "run 3 two",
        ),
    ),
    Row(
        "grep -r",
        'run "$(grep -rl "^two" . | sort)" "$(cd sub && grep -r two)"',
        ("run ./lines.txt 'inner.txt:inner two'",),
    ),
    Row(
        "status of pure tools",
        "grep -q none lines.txt || run $?\nif grep -q two lines.txt; then run yes; fi",
        (
            "run 1",
            "run yes",
        ),
    ),
    Row("by path", 'run "$(/bin/cat lines.txt)" "$(/usr/bin/wc -l <lines.txt)"', ("run 'one\ntwo\nthree' 3",)),
    Row(
        "cat",
        (
            "cat lines.txt none\n"
            "x=$(cat none 2>/dev/null)\n"
            "run $?\n"
            "cat none || run 2\n"
            "cat <lines.txt\n"
            "cat - </dev/null\n"
            "cat -n lines.txt"
        ),
        (
            "cat lines.txt none",
            "cat none out:pipe err:/dev/null",
            "run 0",
            "cat none",
        ),
    ),
    Row(
        "expr basename dirname seq tr cut",
        (
            'run "$(expr 2 + 3)" "$(basename /a/b.c .c)" "$(dirname /a/b)"\n'
            'run "$(seq -s, 3)" "$(echo ab | tr a-z A-Z)" "$(cut -c1 lines.txt | tr -d "\\n")"'
        ),
        (
            "run 5 b /a",
            "run 1,2,3 AB ott",
        ),
    ),
    Row("egrep", 'run "$(egrep "o|w" lines.txt | wc -l)" "$(fgrep tw lines.txt)"', ("run 2 two",)),
    Row(
        "a pure tool writes a file",
        'sort lines.txt >sorted\nrun "$(cat sorted)"',
        (
            "write sorted",
            "run 'one\nthree\ntwo'",
        ),
    ),
    Row("xargs runs pure tools", "echo lines.txt | xargs cat | xargs run", ("run one two three in:/dev/null",)),
    Row(
        "the environment of a pure tool",
        'export A="x y"\nrun "$(awk "BEGIN { print ENVIRON[\\"A\\"] }")"',
        ("run 'x y' +A=x y",),
    ),
    Row(
        "source",
        ('. /data/values.sh\nrun "$value" $?\nsource "$(dirname "$0")/common.sh" a b\nrun "$source_args"\ncommon x'),
        (
            "source /data/values.sh",
            "run sourced 0",
            "run 'a b'",
            "from_common x",
        ),
    ),
    Row(
        "source of what is not there",
        ". /none/at/all.sh\nrun $?\nsource none.sh a b\nrun $?\nset -e\n. ./none.sh\nrun",
        (
            "source /none/at/all.sh",
            "run 0",
            "source none.sh",
            "run 0",
            "source ./none.sh",
            "run",
        ),
    ),
    Row(
        "source in a function",
        'f() { . /none.sh; . /data/values.sh; run "$value"; }\nf',
        (
            "source /none.sh",
            "source /data/values.sh",
            "run sourced",
        ),
    ),
    Row(
        "source of commands",
        'echo "run sourced" >made.sh\n. ./made.sh',
        (
            "write made.sh",
            "source ./made.sh",
            "run sourced",
        ),
    ),
    Row(
        "source by PATH",
        '. values.sh\nrun "$value"\nPATH=/data:$PATH\n. values.sh\nrun "$value"',
        (
            "source values.sh",
            "run ''",
            "source /data/values.sh",
            "run sourced +PATH=/data:/opt/ci/bin:/usr/bin",
        ),
    ),
    Row(
        "source of a directory",
        ". /data || run $?",
        (
            "source /data",
            "run 1",
        ),
    ),
    Row(
        "bash of a script",
        'bash /data/values.sh a\nsh -c "run"',
        (
            "bash /data/values.sh a",
            "sh -c run",
        ),
    ),
    Row(
        "ulimit",
        "ulimit -c 0\nulimit -n 65536\nulimit -v 1000\nulimit -S -s 64\nulimit -H -u 5\nulimit -c unlimited",
        (
            "ulimit core 0",
            "ulimit nofile 65536",
            "ulimit as 1024000",
            "ulimit stack 65536",
            "ulimit nproc 5",
            "ulimit core unlimited",
        ),
    ),
    Row(
        "ulimit asks",
        (
            'run "$(ulimit -c)" "$(ulimit -n)" "$(ulimit -Hs)"\n'
            "ulimit -c 7\n"
            'run "$(ulimit -c)"\n'
            '(ulimit -n 3; run "$(ulimit -n)")\n'
            'run "$(ulimit -n)"'
        ),
        (
            "run unlimited unlimited unlimited",
            "ulimit core 7168",
            "run 7",
            "ulimit nofile 3",
            "run 3",
            "run unlimited",
        ),
    ),
    Row("umask", 'umask 077\nrun "$(umask)"', ("umask 077", "run 0077")),
    Row("shopt and set", 'set -o pipefail -u\nrun "$-"', ("run huB",)),
    Row(
        "printf -v, read -a, declare -n",
        'printf -v x %03d 7\nread -ra y <<<"a b"\ndeclare -n z=x\nrun "$x" "${y[1]}" "$z"',
        ("run 007 b 007",),
    ),
    Row(
        "getopts",
        'f() { local o; while getopts ab: o; do run "$o" "${OPTARG-}"; done; }\nf -a -b x',
        (
            "run a ''",
            "run b x",
        ),
    ),
    Row(
        "case select arithmetic",
        (
            "x=5\n"
            "case $x in [0-4]) never ;; 5) run five ;;& *) run other ;; esac\n"
            "((x > 3)) && run $((x * 2))\n"
            "let x++\n"
            "run $x"
        ),
        (
            "run five",
            "run other",
            "run 10",
            "run 6",
        ),
    ),
    Row("unicode", 'x=äöü\nrun "${#x}" "${x:1:1}" "${x^^}"', ("run 3 'ö' 'ÄÖÜ'",)),
    Row("in a plain locale", 'export LC_ALL=C\nx=äöü\nrun "${#x}"', ("run 6 +LC_ALL=C",)),
    Row(
        "the environment of a case",
        'run "$A" "${B-unset}"\nexport A\nrun',
        (
            "run '1 '\"'\"'2\"' unset",
            "run",
        ),
        env=(
            ("A", "1 '2\""),
            ("B", None),
            ("HOME", None),
        ),
    ),
    Row(
        "positional parameters of a sourced file",
        'set -- a b\n. "${BASH_SOURCE%/*}/common.sh"\nrun "$source_args" $#',
        ("run 'a b' 2",),
    ),
    Row(
        "here-document in a function",
        "f() {\n  run <<E\n$1\nE\n}\nf a\nf b | two",
        (
            "run in:heredoc",
            "run in:heredoc out:pipe",
            "two in:pipe",
        ),
    ),
    Row(
        "a pipeline into a loop with commands",
        'printf "a\\nb\\n" | while read -r x; do run "$x"; done\nrun end',
        (
            "run a in:pipe",
            "run b in:pipe",
            "run end",
        ),
    ),
    Row("lastpipe", 'shopt -s lastpipe\necho a | read -r x\nrun "$x"', ("run a",)),
    Row(
        "background of a pipeline",
        "one | two &\nwait\nthree",
        (
            "one out:pipe",
            "two in:pipe",
            "three",
        ),
    ),
    Row(
        "subshell status and pipefail",
        "set -o pipefail\n(fails) | true || run $?",
        (
            "fails =3 out:pipe",
            "run 3",
        ),
    ),
    Row(
        "break continue",
        "for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; run $i; done",
        (
            "run 1",
            "run 3",
        ),
    ),
    Row(
        "until",
        "i=0\nuntil probe no; do run $i; ((++i > 1)) && break; done",
        (
            "probe no =1",
            "run 0",
            "probe no =1",
            "run 1",
        ),
    ),
)


def outcome(scene: scenes.Scene, row: Row) -> tuple[list[str], int]:
    """Return what a recorder makes of a row."""
    observation = scene.run(row.script, env=dict(row.env))
    return scenes.steps(observation), observation.plan.status


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_plan(scene: scenes.Scene, row: Row) -> None:
    assert outcome(scene, row) == (list(row.steps), row.status)


# ---- the same plans, whoever records them, wherever and whenever ---------------------------------------------------

NOBODY = 65534
CHILD = """
import json, pathlib, sys, tempfile
sys.path.insert(0, sys.argv[1])
from tests.unit.dryrun import scene as scenes
rows = json.load(sys.stdin)
with scenes.open_recorder(pathlib.Path(tempfile.mkdtemp())) as recorder:
    scene = scenes.Scene(recorder)
    found = []
    for script, env in rows:
        observation = scene.run(script, env=dict(env))
        found.append((scenes.steps(observation), observation.plan.status))
json.dump(found, sys.stdout)
"""


def _python_of_everybody(directory: Path) -> str:
    """Return a Python that an ordinary user may start; root's own may lie in root's home."""
    for python in (sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin")):
        command = [python or "", "-c", "import sys; sys.exit(sys.version_info < (3, 10))"]
        try:
            if not subprocess.run(command, user=NOBODY, group=NOBODY, cwd="/", check=False).returncode:
                return command[0]
        except OSError:
            continue
    pytest.skip("no Python 3.10 that user 65534 may start")


@pytest.fixture
def copy_for_everybody() -> Iterator[Path]:
    """Give the package in a directory that every user can read, and user 65534 can write."""
    with tempfile.TemporaryDirectory(prefix="ci-port-copy-") as name:
        directory = Path(name)
        root = Path(__file__).parents[3]
        for part in ("ci_port/__init__.py", "tests/unit/dryrun/scene.py"):
            (directory / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / part, directory / part)
        for room in ("bash", "dryrun", "model"):
            shutil.copytree(root / "ci_port" / room, directory / "ci_port" / room)
        for path in (directory, *directory.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
            if os.geteuid() == 0:
                os.chown(path, NOBODY, NOBODY)
        yield directory


def test_an_ordinary_user_elsewhere_records_the_same(copy_for_everybody: Path) -> None:
    """Not as root, from another directory, with another TMPDIR and locale, with a closed standard input."""
    as_root = os.geteuid() == 0
    python = _python_of_everybody(copy_for_everybody) if as_root else sys.executable
    elsewhere = copy_for_everybody / "else where"
    elsewhere.mkdir()
    os.chown(elsewhere, NOBODY if as_root else -1, -1)
    done = subprocess.run(
        [python, "-c", CHILD, str(copy_for_everybody)],
        input=json.dumps([(row.script, row.env) for row in ROWS]),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"TMPDIR": str(copy_for_everybody), "HOME": str(elsewhere), "LANG": "C", "TZ": "Asia/Tokyo", "PS4": "x"},
        user=NOBODY if as_root else None,
        group=NOBODY if as_root else None,
        extra_groups=[] if as_root else None,
    )
    assert done.returncode == 0, done.stderr
    found = dict(zip((row.name for row in ROWS), json.loads(done.stdout), strict=True))
    assert found == {row.name: [list(row.steps), row.status] for row in ROWS}


@pytest.mark.parametrize("present", [True, False], ids=["present", "absent"])
def test_the_machine_does_not_show(tmp_path: Path, present: bool) -> None:
    """Whether the world's paths exist on this machine or not: the world alone says what is there."""
    place = tmp_path / "place"
    if present:
        (place / "work" / "sub").mkdir(parents=True)
        (place / "work" / "file").write_text("of the machine\n", encoding="utf-8")
        (place / "only here").write_text("of the machine\n", encoding="utf-8")
    world = model.World(
        workspace=f"{place}/work",
        path="/bin",
        files={f"{place}/work/text": "of the world\n"},
        dirs=frozenset({f"{place}/there"}),
        pure=frozenset({"cat"}),
    )
    script = """
[ -e file ] || run 1
[[ -d ../there && -d PLACE/there ]] && run 2
[ -e "PLACE/only here" ] || run 3
run "$(cat text)" * PLACE/*
[ -d sub ] || run 4
. PLACE/work/file
echo x >file
cd PLACE/new && run 5
"""
    with scenes.open_recorder(tmp_path, world=world) as recorder:
        observation = recorder.observe(
            model.Case(
                "case",
                (),
                model.Overlay(
                    files=((f"{place}/work/.ci/pytorch/script.sh", script.replace("PLACE", str(place))),),
                ),
            )
        )
    found = [text.replace(str(place), "PLACE") for text in scenes.steps(observation)]
    assert found == [
        "run 1",
        "run 2",
        "run 3",
        "run 'of the world' text PLACE/there PLACE/work",
        "run 4",
        "source PLACE/work/file",
        "write file",
        "run 5 @PLACE/new",
    ]
    if present:
        assert (place / "work" / "file").read_text(encoding="utf-8") == "of the machine\n"


BUSY = """
for i in 1 2 3; do
  one $i | two $i | three $i &
  (four $i; five $i | six $i) &
done
x=$(say; seven)
run "$x" <(eight) >(nine) "$RANDOM" "$(echo $RANDOM)" $SRANDOM "$(date +%s%N)"
{ ten & eleven; } | twelve
server & kill $!
wait
trap 'last | one' EXIT
"""


def test_one_plan_however_busy_the_machine_is(scene: scenes.Scene) -> None:
    load = [
        subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"], start_new_session=True)
        for _ in range(2 * (os.cpu_count() or 1))
    ]
    try:
        plans = {scene.run(BUSY).plan.dumps() for _ in range(50)}
    finally:
        for process in load:
            process.kill()
            process.wait()
    assert len(plans) == 1


def test_ten_thousand_arguments(scene: scenes.Scene) -> None:
    script = 'export LONG=$(printf "%0100000d" 0)\nrun {1..10000}\nrun "$LONG" $(seq 3)\n'
    first, second = scene.run(script).plan.steps
    assert isinstance(first, model.Execute)
    assert first.argv == ("run", *map(str, range(1, 10001)))
    assert first.env == (("LONG", "0" * 100_000),)
    assert isinstance(second, model.Execute)
    assert second.argv == ("run", "0" * 100_000, "1", "2", "3")


def test_too_much_for_a_real_tool_is_an_error(scene: scenes.Scene) -> None:
    with pytest.raises(model.RunFailed, match="cannot be started: Argument list too long"):
        scene.run('x=$(printf "%0200000d" 0)\ngrep "$x" lines.txt\n')
