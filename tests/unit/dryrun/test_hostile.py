"""Scripts that try to get out. Each aims at markers that the test made, which must be as they were afterwards.

`OUT` in a script stands for the directory of markers; `PROCESS` for a process, and leader of a
process group, that is not part of the run; `PORT` for a TCP port on which the test listens.
"""

from __future__ import annotations

import os
import re
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_port import dryrun, model
from ci_port.dryrun import build, programs
from tests.unit.dryrun import scene as scenes

# What awk does for a command, and a machine without this kind of awk.
STARTS = "a pure tool starts (a shell|the command)|is not installed here"
_STATES = re.compile(r"\) ([A-Z])")


@dataclass(frozen=True)
class Row:
    """A script, and its plan (`steps`, `status`) or its end (`error`, a regular expression; `line`; `command`)."""

    name: str
    script: str | bytes
    steps: tuple[str, ...] = ()
    status: int = 0
    error: str = ""
    line: int = 1
    command: str = ""
    env: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class Markers:
    """What lies outside: files, a process, a listener."""

    directory: Path
    process: subprocess.Popen[bytes]
    listener: socket.socket

    def filled(self, text: str) -> str:
        """Return a text of a row with the markers' real names."""
        text = text.replace("OUT", str(self.directory)).replace("PROCESS", str(self.process.pid))
        return text.replace("PORT", str(self.listener.getsockname()[1]))

    def state(self) -> dict[str, object]:
        """Return everything that a script could have changed."""
        found: dict[str, object] = {}
        for where, directories, files in os.walk(self.directory):
            for name in (".", *directories, *files):
                path = os.path.join(where, name)
                status = os.lstat(path)
                found[path] = (status.st_mode, status.st_uid, status.st_size, status.st_mtime_ns)
            for name in files:
                found[os.path.join(where, name) + " holds"] = Path(where, name).read_bytes()
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        state = _STATES.search(stat)
        found["process stopped or ended"] = state is None or state[1] in "TZX"
        found["connected"] = bool(select.select([self.listener], [], [], 0)[0])
        return found


@pytest.fixture
def markers(tmp_path: Path) -> Iterator[Markers]:
    """Markers of one test."""
    outside = tmp_path / "outside"
    (outside / "dir").mkdir(parents=True)
    (outside / "file").write_text("untouched\n", encoding="utf-8")
    (outside / "dir" / "inner").write_text("untouched\n", encoding="utf-8")
    (outside / "evil").write_text(f"#!/bin/sh\necho got out >> {outside}/file\n", encoding="utf-8")
    (outside / "evil").chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", "import time; time.sleep(600)"], stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            yield Markers(outside, process, listener)
    finally:
        process.kill()
        process.wait()


def _outcome(scene: scenes.Scene, row: Row, markers: Markers) -> tuple[list[str], int]:
    script = row.script if isinstance(row.script, bytes) else markers.filled(row.script)
    env = {name: value and markers.filled(value) for name, value in row.env}
    observation = scene.run(script, env=env)
    return scenes.steps(observation), observation.plan.status


ROWS: tuple[Row, ...] = (
    Row(
        "rm by absolute path",
        "rm -rf OUT/dir OUT/file\n/bin/rm -rf OUT/dir",
        (
            "rm -rf OUT/dir OUT/file",
            "/bin/rm -rf OUT/dir",
        ),
    ),
    Row("command by its path", "OUT/evil", ("OUT/evil",)),
    Row(
        "evil directory first on PATH",
        "PATH=OUT:$PATH\nevil\nrm OUT/file",
        (
            "evil +PATH=OUT:/opt/ci/bin:/usr/bin",
            "rm OUT/file",
        ),
    ),
    Row("PATH emptied", "PATH=\nevil\ncat lines.txt", ("evil +PATH=",)),
    Row("PATH unset", "unset PATH\nevil", ("evil -PATH",)),
    Row("env -i", 'env -i /bin/sh -c "rm -rf OUT/dir"', ("env -i /bin/sh -c 'rm -rf OUT/dir'",)),
    Row("exec env", "exec env -u LD_PRELOAD rm -rf OUT/dir", ("env -u LD_PRELOAD rm -rf OUT/dir",)),
    Row(
        "a new bash",
        'bash -c "echo x >OUT/file"\n/bin/sh OUT/evil',
        (
            "bash -c 'echo x >OUT/file'",
            "/bin/sh OUT/evil",
        ),
    ),
    Row(
        "command -p",
        "command -p rm OUT/file\ncommand rm OUT/dir/inner",
        (
            "rm OUT/file",
            "rm OUT/dir/inner",
        ),
    ),
    Row(
        "a builtin is switched off",
        "enable -n echo kill\necho hi >OUT/file\nkill -9 PROCESS",
        (
            "echo hi out:OUT/file",
            "kill -9 PROCESS",
        ),
    ),
    Row(
        "function instead of a builtin",
        "cd() { rm -rf OUT/dir; }\ncd /\nbuiltin cd OUT\nrm file",
        (
            "rm -rf OUT/dir",
            "rm file @OUT",
        ),
    ),
    Row(
        "hash -p",
        "hash -p OUT/evil ls\nls\nhash -t ls >OUT/file",
        (
            "ls",
            "write OUT/file",
        ),
    ),
    Row("exec -a", "exec -a cat rm OUT/file", ("cat OUT/file",)),
    Row("exec -c", "exec -c rm OUT/file", ("rm OUT/file -FROM_BEFORE -HOME -LANG -PATH -USER",)),
    Row(
        "sudo",
        "sudo -u root rm OUT/file\nsetsid rm OUT/file\nnohup rm OUT/file &\nwait",
        (
            "sudo -u root rm OUT/file",
            "setsid rm OUT/file",
            "nohup rm OUT/file in:/dev/null",
        ),
    ),
    Row("alias", 'shopt -s expand_aliases\nalias cat="rm OUT/file"\ncat', ("rm OUT/file",)),
    Row(
        "command_not_found_handle", "command_not_found_handle() { rm OUT/file; }\nno_such_command", ("no_such_command",)
    ),
    Row("eval", 'eval "rm OUT/$(printf fi)le"', ("rm OUT/file",)),
    Row("xargs", "echo OUT/file OUT/dir | xargs rm -rf", ("rm -rf OUT/file OUT/dir in:/dev/null",)),
    Row(
        "xargs with a shell",
        'printf "%s\\n" OUT/file | xargs -I{} sh -c "rm {}"',
        ("sh -c 'rm OUT/file' in:/dev/null",),
    ),
    Row("xargs with a pure tool", "echo lines.txt | xargs cat | xargs used", ("used one two three in:/dev/null",)),
    Row(
        "LD_PRELOAD exported",
        'export LD_PRELOAD=OUT/evil.so LD_LIBRARY_PATH=OUT\nx=$(cat lines.txt)\nused "$x"',
        ("used 'one\ntwo\nthree' +LD_LIBRARY_PATH=OUT +LD_PRELOAD=OUT/evil.so",),
    ),
    Row(
        "LD_PRELOAD unset",
        "unset LD_PRELOAD LD_AUDIT\nx=$(cat OUT/file)\nrm OUT/file",
        (
            "cat OUT/file out:pipe",
            "rm OUT/file",
        ),
    ),
    Row(
        "LD_PRELOAD for one command",
        "LD_PRELOAD= rm OUT/file\nLD_PRELOAD= sed -n 1p lines.txt",
        ("rm OUT/file +LD_PRELOAD=",),
    ),
    Row(
        "LD_PRELOAD from outside",
        'x=$(head -n 1 lines.txt)\nused "$x"',
        ("used one",),
        env=(
            ("LD_PRELOAD", "OUT/evil.so"),
            ("LD_AUDIT", "OUT/evil.so"),
        ),
    ),
    Row(
        "our own variables",
        (
            "export CI_PORT_CONTROL=OUT/file CI_PORT_LIBRARY=OUT/evil.so CI_PORT_ORDER=9.9\n"
            "x=$(head -n 1 lines.txt)\n"
            'used "$x"'
        ),
        ("used one +CI_PORT_CONTROL=OUT/file +CI_PORT_LIBRARY=OUT/evil.so +CI_PORT_ORDER=9.9",),
    ),
    Row("BASH_ENV", "used", ("used",), env=(("BASH_ENV", "OUT/evil"),)),
    Row(
        "BASH_ENV runs commands",
        "used",
        (
            "rm OUT/file out:pipe",
            "used",
        ),
        env=(("BASH_ENV", "$(rm OUT/file)/data/values.sh"),),
    ),
    Row(
        "ENV and posix",
        "used",
        ("used",),
        env=(
            ("ENV", "OUT/evil"),
            ("POSIXLY_CORRECT", "1"),
        ),
    ),
    Row(
        "SHELLOPTS",
        "used\nfails\nrm OUT/file",
        (
            "used +SHELLOPTS=braceexpand:errexit:hashall:interactive-comments",
            "fails =3",
        ),
        status=3,
        env=(("SHELLOPTS", "errexit"),),
    ),
    Row(
        "functions in the environment",
        "cat x",
        ("rm OUT/file +BASH_FUNC_cat%%=() {  rm OUT/file\n}",),
        env=(("BASH_FUNC_cat%%", "() { rm OUT/file; }"),),
    ),
    Row(
        "PS4",
        'PS4="$(rm OUT/file)"\nset -x\nused',
        (
            "rm OUT/file out:pipe",
            "used",
        ),
    ),
    Row("PROMPT_COMMAND", 'PROMPT_COMMAND="rm OUT/file"\nused', ("used",)),
    Row(
        "GREP_OPTIONS",
        'x=$(grep two lines.txt)\nused "$x"',
        ("used two",),
        env=(
            ("GREP_OPTIONS", "-v"),
            ("TMPDIR", "OUT"),
        ),
    ),
    Row(
        "awk system",
        'awk "BEGIN { system(\\"rm OUT/file\\") }"',
        error=STARTS,
        command="awk",
    ),
    Row(
        "mawk system",
        'x=1\nmawk "BEGIN { system(\\"rm OUT/file\\") }"',
        error=STARTS,
        line=2,
        command="mawk",
    ),
    Row(
        "awk pipe",
        'awk "BEGIN { print 1 | \\"rm OUT/file\\" }"',
        error=STARTS,
        command="awk",
    ),
    Row(
        "awk getline from a command",
        'awk "BEGIN { \\"rm OUT/file\\" | getline }"',
        error=STARTS,
        command="awk",
    ),
    Row(
        "awk writes",
        'awk "BEGIN { print 1 > \\"OUT/file\\" }"',
        error="a pure tool opens OUT/file for writing; a tool that does more than text is not pure",
        command="awk",
    ),
    Row(
        "awk appends",
        'awk "BEGIN { print 1 >> \\"OUT/file\\" }"',
        error="a pure tool opens OUT/file for writing; a tool that does more than text is not pure",
        command="awk",
    ),
    Row(
        "awk reads",
        (
            "E=ENVIRON\n"
            'x=$(awk "BEGIN { getline l < \\"OUT/file\\"; print l $E[\\"LD_PRELOAD\\"]'
            ' $E[\\"CI_PORT_CONTROL\\"] $E[\\"FROM_BEFORE\\"] }")\n'
            'used "$x"'
        ),
        ("used yes",),
    ),
    Row(
        "gawk coprocess",
        'gawk "BEGIN { print 1 |& \\"rm OUT/file\\" }"',
        error=STARTS,
        command="gawk",
    ),
    Row(
        "gawk network",
        'gawk "BEGIN { print 1 |& \\"/inet/tcp/0/127.0.0.1/PORT\\" }"',
        error="a pure tool opens a network connection|is not installed here",
        command="gawk",
    ),
    Row(
        "gawk network udp",
        'gawk "BEGIN { print 1 |& \\"/inet/udp/0/127.0.0.1/PORT\\" }"',
        error="a pure tool opens a network connection|is not installed here",
        command="gawk",
    ),
    Row(
        "gawk in place",
        "gawk -i inplace 1 lines.txt",
        error="gawk loads code that is not in the script",
        command="gawk",
    ),
    Row(
        "sed w",
        'sed "w OUT/file" lines.txt',
        error="a pure tool opens OUT/file for writing; a tool that does more than text is not pure",
        command="sed",
    ),
    Row(
        "sed s///w",
        'sed "s/one/x/w OUT/file" lines.txt',
        error="a pure tool opens OUT/file for writing; a tool that does more than text is not pure",
        command="sed",
    ),
    Row(
        "sed e",
        'sed "1e rm OUT/file" lines.txt',
        error=STARTS,
        command="sed",
    ),
    Row(
        "sed s///e",
        'sed "s,one,rm OUT/file,e" lines.txt',
        error=STARTS,
        command="sed",
    ),
    Row(
        "sed -i",
        "sed -i s/one/x/ lines.txt",
        error="a pure tool makes the file",
        command="sed",
    ),
    Row("sed -i outside", "sed -i s/one/x/ OUT/file", status=2),
    Row("sed r", 'x=$(sed "r OUT/file" sub/inner.txt)\nused "$x"', ("used 'inner two'",)),
    Row(
        "sort -o",
        "sort -o OUT/file lines.txt",
        error="a pure tool opens OUT/file for writing; a tool that does more than text is not pure",
        command="sort",
    ),
    Row(
        "sort -o on a world file",
        "sort -o lines.txt lines.txt",
        error="a pure tool opens lines.txt for writing; a tool that does more than text is not pure",
        command="sort",
    ),
    Row(
        "sort --compress-program",
        "seq 30000 | sort --compress-program=OUT/evil -S 32k | tail -n 1",
        error="a pure tool starts the command OUT/evil; a tool that does more than text is not pure",
        command="sort",
    ),
    Row("sort -T", "seq 300000 | sort -T /elsewhere -S 200k | tail -n 1"),
    Row("sort --files0-from", 'printf "OUT/file\\0" | sort --files0-from=-\nused', ("used",)),
    Row(
        "grep -r /",
        'x=$(grep -rl untouched / OUT ../../../../../../..)\nused "$x"\ny=$(grep -rl "^two" /)\nused "$y"',
        (
            "used '/world/space/.ci/pytorch/script.sh\n../../../../../../../world/space/.ci/pytorch/script.sh'",
            "used /world/space/lines.txt",
        ),
    ),
    Row("grep -f", 'x=$(grep -f OUT/file lines.txt)\nused "$x"', ("used ''",)),
    Row(
        "readlink and realpath",
        (
            'used "$(readlink -f OUT/file)" "$(realpath -e OUT/file)"'
            ' "$(realpath ../../..)" "$(readlink /proc/self/exe)"'
        ),
        ("used '' '' / ''",),
    ),
    Row("date", 'used "$(date -r OUT/file +%s)" "$(date +%Y)"', ("used '' 2025",)),
    Row(
        "cat of what is not there",
        'cat OUT/file\nx=$(cat < OUT/file)\nused "$x"',
        (
            "cat OUT/file",
            "used ''",
        ),
    ),
    Row(
        "wc and tail of what is outside",
        'x=$(wc -l OUT/file) y=$(tail -n 1 OUT/file) z=$(cut -c1 OUT/file)\nused "$x$y$z"',
        ("used ''",),
    ),
    Row("expr printf seq", 'used "$(expr 1 + 1)" "$(/usr/bin/printf %s OUT)" "$(seq 2)"', ("used 2 OUT '1\n2'",)),
    Row(
        "> absolute",
        "echo x >OUT/file\n: >|OUT/file",
        (
            "write OUT/file",
            "write OUT/file",
        ),
    ),
    Row(">> absolute", "echo x >>OUT/file", ("append OUT/file",)),
    Row(
        ">> home",
        "echo x >>~/file\nprintf y >~/new/file",
        (
            "append OUT/file",
            "write OUT/new/file",
        ),
        env=(("HOME", "OUT"),),
    ),
    Row(
        "exec 3>",
        "exec 3>OUT/file\necho x >&3\nused",
        (
            "write OUT/file",
            "used",
        ),
    ),
    Row("exec {fd}<>", 'exec {fd}<>OUT/file\necho x >&"$fd"', ("write OUT/file",)),
    Row(
        "&>",
        "used &>OUT/file\nused >&OUT/dir/inner\nused >>OUT/file 2>&1",
        (
            "used out:OUT/file err:OUT/file",
            "used out:OUT/dir/inner err:OUT/dir/inner",
            "used out:>>OUT/file err:>>OUT/file",
        ),
    ),
    Row(
        "noclobber",
        "set -C\necho x >OUT/file\necho y >|OUT/file\necho z >OUT/file\nused $?",
        (
            "write OUT/file",
            "write OUT/file",
            "used 1",
        ),
    ),
    Row(
        "> over ..",
        "echo x >../../../../../../../../OUT/file\ncd /\necho x >../../OUT/file",
        (
            "write OUT/file",
            "write OUT/file",
        ),
    ),
    Row(
        "walk out with cd",
        "cd ../../../../../../../..\nused\ncd OUT\nused\nrm file\ncd -P ../../../../../../../../..\nused",
        (
            "used @/",
            "used @OUT",
            "rm file @OUT",
            "used @/",
        ),
    ),
    Row(
        "walk out with /dev/fd",
        (
            "exec 3</world\n"
            "x=$(cat /dev/fd/3/../../../../../../../../OUT/file)\n"
            "echo x >/dev/fd/3/../../../../../../../..OUT/file\n"
            ". /dev/fd/3/../../../../../../../..OUT/evil"
        ),
        (
            "cat /dev/fd/3/../../../../../../../../OUT/file out:pipe",
            "write OUT/file",
            "source /dev/fd/3/../../../../../../../..OUT/evil",
        ),
    ),
    Row(
        "walk out with /proc/self/fd",
        (
            "x=$(head -n 1 /proc/self/fd/../../..OUT/file)\n"
            "echo x >/proc/self/fd/../../..OUT/file\n"
            'used "$x" /proc/self/fd/../../..OUT/*'
        ),
        (
            "write OUT/file",
            "used '' '/proc/self/fd/../../..OUT/*'",
        ),
    ),
    Row(
        "/proc",
        'x=$(cat /proc/self/environ /proc/1/cmdline)\necho x >/proc/self/mem\nused "$x" /proc/[0-9]*',
        (
            "cat /proc/self/environ /proc/1/cmdline out:pipe",
            "write /proc/self/mem",
            "used '' '/proc/[0-9]*'",
        ),
    ),
    Row(
        "/proc/PROCESS/cwd",
        "rm /proc/$$/cwd/file\necho x >/proc/PROCESS/cwdOUT/file",
        (
            "rm /proc/4242/cwd/file",
            "write /proc/PROCESS/cwdOUT/file",
        ),
    ),
    Row(
        "globs",
        "used OUT/* ../../../../../../../../OUT/* /*",
        ("used 'OUT/*' '../../../../../../../../OUT/*' /data /opt /world",),
    ),
    Row(
        "tests",
        (
            "[ -e OUT/file ] || used no\n"
            "[[ -d OUT/dir ]] || used no\n"
            "test -x OUT/evil || used no\n"
            "[ -s ../../../../../../../OUT/file ] || used no\n"
            "[ OUT/file -nt lines.txt ] || used no"
        ),
        (
            "used no",
            "used no",
            "used no",
            "used no",
            "used no",
        ),
    ),
    Row(
        "read outside",
        (
            "x=$(<OUT/file)\n"
            "read -r y <OUT/file\n"
            "mapfile -t z <OUT/file\n"
            "while read -r w; do :; done <OUT/file\n"
            'used "$x$y${z[*]}"'
        ),
        ("used ''",),
    ),
    Row(
        "source outside",
        ". OUT/evil\nsource OUT/dir/inner",
        (
            "source OUT/evil",
            "source OUT/dir/inner",
        ),
    ),
    Row("source over ..", ". ../../../../../../../../OUT/evil", ("source ../../../../../../../../OUT/evil",)),
    Row(
        "source a substitution",
        '. <(echo rm OUT/file)\n. /dev/stdin <<<"rm OUT/dir/inner"',
        (
            "rm OUT/file",
            "rm OUT/dir/inner in:heredoc",
        ),
    ),
    Row(
        "/dev/tcp",
        "echo x >/dev/tcp/127.0.0.1/PORT",
        error="the shell opens a network connection to 127.0.0.1 port PORT",
        command="echo x > /dev/tcp/127.0.0.1/PORT",
    ),
    Row(
        "exec 3<>/dev/tcp",
        "used\nexec 3<>/dev/tcp/localhost/PORT",
        error="the shell opens a network connection to localhost port PORT",
        line=2,
        command="exec 3<> /dev/tcp/localhost/PORT",
    ),
    Row(
        "/dev/udp",
        "echo x >/dev/udp/127.0.0.1/PORT",
        error="the shell opens a network connection to 127.0.0.1 port PORT",
        command="echo x > /dev/udp/127.0.0.1/PORT",
    ),
    Row(
        "cat </dev/tcp",
        "cat </dev/tcp/127.0.0.1/PORT",
        error="the shell opens a network connection to 127.0.0.1 port PORT",
        command="cat < /dev/tcp/127.0.0.1/PORT",
    ),
    Row(
        "stdin written",
        'echo x >/dev/stdin\necho y >>/dev/fd/0\nexec 3<>/dev/stdin\necho z >&3\nread -r x\nused "$x"',
        ("used ''",),
    ),
    Row(
        "opened again by number",
        'exec 3<lines.txt\necho x >/dev/fd/3\nx=$(cat lines.txt)\nused "$x"',
        (
            "write lines.txt",
            "used x",
        ),
    ),
    Row("stdout cut short", "echo one\necho two >/dev/stdout\necho three >/dev/stderr\nused >/dev/stdout", ("used",)),
    Row(
        "history",
        (
            "HISTFILE=OUT/file\n"
            "set -o history\n"
            "echo x\n"
            'history -s "rm OUT/file"\n'
            "history -w OUT/new\n"
            "history -a OUT/file"
        ),
        error="the shell changes the owner of OUT/file",
        line=6,
        command="history -a OUT/file",
    ),
    Row(
        "heredoc file",
        'TMPDIR=OUT\nx=$(printf "%070000d" 0)\nused <<<"$x"\nused <<A\n$x\nA',
        (
            "used in:heredoc",
            "used in:heredoc",
        ),
    ),
    Row("enable -f of what only the machine has", "used\nenable -f OUT/evil evil", ("used",), status=1),
    Row(
        "enable -f of what the world has",
        "used\necho x >evil.so\nenable -f ./evil.so evil",
        error="the shell loads the library ./evil.so",
        line=3,
        command="enable -f ./evil.so evil",
    ),
    Row("bind and inputrc", "bind -f OUT/file\nread -e x <OUT/file\nused", ("used",)),
    Row(
        "compgen",
        'used "$(compgen -u)" "$(compgen -g)" "$(compgen -f OUT/)" "$(compgen -c zzz)"',
        ("used '' '' '' ''",),
    ),
    Row(
        "umask and ulimit",
        "umask 777\necho x >made\nulimit -f 0\necho y >OUT/new\nused",
        (
            "umask 777",
            "write made",
            "ulimit fsize 0",
            "write OUT/new",
            "used",
        ),
    ),
    Row(
        "kill",
        "kill PROCESS",
        error="signal 15 is sent to process PROCESS, which is not part of the run",
        command="kill PROCESS",
    ),
    Row(
        "kill -9 of a group",
        "x=1\nkill -9 -- -PROCESS",
        error="signal 9 is sent to process -PROCESS, which is not part of the run",
        line=2,
        command="kill -9 -- -PROCESS",
    ),
    Row(
        "kill -9 -1",
        "kill -9 -1",
        error="signal 9 is sent to process -1, which is not part of the run",
        command="kill -9 -1",
    ),
    Row(
        "kill of init",
        "kill -KILL 1",
        error="signal 9 is sent to process 1, which is not part of the run",
        command="kill -KILL 1",
    ),
    Row(
        "kill of the parent",
        "kill $PPID",
        error="signal 15 is sent to process 1, which is not part of the run",
        command="kill $PPID",
    ),
    Row(
        "kill -0",
        "kill -0 PROCESS && used",
        error="signal 0 is sent to process PROCESS, which is not part of the run",
        command="kill -0 PROCESS",
    ),
    Row(
        "kill 0",
        'trap "used trapped" TERM\nkill 0\nused after',
        (
            "used trapped",
            "used after",
        ),
    ),
    Row(
        "kill by /bin/kill",
        "/bin/kill PROCESS\nenv kill PROCESS\nxargs kill <<<PROCESS",
        (
            "/bin/kill PROCESS",
            "env kill PROCESS",
            "kill PROCESS in:/dev/null",
        ),
    ),
    Row("kill itself", "kill -9 $$", status=137),
    Row("segfault itself", "kill -SEGV $$", status=139),
    Row(
        "kill of a job",
        "server &\nclient\nkill $!\nused $?",
        (
            "server in:/dev/null",
            "client",
            "used 0",
        ),
    ),
    Row(
        "kill of a job with traps",
        (
            "(\n"
            '  trap "used trapped; exit" TERM\n'
            "  server\n"
            "  coproc cat\n"
            '  read -r x <&"${COPROC[0]}"\n'
            ") &\n"
            "kill $!\n"
            "wait $!\n"
            "used $?"
        ),
        (
            "server in:/dev/null",
            "used trapped in:pipe",
            "used 0",
        ),
    ),
    Row(
        "job for ever",
        "while step; do :; done &\nkill $!",
        error="signal 15 is sent to a process that would work on for ever: what it has done by then is not known",
        line=2,
        command="kill $!",
    ),
    Row(
        "background that the script waits for",
        "(sleep 1; (sleep 2; rm OUT/file) & wait) &\nwait\nexit 3",
        (
            "sleep 1 in:/dev/null",
            "sleep 2 in:/dev/null",
            "rm OUT/file in:/dev/null",
        ),
        status=3,
    ),
    # What a sleep puts off until after the script's end is not done any more.
    Row("background stays", "(sleep 1; rm OUT/file) &\nexit 3", ("sleep 1 in:/dev/null",), status=3),
    Row(
        "background does not sleep",
        "(used; rm OUT/file) &\nexit 3",
        ("used in:/dev/null", "rm OUT/file in:/dev/null"),
        3,
    ),
    Row("disown", "rm OUT/file & disown -a\nexit", ("rm OUT/file in:/dev/null",)),
    Row("set -u", 'set -u\nused\necho "$nothing"\nrm OUT/file', ("used",), status=1),
    Row(
        "set -o posix",
        "set -o posix\nused\nexport -n HOME\n. OUT/missing",
        (
            "used",
            "source OUT/missing",
        ),
    ),
    Row("set -n", "used\nset -n\nrm OUT/file", ("used",)),
    Row("set -r", "set -r\ncd /\nused\n/bin/rm OUT/file\necho x >OUT/file", ("used",), status=1),
    Row(
        "read from standard input",
        'read -r x\nused "$?" "$x"\ncat | used\ncat >OUT/file\nselect x in a b; do used; done',
        (
            "used 1 ''",
            "used in:pipe",
            "write OUT/file",
        ),
        status=1,
    ),
    Row(
        "NUL and invalid UTF-8",
        b"used $'a\\0b' \xff\xfe \"$(printf '\\0\\377')\"\nexport BAD=\xff\xc3\nused\n",
        (
            "used a '\udcff\udcfe' '\udcff'",
            "used +BAD=\udcff\udcc3",
        ),
    ),
    Row(
        "invalid UTF-8 in the environment",
        'used "$BAD"\nunset BAD\nused',
        (
            "used '\udcff\udc80'",
            "used -BAD",
        ),
        env=(("BAD", "\udcff\udc80"),),
    ),
    Row(
        "blanks and newlines in names",
        (
            'used "a b" $\'c\\nd\' ""\n'
            '"com mand" x\n'
            "$'new\\nline'\n"
            'echo x >"OUT/a b"\n'
            "echo y >$'OUT/c\\nd'\n"
            "export A=$'x\\ny'\n"
            "used"
        ),
        (
            "used 'a b' 'c\nd' ''",
            "'com mand' x",
            "'new\nline'",
            "write OUT/a b",
            "write OUT/c\nd",
            "used +A=x\ny",
        ),
    ),
    Row(
        "a name that is an option",
        "-x\n-- --",
        (
            "-x",
            "-- --",
        ),
    ),
    Row("an empty name", '"" || used $?', ("used 127",)),
    Row(
        "trap EXIT",
        'trap "" EXIT\nused\ntrap "rm OUT/file; exit 7" EXIT\nexit 4',
        (
            "used",
            "rm OUT/file",
        ),
        status=7,
    ),
    Row("trap DEBUG", 'trap "rm OUT/file" DEBUG\n:', ("rm OUT/file",)),
    Row(
        "traps everywhere",
        'trap "used err" ERR\ntrap "used return" RETURN\nf() { return 1; }\nf',
        ("used err",),
        status=1,
    ),
    Row(
        "exec >",
        "exec >OUT/file 2>&1\necho x\nused\nrm OUT/dir/inner",
        (
            "write OUT/file",
            "used out:OUT/file err:OUT/file",
            "rm OUT/dir/inner out:OUT/file err:OUT/file",
        ),
    ),
    Row(
        "coproc",
        (
            "coproc cat\n"
            'echo x >&"${COPROC[1]}"\n'
            'read -r y <&"${COPROC[0]}"\n'
            'used "$y"\n'
            'read -r -t 0.05 z <&"${COPROC[0]}"\n'
            "used $?"
        ),
        (
            "used x",
            "used 142",
        ),
    ),
    Row("coproc of a command", "coproc rm OUT/file\nwait", ("rm OUT/file in:pipe out:pipe",)),
    Row(
        "process substitution",
        "used <(rm OUT/file) >(tee OUT/file)",
        (
            "rm OUT/file out:pipe",
            "tee OUT/file in:pipe",
            "used /dev/fd/63 /dev/fd/62",
        ),
    ),
    Row("written to a substitution", "echo x > >(cat >OUT/file)\nwait", ("write OUT/file",)),
    Row("double fork", "( (rm OUT/file &) & ) &\nwait", ("rm OUT/file in:/dev/null",)),
    Row(
        "declare -x PATH with function",
        'f() { local PATH=OUT; evil; }\nf\nprintf -v x %s OUT/file\nrm "$x"',
        (
            "evil +PATH=OUT",
            "rm OUT/file +PATH=/opt/ci/bin:/usr/bin",
        ),
    ),
    Row("printf -v of an index", 'printf -v "x[$(rm OUT/file)]" 1', ("rm OUT/file out:pipe",), status=2),
    Row(
        "arithmetic runs commands",
        'y="x[\\$(rm OUT/file)]"\n((y))\n[[ $y -eq 0 ]]',
        (
            "rm OUT/file out:pipe",
            "rm OUT/file out:pipe",
        ),
    ),
    Row("getopts and unset run nothing", 'x="a[\\$(rm OUT/file)]"\nunset -v a\nused', ("used",)),
    Row(
        "mapfile callback",
        'mapfile -t -c 1 -C "rm OUT/file" a <lines.txt',
        (
            "rm OUT/file 0 one in:lines.txt",
            "rm OUT/file 1 two in:lines.txt",
            "rm OUT/file 2 three in:lines.txt",
        ),
    ),
    Row(
        "time",
        'time rm OUT/file\nTIMEFORMAT="$(used)"',
        (
            "rm OUT/file",
            "used out:pipe",
        ),
    ),
    Row(
        "locale",
        'export LC_ALL=xx_YY.UTF-8\nx=ÄÖ\nused "${#x}" "${x,,}"\nLC_ALL=C\nused "${#x}"',
        (
            "used 2 'äö' +LC_ALL=xx_YY.UTF-8",
            "used 4 +LC_ALL=C",
        ),
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_nothing_gets_out(scene: scenes.Scene, markers: Markers, row: Row) -> None:
    before = markers.state()
    failure = None
    found: tuple[list[str], int] | None = None
    try:
        found = _outcome(scene, row, markers)
    except model.RunFailed as error:
        failure = error
    assert markers.state() == before
    if row.error:
        assert failure is not None, f"no error, but {found}"
        assert re.search(markers.filled(row.error), failure.problem), failure.problem
        assert failure.place is not None
        assert (os.path.basename(failure.place.file), failure.place.line) == ("script.sh", row.line)
        assert markers.filled(row.command) in failure.command
        assert failure.command
    else:
        assert failure is None
        assert found == ([markers.filled(step) for step in row.steps], row.status)


# ---- each line holds by itself -----------------------------------------------------------------------------------

# Runs a command under the kernel's line alone; its arguments are the scratch directory, what may be executed, and
# the command.
KERNEL_ONLY = """
import os, sys
from ci_port.dryrun import landlock
have = landlock.restrict((sys.argv[1],), sys.argv[2].split(":"), ("/dev/null",), ("/",))
landlock.give_up_capabilities()
if have < 1:
    print("no Landlock")
    sys.exit(77)
print(have, flush=True)
os.execv(sys.argv[3], sys.argv[3:])
"""
OUTSIDE_THE_LIBRARY = {
    "writing": "echo x >OUT/file",
    "appending": "echo x >>OUT/file",
    "making": "echo x >OUT/new",
    "executing by path": "OUT/evil",
    "executing rm": "rm -rf OUT/dir || /bin/rm -rf OUT/dir || /usr/bin/rm -rf OUT/dir",
    "executing a shell": "/bin/sh OUT/evil; sh OUT/evil",
    "the loader as a program": "for loader in /lib*/ld-linux* /lib/*/ld-linux*; do $loader /bin/rm OUT/file; done",
    "sed in place": "sed -i s/u/x/ OUT/file",
    "sed w": "sed 'w OUT/file' OUT/dir/inner",
    "sort -o": "sort -o OUT/file OUT/dir/inner",
    "awk system": 'awk \'BEGIN { system("rm OUT/file"); print 1 > "OUT/file" }\'',
    "xargs": "echo OUT/file | xargs rm",
}


def _kernel_only(markers: Markers, scratch: Path, script: str) -> subprocess.CompletedProcess[str]:
    bash = programs.find_bash()
    tools = [programs.find_tool(name) for name in ("awk", "sed", "sort", "xargs", "cat")]
    allowed = [path for path in (bash, *tools, *map(programs.loader_of, (bash, *tools))) if path]
    done = subprocess.run(
        [sys.executable, "-c", KERNEL_ONLY, str(scratch), ":".join(allowed), bash, "-c", markers.filled(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
        env={"PATH": "/usr/bin:/bin"},
        timeout=60,
    )
    if done.returncode == 77:
        pytest.skip("this kernel has no Landlock")
    return done


@pytest.mark.parametrize("script", OUTSIDE_THE_LIBRARY.values(), ids=OUTSIDE_THE_LIBRARY)
def test_the_kernel_holds_without_the_library(markers: Markers, tmp_path: Path, script: str) -> None:
    before = markers.state()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = _kernel_only(markers, scratch, script)
    assert markers.state() == before
    assert re.search("denied|not permitted|cannot|can't|couldn't", done.stderr), done.stderr


def test_the_kernel_stops_signals_and_connections_where_it_can(markers: Markers, tmp_path: Path) -> None:
    before = markers.state()
    done = _kernel_only(
        markers, tmp_path, "kill -0 PROCESS && echo signalled; (exec 3<>/dev/tcp/127.0.0.1/PORT) && echo connected"
    )
    version = int(done.stdout.split()[0])
    assert ("connected" in done.stdout) == (version < 4)
    assert ("signalled" in done.stdout) == (version < 6)
    if version >= 4:
        assert markers.state() == before


# The library answers before the kernel is asked: all rows end in the same way, whichever lines the kernel has.
@pytest.fixture(scope="module", params=scenes.KERNELS)
def lesser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[scenes.Scene]:
    """A scene on a kernel that lacks something."""
    with scenes.lesser_kernel(request.param), scenes.open_recorder(tmp_path_factory.mktemp("lesser")) as opened:
        yield scenes.Scene(opened)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_nothing_gets_out_of_a_lesser_kernel(lesser: scenes.Scene, markers: Markers, row: Row) -> None:
    test_nothing_gets_out(lesser, markers, row)


def test_without_the_library_nothing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty.so"
    source = tmp_path / "empty.c"
    source.write_text("int nothing;\n", encoding="utf-8")
    subprocess.run(["cc", "-shared", "-o", str(empty), str(source)], check=True)
    monkeypatch.setattr(build, "locate", lambda: empty)
    with pytest.raises(dryrun.CannotRunHere, match="does not let the recorder in"):
        scenes.open_recorder(tmp_path)


# ---- limits ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Endless:
    """A script without end, the limits that end it, and what the error says."""

    name: str
    script: str
    limits: dryrun.Limits
    error: str
    line: int | None = 1


FOREVER = dryrun.Limits(seconds=60)
SCANTY = dryrun.Limits(memory=100 << 20, log=1 << 20)
ENDLESS = (
    Endless("time", "x=1\nwhile :; do :; done", dryrun.Limits(seconds=0.5), r"takes more than 0\.5 seconds", 2),
    Endless("time in a pure tool", "tail -f lines.txt", dryrun.Limits(seconds=0.5), "takes more than"),
    Endless("time in the background", "(while :; do :; done) &", dryrun.Limits(seconds=0.5), "takes more than", None),
    Endless("stopped", "kill -STOP $$", dryrun.Limits(seconds=0.5), "takes more than"),
    Endless("signals ignored", "trap '' TERM INT HUP\nwhile :; do :; done", dryrun.Limits(seconds=0.5), "takes", 2),
    Endless("coprocess", "coproc cat\nread -r x <&${COPROC[0]}", dryrun.Limits(seconds=0.5), "takes more than", None),
    Endless("output", "while :; do echo 0123456789; done", dryrun.Limits(output=100_000), "prints more than|larger"),
    Endless("errors", "while :; do echo 0123456789; done >&2", dryrun.Limits(output=100_000), "prints more|larger"),
    Endless("a large file", "while :; do echo 0123456789; done >x", dryrun.Limits(output=100_000), "larger|more than"),
    Endless(
        "output of a tool", "seq 1000000", dryrun.Limits(output=100_000), "larger file, or prints more, than it may"
    ),
    Endless(
        "many files",
        "i=0\nwhile :; do printf %01000d 0 >f$((i++)); done",
        dryrun.Limits(output=200_000, steps=1_000_000),
        "writes more than 200000 bytes into files",
        2,
    ),
    Endless("steps", "while :; do step; done", dryrun.Limits(steps=50), "more than 50 steps"),
    Endless("writes are steps", "while :; do : >f; done", dryrun.Limits(steps=50), "more than 50 steps"),
    Endless("directories are steps", "while :; do cd $((i++)); cd ..; done", dryrun.Limits(steps=50), "50 steps"),
    Endless("processes", "while :; do (:); done", dryrun.Limits(processes=50), "more than 50 processes"),
    Endless(
        "fork bomb", "bomb() { bomb | bomb & }\nbomb", dryrun.Limits(processes=200), "more than 200 proc|nests", None
    ),
    Endless("nesting", "f() { (f); }\nf", FOREVER, "nests more than|more than", 1),
    Endless("memory", "x=0123456789\nwhile :; do x=$x$x; done", SCANTY, "104857600 bytes of", 2),
    Endless(
        "memory in a substitution",
        "y=$(x=0123456789; while :; do x=$x$x; done 2>/dev/null)\nafter",
        SCANTY,
        "104857600 bytes of memory",
        None,
    ),
    Endless(
        "memory of a tool",
        "awk 'BEGIN { x = \"0123456789\"; while (1) x = x x }'",
        SCANTY,
        "104857600 bytes of memory",
    ),
    Endless(
        "log", "x=$(printf %0100000d 0)\nwhile :; do step $x; done", dryrun.Limits(log=2 << 20), "bytes of comm", 2
    ),
    Endless("deep directories", "while :; do cd d; done", FOREVER, "directories in each other"),
    Endless("a crash", 'again="eval \\"\\$again\\""\neval "$again"', FOREVER, "ended by signal 11", None),
    Endless("a crash in a subshell", 'again="eval \\"\\$again\\""\n(eval "$again")\nafter', FOREVER, "crashes", None),
)


@pytest.mark.parametrize("endless", ENDLESS, ids=lambda endless: endless.name)
def test_a_limit_ends_the_run_and_all_its_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endless: Endless
) -> None:
    with scenes.open_recorder(tmp_path, endless.limits) as opened:
        with pytest.raises(model.RunFailed, match=endless.error) as caught:
            scenes.Scene(opened).run(endless.script)
        place = caught.value.place
        assert place is not None
        assert os.path.basename(place.file) == "script.sh"
        assert endless.line is None or place.line == endless.line
        worker = opened._worker.process.pid
        children = Path(f"/proc/{worker}/task/{worker}/children").read_text(encoding="ascii")
        assert not children.split()
        # The next run is as good as any.
        observation = scenes.Scene(opened).run("used")
        assert scenes.steps(observation) == ["used"]
