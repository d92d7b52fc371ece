"""Real bash as a judge: it sees every command, tells the same every time, and holds what a script might do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parity.real_bash import RealBash, why_not_contained
from tests.parity.small_scripts import Command, Left, Rule, Run, Script, differences

CONTAINED = why_not_contained()


def script(text: str, **more: object) -> Script:
    return Script(f"#!/bin/bash\n{text}\n", **more)  # type: ignore[arg-type]


def shown(run: Run) -> list[str]:
    return [str(command) for command in run.commands]


@pytest.fixture(scope="module", params=["contained", "plain"])
def bash(request: pytest.FixtureRequest, asking_stand_in: Path) -> Iterator[RealBash]:
    """Both ways of running."""
    contained = request.param == "contained"
    if contained and CONTAINED:
        pytest.skip(f"nothing can be contained here: {CONTAINED}")
    with RealBash(asking_stand_in, contained=contained) as made:
        yield made


@pytest.fixture(scope="module")
def jail(asking_stand_in: Path) -> Iterator[RealBash]:
    """The contained way alone."""
    if CONTAINED:
        pytest.skip(f"nothing can be contained here: {CONTAINED}")
    with RealBash(asking_stand_in, contained=True) as made:
        yield made


COMMANDS = (
    ("words", "use a 'b c' ''", ["use a 'b c' ''"]),
    ("directory", "mkdir d; cd d; use x; cd ..; (cd d; use y)", ["mkdir d", "use x @d", "use y @d"]),
    ("file tools are seen, text tools are not", "echo b > f; cp f g; cat g; use $(sort g)", ["cp f g", "use b"]),
    ("a tool's own status", "rm gone 2>/dev/null; use $?", ["rm gone =1", "use 1"]),
    ("pipeline", "a | b | c", ["a", "b", "c"]),
    ("groups", "{ a; b; } | { c; d; } | e", ["a", "b", "c", "d", "e"]),
    ("background", "(a; b) & (c; d) & e; wait", ["a", "b", "c", "d", "e"]),
    ("background, not waited for", "(a; b) & c", ["a", "b", "c"]),
    ("process substitution", "use < <(gen)", ["gen", "use"]),
    ("into a process", "exec 3> >(tee log); a; echo x >&3; exec 3>&-; wait $!; use $(<log)", ["tee log", "a", "use x"]),
    ("coprocess", "coproc cat; echo 5 >&${COPROC[1]}; read -u ${COPROC[0]} x; use $x", ["use 5"]),
    ("a named pipe", "mkfifo p; use < p & echo hi > p; wait", ["mkfifo p", "use"]),
    ("exec", "exec use x", ["use x"]),
    ("a shell in the script", "bash -c 'use 1'; bash x; exit 3", ["bash -c 'use 1'", "bash x"]),
    ("closed streams", "exec 0<&- 1>&-; a; b 2>&-", ["a", "b"]),
    ("a name made while it runs", "x=us; ${x}e_it", ["use_it"]),
    (
        "the shell's own id",
        "echo $$ > $$.txt; use $$ x$$x *.txt; (use $$)",
        ["use 4242 x4242x 4242.txt", "use 4242"],
    ),
    ("names that are no words", "'a b' c; x=(d,e); ${x[0]}; (exec f.g)", ["'a b' c", "d,e", "f.g"]),
    ("xargs", "printf '%s\\n' a b | xargs -n1 use", ["use a", "use b"]),
)


@pytest.mark.parametrize(("name", "text", "commands"), COMMANDS, ids=[row[0] for row in COMMANDS])
def test_commands(bash: RealBash, name: str, text: str, commands: list[str]) -> None:
    assert shown(bash.run(script(text))) == commands


FOLLOWED = (
    ("bash x", ["bash x", "use 1"]),
    ("sh -eu x", ["sh -eu x", "use 1"]),
    ("bash -o pipefail -- x y", ["bash -o pipefail -- x y", "use 1"]),
    ("bash -c 'use 2'", ["bash -c 'use 2'"]),
    ("echo use 2 | bash", ["bash"]),
    ("bash -s x <<< 'use 2'", ["bash -s x"]),
    ("./x", ["use 1"]),
    ("chmod -x x; ./x; bash x", ["chmod -x x", "bash x", "use 1"]),
)


@pytest.mark.parametrize(("text", "commands"), FOLLOWED, ids=[row[0] for row in FOLLOWED])
def test_scripts_that_a_script_runs(bash: RealBash, text: str, commands: list[str]) -> None:
    made = "printf '#!/bin/bash\nuse 1\n' > x; chmod +x x"
    assert shown(bash.run(script(f"{made}; {text}", follow=True))) == ["chmod +x x", *commands]


def test_the_order_does_not_depend_on_luck(bash: RealBash) -> None:
    text = "(a; b) & (c; d | e) & f; wait; { g; h; } | i"
    runs = {tuple(shown(bash.run(script(text)))) for _ in range(30)}
    assert runs == {tuple("abcdefghi")}


RULES: tuple[tuple[str, tuple[Rule, ...], str, list[str]], ...] = (
    ("status", ({"argv": ["v"], "status": 3},), "v; use $?", ["v =3", "use 3"]),
    ("output", ({"argv": ["v"], "stdout": "a\nb\n"},), 'use "$(v)"', ["v", "use 'a\\nb'"]),
    ("errors", ({"argv": ["v"], "stderr": "e\n"},), 'use "$(v 2>&1 >/dev/null)"', ["v", "use e"]),
    ("one word", ({"argv": ["v", "*"], "status": 1},), "v; v a; v a b", ["v", "v a =1", "v a b"]),
    ("words", ({"argv": ["v", "a", "**"], "status": 1},), "v; v a; v a b c", ["v", "v a =1", "v a b c =1"]),
    (
        "nth counts every match",
        tuple({"argv": ["v"], "nth": number, "stdout": text} for number, text in ((1, "a"), (2, "b"), (3, "c"))),
        "use $(v) $(v) $(v) $(v)",
        ["v", "v", "v", "v", "use a b c"],
    ),
    (
        "makes",
        ({"argv": ["v", "*"], "makes": {"{1.stem}/{0}": "t\n", "{1.name}": None, "l": {"link": "x.tgz"}}},),
        "v a/x.tgz; use $(cat x/v) $(readlink l) x*",
        ["v a/x.tgz", "use t x.tgz x x.tgz"],
    ),
    (
        "makes a program",
        ({"argv": ["v"], "makes": {"p": {"text": "#!/bin/bash\nuse inside\n", "mode": "755"}}},),
        "v; ./p",
        ["v", "use inside"],
    ),
    (
        "removes",
        ({"argv": ["v"], "removes": ["d", "f"]},),
        "mkdir -p d/e; : > f; v; use *",
        ["mkdir -p d/e", "v", "use ci"],
    ),
    (
        "removes, then makes; not where a word is missing",
        ({"argv": ["v", "**"], "makes": {"d/new": "", "{3}/x": ""}, "removes": ["d", "{2}"]},),
        "mkdir d; : > d/old; v one; use d/*",
        ["mkdir d", "v one", "use d/new"],
    ),
    ("in place of a tool", ({"argv": ["rm", "**"], "status": 5},), ": > f; rm f; use $? f*", ["rm f =5", "use 5 f"]),
)


@pytest.mark.parametrize(("name", "rules", "text", "commands"), RULES, ids=[row[0] for row in RULES])
def test_rules(bash: RealBash, name: str, rules: tuple[Rule, ...], text: str, commands: list[str]) -> None:
    assert shown(bash.run(script(text, rules=rules))) == commands


def test_how_it_is_started(bash: RealBash) -> None:
    text = '#!/usr/bin/env -S bash -eu\nread -r x\nuse "$x" "$V" "$@" $- $0\nfalse\nnever\n'
    run = bash.run(Script(text, args=("a b", "*"), env={"V": "v"}, stdin="first\nsecond\n"))
    assert (shown(run), run.status) == (["use first v 'a b' '*' ehuB ./ci/script.sh"], 1)
    assert run.commands[0].env == ()
    run = bash.run(script("use $-; false; never"), options=("-eux",))
    assert (shown(run), run.status) == (["use ehuxB"], 1)


def test_what_a_command_is_given(bash: RealBash) -> None:
    run = bash.run(script("export A=1; use <<< in; unset HOME; B=2 use | use; use <<E\n$A\nE"))
    assert [(command.env, command.input) for command in run.commands] == [
        ((("A", "1"),), "in\n"),
        ((("A", "1"), ("B", "2"), ("HOME", None)), None),
        ((("A", "1"), ("HOME", None)), None),
        ((("A", "1"), ("HOME", None)), "1\n"),
    ]


def test_more_than_a_pipe_holds_is_read(bash: RealBash) -> None:
    run = bash.run(script('for i in {1..20000}; do echo "insert $i"; done | use; use "${PIPESTATUS[@]}"'))
    assert shown(run) == ["use", "use 0 0"]


def test_what_is_left_behind(bash: RealBash) -> None:
    text = "umask 027; mkdir d; echo x > d/f; ln d/f h; ln -s f d/l; mkfifo d/p; chmod 0 d/f d; rm g"
    text += "; head -c 70000 /dev/zero > big"
    run = bash.run(script(text, files={"g": "", "k": "kept\n"}))
    assert run.files is not None
    assert run.files["big"].text == f"70000 bytes, sha256 {hashlib.sha256(bytes(70000)).hexdigest()}"
    assert {path: left for path, left in run.files.items() if path != "big"} == {
        "d": Left("directory", 0),
        "d/f": Left("file", 0, "x\n"),
        "h": Left("file", 0, "x\n"),
        "d/l": Left("link", 0, "f"),
        "d/p": Left("fifo", 0o640),
        "k": Left("file", 0o644, "kept\n"),
    }
    assert bash.run(script(":")).files == {}


def test_what_was_printed(bash: RealBash) -> None:
    run = bash.run(script("echo out; echo err >&2; pwd"))
    assert (run.stdout, run.stderr) == ("out\n/w\n", "err\n")


def test_a_name_that_is_only_asked_for_does_not_exist(bash: RealBash) -> None:
    assert shown(bash.run(script("command -v nope || use; command -v use > /dev/null && use 2"))) == ["use", "use 2"]
    run = bash.run(script("nope; use $?", names=frozenset(["use"])))
    assert shown(run) == ["use 127"]


def test_a_run_that_does_not_end_is_ended(bash: RealBash) -> None:
    assert bash.run(script("use; while :; do :; done"), seconds=0.3).ended == "time"
    assert bash.run(script("(while :; do :; done) & use"), seconds=0.3).ended == "time"
    assert shown(bash.run(script("use"))) == ["use"]


HOSTILE = (
    ("others' processes", "kill -9 -1; kill -9 1; use"),
    ("too many processes", "f() { f | f & }; f; while :; do :; done"),
    ("too much in files", "for i in {1..20}; do head -c 100000000 /dev/zero > f$i; done; use"),
    ("too much memory", "x=$(head -c 900000000 /dev/zero | tr '\\0' x); x=$x$x$x; use"),
    ("deep folders", "while mkdir d 2>/dev/null && cd d; do :; done"),
    ("the place itself", "rm -rf /opt/bin /opt/.run /opt/.ask /w /tmp /etc /opt /usr; chmod 0 /w /opt/bin; use"),
    ("all around it", "mv /etc /opt /usr/bin /w; mkdir /own /opt/own; : > /etc/own; use"),
    ("awkward rights", "mkdir -p a/b/c; chmod 0 a/b/c a/b a"),
    ("a false question", "exec 3<>/opt/.ask; echo x > /opt/.ask; use"),
)


@pytest.mark.parametrize(("name", "text"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_nothing_gets_out_and_the_next_run_is_well(jail: RealBash, name: str, text: str) -> None:
    jail.run(script(text), seconds=1)
    run = jail.run(script("use * /own /opt/* /etc/*"))
    assert (shown(run), run.files, run.status) == (["use ci /own /opt/bin /etc/group /etc/passwd"], {}, 0)


def test_too_many_processes_end_a_run(jail: RealBash) -> None:
    assert jail.run(script("f() { f | f & }; f; while :; do :; done")).ended == "processes"
    assert jail.run(script("for i in {1..100}; do use & done; wait")).ended == ""


def test_there_is_nothing_of_the_machine(jail: RealBash) -> None:
    text = """
        echo x > /etc/passwd; echo x > /opt/.stand-in; echo x > /usr/lib/x; echo b > /proc/sysrq-trigger
        : > /dev/tcp/127.0.0.1/22; : < /proc/1/environ; : < /proc/1/root/etc/shadow; chroot .; mount
        use / /dev/* /home/* $UID $EUID $(cat /proc/net/route) "$(</proc/sys/kernel/hostname)"
    """
    run = jail.run(script(text))
    devices = (
        "/dev/fd /dev/full /dev/null /dev/random /dev/stderr /dev/stdin /dev/stdout /dev/tty /dev/urandom /dev/zero"
    )
    assert " ".join(run.commands[-1].argv[:15]) == f"use / {devices} /home/user 1000 1000"
    assert run.stderr.count("ermission denied") + run.stderr.count("No such file") + run.stderr.count("ead-only") >= 6
    assert "Network is unreachable" in run.stderr


def test_what_differs_is_said_the_most_telling_first() -> None:
    left = Run((Command(("a",)), Command(("b",), status=1)), 0, {"f": Left("file", 0o644, "x")})
    assert list(differences(left, left)) == []
    assert list(differences(left, Run(left.commands, 1, left.files))) == ["exit status: 0 | 1"]
    assert list(differences(left, Run(left.commands[:1], 0, {}))) == [
        "command 2: b =1 | none",
        "file f: file 644 'x' | absent",
    ]
    other = Run((Command(("a",), cwd="d"), Command(("b",))), 0, left.files)
    assert list(differences(left, other)) == ["command 1: a | a @d"]
    other = Run((Command(("a",), input="i"), Command(("b",), status=None)), 0, left.files)
    assert list(differences(left, other)) == ["command 1 (a), input: None | 'i'"]
    assert list(differences(left, Run((), 0, ended="time"))) == ["ended: by itself | time"]
