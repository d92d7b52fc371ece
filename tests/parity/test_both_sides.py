"""One world for script and port: a small script and its port in Python have the same plan, and real bash runs the same.

Each row is a script and the port that says the same; all three are run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ci_port.host import NULL, PIPE, HereDocument, ProcessSubstitution, Session, Stream, observe
from ci_port.project.bench import RecordingBench
from tests.parity.real_bash import RealBash
from tests.parity.recorded_bash import RecordedBash, case_of, run_of, world_of
from tests.parity.small_scripts import Script, differences

Port = Callable[[Session], None]

ROWS: dict[str, tuple[str, Port]] = {}
MORE: dict[str, dict[str, Any]] = {}


def row(text: str, **more: Any) -> Callable[[Port], Port]:
    """Enter the port that is decorated, with the script that it stands for, and what is around both."""

    def enter(port: Port) -> Port:
        ROWS[port.__name__] = (text, port)
        MORE[port.__name__] = more
        return port

    return enter


@row("mkdir -p a/b; [ -d a/b ] && use made; rmdir a/b; [ -d a/b ] || use gone")
def directories(sh: Session) -> None:
    sh.run("mkdir", "-p", "a/b")
    if sh.is_dir("a/b"):
        sh.run("use", "made")
    sh.run("rmdir", "a/b")
    if not sh.is_dir("a/b"):
        sh.run("use", "gone")


@row("set -e; cd nowhere; never")
def cd_into_nothing(sh: Session) -> None:
    sh.cd("nowhere")
    sh.run("never")


@row("set -e; mkdir d; ln -s d l; cd l; use $PWD; cd ..; use .; cd l/; touch f; cd ..; use d/*")
def links(sh: Session) -> None:
    sh.run("mkdir", "d")
    sh.run("ln", "-s", "d", "l")
    sh.cd("l")
    sh.run("use", sh.cwd)
    sh.cd("..")
    sh.run("use", ".")
    sh.cd("l/")
    sh.run("touch", "f")
    sh.cd("..")
    sh.run("use", *sh.split("d/*"))


@row("gen > out.txt; if grep -q ok out.txt; then publish; fi", rules=({"argv": ["gen"], "stdout": "it is ok\n"},))
def read_back(sh: Session) -> None:
    sh.run("gen", stdout="out.txt")
    if sh.ok("grep", "-q", "ok", "out.txt"):
        sh.run("publish")


@row('gen > out.txt; gen >> out.txt; use "$(<out.txt)"', rules=({"argv": ["gen"], "stdout": "line\n"},))
def appended(sh: Session) -> None:
    sh.run("gen", stdout="out.txt")
    sh.run("gen", stdout=">>out.txt")
    sh.run("use", (sh.read("out.txt") or "").rstrip("\n"))


@row(
    'gen > log 2>&1; use "$(cat log)"; gen 2> err >/dev/null; use "$(cat err)"',
    rules=({"argv": ["gen"], "stdout": "out\n", "stderr": "err\n"},),
)
def both_outputs(sh: Session) -> None:
    sh.run("gen", stdout="log", stderr="log")
    sh.run("use", sh.output("cat", "log"))
    sh.run("gen", stdout=NULL, stderr="err")
    sh.run("use", sh.output("cat", "err"))


@row('use "$(gen 2>&1)"', rules=({"argv": ["gen"], "stdout": "out\n", "stderr": "err\n"},))
def captured_together(sh: Session) -> None:
    sh.run("use", sh.output("gen", stderr=PIPE))


@row('python3 - <<E\nprint("$HOME")\nE\ndocker login --password-stdin <<< secret')
def here_documents(sh: Session) -> None:
    sh.run("python3", "-", stdin=HereDocument(f'print("{sh["HOME"]}")\n'))
    sh.run("docker", "login", "--password-stdin", stdin=HereDocument("secret\n"))


@row("set -e; printf 'a\\nb\\n' | use in; tr a b < f | use", files={"f": "a\n"})
def fed(sh: Session) -> None:
    sh.run("use", "in", stdin=Stream("a\nb\n"))
    sh.run("use", stdin=sh.stream_of("f", sh.tool("tr", "a", "b")))


@row(
    "mkdir b; echo : > b/grep; chmod +x b/grep; OLD=$PATH; PATH=$PWD/b:$PATH; grep x f && use own; "
    "PATH=$OLD; grep x f || use tool"
)
def a_script_of_a_tools_name(sh: Session) -> None:
    sh.run("mkdir", "b")
    sh.write("b/grep", ":\n")
    sh.run("chmod", "+x", "b/grep")
    before, sh["PATH"] = sh["PATH"], f"{sh.cwd}/b:{sh['PATH']}"
    if sh.ok("grep", "x", "f"):
        sh.run("use", "own")
    sh["PATH"] = before
    if not sh.ok("grep", "x", "f"):
        sh.run("use", "tool")


@row("diff_tool <(echo x)")
def process_substitutions(sh: Session) -> None:
    sh.run("diff_tool", ProcessSubstitution("x\n"))


@row('set -e; echo "v=1" >> out/env; never', files={"f": ""})
def a_redirection_that_fails(sh: Session) -> None:
    sh.write("out/env", "v=1\n", append=True)
    sh.run("never")


@row("mkdir out; echo v=1 >> out/env; echo v=2 >> out/env; use $(cat out/env); cp out/env .; use $(tail -n1 env)")
def written_and_read(sh: Session) -> None:
    sh.run("mkdir", "out")
    sh.write("out/env", "v=1\n", append=True)
    sh.write("out/env", "v=2\n", append=True)
    sh.run("use", *sh.split(sh.output("cat", "out/env")))
    sh.run("cp", "out/env", ".")
    sh.run("use", *sh.split(sh.output("tail", "-n1", "env")))


@row(
    'mkdir -p d/e; echo x > d/e/f; cp -a "$PWD/d" "$PWD/copy"; use $(cat copy/e/f); '
    'mv "$PWD/copy" "$PWD/moved"; use moved/*'
)
def absolute_paths(sh: Session) -> None:
    """Tools ask the file system for extended attributes of absolute paths; those of the machine are none of theirs."""
    sh.run("mkdir", "-p", "d/e")
    sh.write("d/e/f", "x\n")
    sh.run("cp", "-a", f"{sh.cwd}/d", f"{sh.cwd}/copy")
    sh.run("use", sh.output("cat", "copy/e/f"))
    sh.run("mv", f"{sh.cwd}/copy", f"{sh.cwd}/moved")
    sh.run("use", *sh.split("moved/*"))


@row(
    "git clone https://x/y.git; cd y; use *; tar xf a.tgz; [ -x run ] && use run; rm_all; use *",
    rules=(
        {"argv": ["git", "clone", "*"], "makes": {"{2.stem}/README": "r\n", "{2.stem}/a.tgz": ""}},
        {"argv": ["tar", "xf", "*"], "makes": {"run": {"text": "#!/bin/sh\n", "mode": "755"}, "sub/deep": None}},
        {"argv": ["rm_all"], "removes": ["run", "sub"]},
    ),
)
def rules_that_make(sh: Session) -> None:
    sh.run("git", "clone", "https://x/y.git")
    sh.cd("y")
    sh.run("use", *sh.split("*"))
    sh.run("tar", "xf", "a.tgz")
    if sh.is_executable("run"):
        sh.run("use", "run")
    sh.run("rm_all")
    sh.run("use", *sh.split("*"))


@row("set -e; ./gone || use $?; touch plain; ./plain || use $?; mkdir d; ./d || use $?")
def not_executed(sh: Session) -> None:
    for path, before in (("./gone", None), ("./plain", ("touch", "plain")), ("./d", ("mkdir", "d"))):
        if before:
            sh.run(*before)
        if status := sh.status_of(sh.run, path):
            sh.run("use", str(status))


@row("umask 077; mkdir d; touch d/f; use $(stat -c %a d d/f); umask 022; mkdir e; use $(stat -c %a e)")
def masks(sh: Session) -> None:
    sh.umask(0o077)
    sh.run("mkdir", "d")
    sh.run("touch", "d/f")
    sh.run("use", *sh.split(sh.output("stat", "-c", "%a", "d", "d/f")))
    sh.umask(0o022)
    sh.run("mkdir", "e")
    sh.run("use", *sh.split(sh.output("stat", "-c", "%a", "e")))


@row("set -o pipefail; use $(cat f | sed s/a/b/ | sort -r); use $(grep -c a f)", files={"f": "a1\na2\nc\n"})
def tools_in_pipelines(sh: Session) -> None:
    through = [sh.tool("sed", "s/a/b/"), sh.tool("sort", "-r")]
    sh.run("use", *sh.split(sh.output("cat", "f", through=through)))
    sh.run("use", *sh.split(sh.output("grep", "-c", "a", "f")))


@row("sed -i s/old/new/ f; use $(cat f); sort -o f f; tee g < f > /dev/null; use $(cat g)", files={"f": "old\na\n"})
def tools_that_write(sh: Session) -> None:
    sh.run("sed", "-i", "s/old/new/", "f")
    sh.run("use", *sh.split(sh.output("cat", "f")))
    sh.run("sort", "-o", "f", "f")
    sh.run("tee", "g", stdin="f", stdout=NULL)
    sh.run("use", *sh.split(sh.output("cat", "g")))


@row("find . -name '*.o' -delete; use $(find src -type f | sort)", files={"src/a.c": "", "src/a.o": "", "b.o": ""})
def finding(sh: Session) -> None:
    sh.run("find", ".", "-name", "*.o", "-delete")
    sh.run("use", *sh.split(sh.output("find", "src", "-type", "f", through=[sh.tool("sort")])))


@row("printf 'a b\\nc\\n' | xargs -n1 use; A=1 use; echo x | xargs use y; use z")
def commands_of_xargs(sh: Session) -> None:
    sh.run("xargs", "-n1", "use", stdin=Stream("a b\nc\n"))
    sh.run("use", env={"A": "1"})
    sh.run("xargs", "use", "y", stdin=Stream("x\n"))
    sh.run("use", "z")


@row("install -D -m 750 f a/b/c; use $(stat -c %a a/b/c); chmod -x a/b/c; [ -x a/b/c ] || use no", files={"f": "x"})
def installed(sh: Session) -> None:
    sh.run("install", "-D", "-m", "750", "f", "a/b/c")
    sh.run("use", *sh.split(sh.output("stat", "-c", "%a", "a/b/c")))
    sh.run("chmod", "-x", "a/b/c")
    if not sh.is_executable("a/b/c"):
        sh.run("use", "no")


@row("t=$(mktemp -d); touch $t/x; use $(ls $t); rm -r $t; [ -e $t ] || use gone")
def temporary(sh: Session) -> None:
    sh.assign("t", sh.output("mktemp", "-d"))
    sh.run("touch", f"{sh['t']}/x")
    sh.run("use", *sh.split(sh.output("ls", sh["t"])))
    sh.run("rm", "-r", sh["t"])
    if not sh.exists(sh["t"]):
        sh.run("use", "gone")


@row("touch a; [ a -nt old ] && use yes; use $(ls -t old a); use $(find . -newer old -name a)", files={"old": ""})
def newer(sh: Session) -> None:
    sh.run("touch", "a")
    if sh.ok("/usr/bin/test", "a", "-nt", "old"):
        sh.run("use", "yes")
    sh.run("use", *sh.split(sh.output("ls", "-t", "old", "a")))
    sh.run("use", *sh.split(sh.output("find", ".", "-newer", "old", "-name", "a")))


@row('use "$@" $#', args=("a b", "*"))
def arguments(sh: Session) -> None:
    sh.run("use", *sh.args, str(len(sh.args)))


@row("tr a-z A-Z > up; use $(cat up)", stdin="in\n")
def standard_input(sh: Session) -> None:
    sh.run("tr", "a-z", "A-Z", stdout="up")
    sh.run("use", *sh.split(sh.output("cat", "up")))


@row(
    "bash sub/x.sh 1; use $?; ./sub/x.sh; use end",
    follow=True,
    files={"sub/x.sh": "export N=1; inner $1; touch y; exit 3"},
)
def followed(sh: Session) -> None:
    status = sh.status_of(sh.run, "bash", "sub/x.sh", "1")
    sh.run("use", str(status))
    sh.status_of(sh.run, "./sub/x.sh")
    sh.run("use", "end")


@row("use $(whoami) $(id -u) $(nproc) $(hostname) $(date +%Y)")
def who_and_where(sh: Session) -> None:
    words = (("whoami",), ("id", "-u"), ("nproc",), ("hostname",), ("date", "+%Y"))
    sh.run("use", *(word for argv in words for word in sh.split(sh.output(*argv))))


@pytest.fixture(scope="module")
def recorded() -> Iterator[RecordedBash]:
    with RecordedBash() as bash:
        yield bash


@pytest.fixture(scope="module")
def benches(recorded: RecordedBash) -> Iterator[dict[bool, RecordingBench]]:
    made = {follow: RecordingBench(recorded.script, world_of(follow)) for follow in (False, True)}
    yield made
    for bench in made.values():
        bench.close()


NOT_SEEN = {
    "process_substitutions": "a stand-in looks at its standard input only",
    "temporary": "the names are by chance",
    "who_and_where": "the real machine is another",
}
"""Rows that are not compared with real bash, and why."""


@pytest.mark.parametrize("name", ROWS)
def test_script_and_port_and_real_bash_agree(
    name: str, recorded: RecordedBash, benches: dict[bool, RecordingBench], real_bash: RealBash
) -> None:
    text, port = ROWS[name]
    script = Script(f"#!/bin/bash\n{text}\n", id=name, **MORE[name])
    control = recorded.observe(script)
    candidate = observe(port, world_of(script.follow), case_of(script), bench=benches[script.follow])
    assert candidate.plan.to_json() == control.plan.to_json()
    assert {(one.what, one.subject) for one in candidate.unanswered} == {
        (one.what, one.subject) for one in control.unanswered if one.what.value != "status"
    }
    if name not in NOT_SEEN:
        real = real_bash.run(script)
        assert list(differences(real, run_of(control, script))) == []
