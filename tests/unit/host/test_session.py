"""One table of small programs, two executors: real bash, and a session. Both must run the same commands."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from ci_port.host import NULL, PIPE, ProcessSubstitution, Program, Session, Stream, function, observe
from ci_port.host.filters import field, matching
from ci_port.model import Case, Environment, Execute, Place, Rule, RunFailed, Source, Variable, World

V = Variable("V")

STUB = """#!/bin/sh
printf '%s V=%s\\n' "$1" "${V-unset}" >> "$LOG"
[ "$3" ] && printf '%s\\n' "$3"
exit "$2"
"""
"""`c NAME STATUS [TEXT]`: log the name and `V`, print the text, exit with the status."""


class Row(NamedTuple):
    """The same small program twice."""

    id: str
    bash: str
    port: Program


def c(sh: Session, name: str, status: int = 0) -> None:
    """Run the stub."""
    sh.run("c", name, str(status))


def ok(sh: Session, name: str, status: int = 0) -> bool:
    """Run the stub as a condition."""
    return sh.ok("c", name, str(status))


@function
def fails_in_the_middle(sh: Session) -> None:
    """`f() { c one 0; c two 1; c three 0; }`."""
    c(sh, "one")
    c(sh, "two", 1)
    c(sh, "three")


F = "f() { c one 0; c two 1; c three 0; }; "


@function
def ends_badly(sh: Session) -> None:
    """`g() { c one 0; c two 2; }`."""
    c(sh, "one")
    c(sh, "two", 2)


G = "g() { c one 0; c two 2; }; "


@function
def exits(sh: Session) -> None:
    """`x() { c one 0; exit 3; }`."""
    c(sh, "one")
    sh.exit(3)


X = "x() { c one 0; exit 3; }; "


@function
def returns(sh: Session) -> None:
    """`r() { c one 0; return 4; }`."""
    c(sh, "one")
    sh.return_(4)


R = "r() { c one 0; return 4; }; "


@function
def has_local(sh: Session) -> None:
    """`l() { local V=local; c one 0; f; }`."""
    sh.local(V="local")
    c(sh, "one")
    fails_in_the_middle(sh)


L = "l() { local V=local; c one 0; f; }; "


@function
def has_local_and_exits(sh: Session) -> None:
    """`e() { local V=local; x; }`."""
    sh.local(V="local")
    exits(sh)


E = "e() { local V=local; x; }; "


@function
def handler(sh: Session) -> None:
    """The first EXIT handler."""
    c(sh, "handler")


@function
def failing_handler(sh: Session) -> None:
    """An EXIT handler that fails."""
    c(sh, "bad handler", 2)
    c(sh, "never")


TRAP = "trap 'c handler 0' EXIT; "


def trapped(body: Callable[[Session], object]) -> Program:
    """Return the program with an EXIT handler."""

    def program(sh: Session) -> None:
        sh.trap_exit(handler)
        body(sh)

    return program


def then(*bodies: Callable[[Session], object]) -> Program:
    """Return a program that does one thing after the other."""

    def program(sh: Session) -> None:
        for body in bodies:
            body(sh)

    return program


def after(sh: Session) -> None:
    """`c after 0`."""
    c(sh, "after")


def in_subshell(body: Callable[[Session], object]) -> Program:
    """Return `( body )`."""

    def program(sh: Session) -> None:
        with sh.subshell():
            body(sh)

    return program


def excused(body: Callable[[Session], object]) -> Program:
    """Return `if body; then c yes 0; else c no 0; fi`."""
    return lambda sh: c(sh, "yes" if sh.status_of(body, sh) == 0 else "no")


IF = "if {}; then c yes 0; else c no 0; fi; c after 0"


def set_v(value: str) -> Callable[[Session], None]:
    """Return `V=value`."""

    def assign(sh: Session) -> None:
        sh["V"] = value

    return assign


def captured(sh: Session) -> None:
    """`V=$(c cap 3 text)`."""
    sh.assign("V", sh.output("c", "cap", "3", "text"))


def arithmetic_fault(sh: Session) -> None:
    """`V=$((08))`."""
    sh["V"] = sh.arithmetic("08")


@function
def export_local_list(sh: Session) -> None:
    """A list hides the exported variable from the next making of the environment on (docs/bash.md#variables)."""
    c(sh, "before")
    sh.local_array("V", ("a",))
    c(sh, "stale")
    sh.run("c", "made anew", "0", env={"W": "1"})
    c(sh, "gone")


@function
def substitute_under_local_list(sh: Session) -> None:
    """A lone command in `$( )` gets an environment of its own."""
    c(sh, "before")
    sh.local_array("V", ("a",))
    sh.output("c", "fresh", "0")
    c(sh, "stale")


@function
def declare_only(sh: Session) -> None:
    """`local V`."""
    sh.local(V=None)
    c(sh, "declared")
    sh["V"] = "set"
    c(sh, "set")


@function
def unset_and_export(sh: Session) -> None:
    """Export marks."""
    sh["W"] = "not seen"
    sh.unexport("V")
    c(sh, "unexported")
    sh.mark_for_export("V")
    c(sh, "exported")
    sh.unset("V")
    c(sh, "unset")
    sh["V"] = "plain"
    c(sh, "plain")


def with_env(body: Program, value: str = "temp") -> Program:
    """Return `V=temp body`."""
    return lambda sh: sh.call(body, {"V": value})


def list_and(sh: Session) -> None:
    """`c a 1 && c b 0`."""
    if ok(sh, "a", 1):
        c(sh, "b")


def each_line_eats(sh: Session) -> None:
    """A loop at the end of a pipeline; what it exports stays inside."""
    lines = Stream("1\n2\n")
    with sh.subshell(stdin=lines):
        while (line := lines.line()) is not None:
            sh.export(V=line)
            c(sh, f"line {line}")


def fails_then_handler_fails(sh: Session) -> None:
    """Two handlers, the first fails."""
    sh.trap_exit(failing_handler)
    sh.trap_exit(handler)
    c(sh, "body", 1)


ROWS = (
    Row("a failing command stops", "c a 0; c b 2; c d 0", then(lambda sh: c(sh, "a"), lambda sh: c(sh, "b", 2), after)),
    Row("in a function too", F + "f; c after 0", then(fails_in_the_middle, after)),
    Row("not in a condition", F + IF.format("f"), then(excused(fails_in_the_middle), after)),
    Row("a condition has the last status", G + IF.format("g"), then(excused(ends_badly), after)),
    Row("nor deep in one", F + L + IF.format("l"), then(excused(has_local), after)),
    Row(
        "nor in its subshell",
        F + IF.format("(f; c b 1)"),
        then(excused(in_subshell(then(fails_in_the_middle, lambda sh: c(sh, "b", 1)))), after),
    ),
    Row("exit ends all, from a condition too", X + IF.format("x"), then(excused(exits), after)),
    Row("exit ends only its subshell", X + IF.format("(x)"), then(excused(in_subshell(exits)), after)),
    Row("whose status then stops", X + "(x); c after 0", then(in_subshell(exits), after)),
    Row("return stops the caller", R + "r; c after 0", then(returns, after)),
    Row("return in a condition", R + IF.format("r"), then(excused(returns), after)),
    Row("but-last of a list does not stop", "c a 1 && c b 0; c after 0", then(list_and, after)),
    Row(
        "subshell forgets",
        "(V=in; c a 0); c after 0",
        then(in_subshell(then(set_v("in"), lambda sh: c(sh, "a"))), after),
    ),
    Row("local is put back", F + L + "l || true; c after 0", then(lambda sh: sh.status_of(has_local, sh), after)),
    Row("handler after failure: locals gone", TRAP + F + L + "l", trapped(has_local)),
    Row("handler after failure: temporary gone", TRAP + F + "V=temp f", trapped(with_env(fails_in_the_middle))),
    Row("handler after exit: locals stay", TRAP + X + E + "e", trapped(has_local_and_exits)),
    Row("handler after exit: temporary stays", TRAP + X + "V=temp x", trapped(with_env(exits))),
    Row("handler after return: temporary gone", TRAP + R + "V=temp r", trapped(with_env(returns))),
    Row(
        "temporary is exported within",
        F + "unset V; V=temp f || true; c after 0",
        then(lambda sh: sh.unset("V"), lambda sh: sh.status_of(with_env(fails_in_the_middle), sh), after),
    ),
    Row("exit in subshell leaves no temporary", TRAP + X + "(V=temp x)", trapped(in_subshell(with_env(exits)))),
    Row("a failed capture is assigned", TRAP + "V=$(c cap 3 text); c after 0", trapped(then(captured, after))),
    Row("arithmetic fault stops with 1", TRAP + "h() { local V=in; V=$((08)); c no 0; }; h", trapped(arithmetic_fault)),
    Row(
        "a failing handler ends all",
        "trap 'c \"bad handler\" 2; c never 0; c handler 0' EXIT; c body 1",
        fails_then_handler_fails,
    ),
    Row(
        "a list hides late",
        "h() { c before 0; local V=(a); c stale 0; W=1 c 'made anew' 0; c gone 0; }; h; c after 0",
        then(export_local_list, after),
    ),
    Row(
        "a list hides from a lone substitution",
        "h() { c before 0; local V=(a); X=$(c fresh 0); c stale 0; }; h; c after 0",
        then(substitute_under_local_list, after),
    ),
    Row(
        "local without value", "h() { local V; c declared 0; V=set; c set 0; }; h; c after 0", then(declare_only, after)
    ),
    Row(
        "export marks",
        "W='not seen'; export -n V; c unexported 0; export V; c exported 0; unset V; c unset 0; V=plain; c plain 0",
        unset_and_export,
    ),
    Row(
        "a loop at the end of a pipeline",
        "printf '1\\n2\\n' | while read -r x; do export V=$x; c \"line $x\" 0; done; c after 0",
        then(each_line_eats, after),
    ),
)


def run_bash(script: str, scratch: Path) -> tuple[list[str], int]:
    """Return the log and the status of a script under real bash."""
    stub = scratch / "c"
    stub.write_text(STUB)
    stub.chmod(0o755)
    log = scratch / "log"
    log.write_text("")
    env = {"PATH": f"{scratch}:/usr/bin:/bin", "LOG": str(log), "V": "start"}
    done = subprocess.run(
        ["bash", "-c", f"set -e -o pipefail; {script}"], env=env, cwd=scratch, check=False, capture_output=True
    )
    return log.read_text().splitlines(), done.returncode


def run_port(program: Program) -> tuple[list[str], int]:
    """Return the same of a program in a session."""
    rules = tuple(Rule(("c", "*", str(status)), status) for status in range(1, 5))
    world = World(
        "/w", "/bin", Environment({"V": "start"}), commands=(Rule(("c", "cap", "3", "text"), 3, "text\n"), *rules)
    )
    plan = observe(program, world, Case("case", ())).plan
    log, value = [], "start"
    for step in plan.steps:
        assert isinstance(step, Execute)
        value = dict(step.env).get("V", value) or "unset"
        log.append(f"{step.argv[1]} V={value}")
    return log, plan.status


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_bash_and_session_agree(row: Row, tmp_path: Path) -> None:
    """Same commands, same value of the variable, same status."""
    assert run_port(row.port) == run_bash(row.bash, tmp_path)


class TestCommands:
    """What a command looks like in the plan."""

    def test_redirections_and_directory(self, world: World) -> None:
        """Files are named from the workspace, pipes by their kind."""

        def program(sh: Session) -> None:
            with sh.pushd("test"):
                sh.run("a", stdin="/w/notes.txt", stdout=NULL, stderr=NULL)
                sh.run("b", stdin=Stream("x"))
                sh.output("d", ProcessSubstitution("text"), stderr=PIPE)
            with sh.pushd("/elsewhere"):
                sh.run("e")

        steps = observe(program, world, Case("case", ())).plan.steps
        assert steps == (
            Execute(("a",), "test", stdin="notes.txt", stdout=NULL, stderr=NULL),
            Execute(("b",), "test", stdin=PIPE),
            Execute(("d", "/dev/fd/63"), "test", stdout=PIPE, stderr=PIPE),
            Execute(("e",), "/elsewhere"),
        )

    def test_missing_input_fails_without_running(self, world: World) -> None:
        """As `command < missing` does."""
        plan = observe(lambda sh: sh.run("a", stdin="missing"), world, Case("case", ())).plan
        assert (plan.steps, plan.status) == ((), 1)

    def test_builtin_as_a_word_is_refused(self, world: World) -> None:
        """`$TASKSET python` with `TASKSET=eval` is nothing that a list of words can say."""
        with pytest.raises(RunFailed, match="part of the shell"):
            observe(lambda sh: sh.run("eval", "a"), world, Case("case", ()))

    def test_output_loses_trailing_newlines(self, world: World) -> None:
        """And keeps its status for `assign`."""
        seen = []

        def program(sh: Session) -> None:
            seen.append(sh.output("say", "hello"))
            seen.append(sh.output("say", "bad"))
            sh.settle()

        assert observe(program, world, Case("case", ())).plan.status == 3
        assert seen == ["hello", "half"]

    def test_pipeline_has_the_rightmost_failure(self, world: World) -> None:
        """`pipefail`: a filter that finds nothing beats the command's own status."""
        plan = observe(lambda sh: sh.pipeline("say", "bad", through=[matching("x")]), world, Case("case", ())).plan
        assert plan.status == 1
        plan = observe(lambda sh: sh.pipeline("say", "bad", through=[field(1)]), world, Case("case", ())).plan
        assert plan.status == 3


class TestFiles:
    """Directories, and files that pure tools read."""

    def test_failure_inside_pushd_leaves_the_handler_there(self, world: World) -> None:
        """There is no popd where nobody comes back."""

        def program(sh: Session) -> None:
            sh.trap_exit(handler)
            with sh.pushd("test"):
                c(sh, "bad", 1)

        steps = observe(program, world, Case("case", ())).plan.steps
        assert [step.cwd for step in steps if isinstance(step, Execute)] == ["test", "test"]

    def test_cd(self, world: World) -> None:
        """Logical, as `cd` is; into a file, it fails."""
        seen = []

        def program(sh: Session) -> None:
            for directory in ("test", "..", "../x/./y//", "/"):
                sh.cd(directory)
                seen.append(sh.cwd)
            sh.cd("/w/notes.txt")

        assert observe(program, world, Case("case", ())).plan.status == 1
        assert seen == ["/w/test", "/w", "/x/y", "/"]

    def test_realpath_needs_all_but_the_last_part(self, world: World) -> None:
        """As the tool does without options."""
        seen = {}

        def program(sh: Session) -> None:
            for path in ("test/new", "test/../dist", "no/new", "notes.txt/x", "", "./test/"):
                seen[path] = (sh.realpath(path), sh.status)

        observe(program, world, Case("case", ()))
        assert seen == {
            "test/new": ("/w/test/new", 0),
            "test/../dist": ("/w/dist", 0),
            "no/new": ("", 1),
            "notes.txt/x": ("", 1),
            "": ("", 1),
            "./test/": ("/w/test", 0),
        }

    @pytest.mark.parametrize("path", ["--", "-m", "-x y", "--zero", '--a "b c"', "--he=x", "--relative-to=/w"])
    def test_realpath_takes_a_leading_dash_for_an_option(self, world: World, path: str) -> None:
        """The tool is the judge: without another word it prints nothing and fails."""
        tool = subprocess.run(["realpath", path], capture_output=True, check=False)
        seen = []
        observe(lambda sh: seen.append((sh.realpath(path), sh.status)), world, Case("case", ()))
        assert seen == [("", 1)]
        assert (tool.stdout, tool.returncode) == (b"", 1)

    @pytest.mark.parametrize("path", ["--help", "--he", "--version", "--v"])
    def test_realpath_does_not_guess_what_its_help_says(self, world: World, path: str) -> None:
        """That text is the machine's."""
        with pytest.raises(RunFailed, match="help or version"):
            observe(lambda sh: print(sh.realpath(path)), world, Case("case", ()))

    def test_tests_on_files(self, world: World) -> None:
        """`-f`, `-d`, `-s`, `command -v`."""

        def program(sh: Session) -> None:
            assert sh.is_file("notes.txt")
            assert not sh.is_file("test")
            assert not sh.is_file("")
            assert sh.is_dir("test")
            assert sh.is_dir("/w")
            assert not sh.is_dir("notes.txt")
            assert not sh.is_dir("")
            assert sh.has_content("notes.txt")
            assert sh.has_content("test")
            assert not sh.has_content("dist/a.whl")
            assert not sh.has_content("missing")
            assert not sh.has_content("")
            assert sh.command_v("tool") == "/bin/tool"
            assert sh.status == 0
            assert sh.command_v("other") == ""
            assert sh.status == 1
            assert sh.text_of("notes.txt", matching("^two"), field(2)) == "words"
            assert sh.status == 0
            assert sh.text_of("missing", field(1)) == ""
            assert sh.status == 1

        observe(program, world, Case("case", ()))

    def test_home(self, world: World) -> None:
        """`~` is `$HOME`, even if empty; the account's if unset."""
        seen = []
        for value in ("/root", "", None):
            observe(lambda sh: seen.append(sh.home()), world, Case("case", (("HOME", value),)))
        assert seen[:2] == ["/root", ""]
        assert seen[2].startswith("/")

    def test_sourced_files(self, world: World) -> None:
        """As written; a missing one contributes nothing."""
        plan = observe(lambda sh: sh.source("./no/such.sh"), world, Case("case", ())).plan
        assert plan.steps == (Source("./no/such.sh"),)


def test_conditions_and_arithmetic_see_the_variables(world: World) -> None:
    """Unset is empty; an assignment inside arithmetic is kept, and reaches commands if exported."""

    def program(sh: Session) -> None:
        assert sh.test(~V.nonempty())
        assert sh["V"] == ""
        sh.export(V="1")
        sh["W"] = "V=V+1"
        assert sh.arithmetic("W") == "2"
        c(sh, "a")

    (step,) = observe(program, world, Case("case", ())).plan.steps
    assert isinstance(step, Execute)
    assert step.env == (("V", "2"),)


@pytest.mark.parametrize("words", [lambda sh: sh.split("!(a)*"), lambda sh: sh.glob("x/", "*\\")])
def test_a_pattern_that_is_not_known_is_refused(world: World, words: Program) -> None:
    """A meaning that depends on a shell option, or that bash is not of one mind about, is not guessed."""
    with pytest.raises(RunFailed, match="pattern"):
        observe(words, world, Case("case", ()))


def test_places_name_the_line_and_the_functions(world: World) -> None:
    """The line is outside the host; the functions are those of the script, innermost first."""
    observation = observe(excused(has_local), world, Case("case", ()))
    assert [place.functions for place in observation.places] == [
        ("has_local",),
        *[("fails_in_the_middle", "has_local")] * 3,
        (),
    ]
    assert {Path(place.file).name for place in observation.places} == {Path(__file__).name}
    assert isinstance(observation.places[0], Place)
