"""What a plan rests on and nothing settles: each row says what is asked, and what is not."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ci_port.dryrun import layout
from ci_port.dryrun.asked import UNMOVED, Question, questions
from ci_port.dryrun.layout import Kind
from ci_port.dryrun.records import Record
from ci_port.model import Asked, Content, Link, Rule, World
from ci_port.model.tools import FILE_TOOLS, PURE
from tests.unit.dryrun import scene as scenes


@dataclass(frozen=True)
class Row:
    """A script, and what is asked besides statuses; `tool` and `tool2` have no rule, all else has one."""

    name: str
    script: str
    asked: tuple[str, ...] = ()
    files: tuple[tuple[str, Content], ...] = ()
    rules: tuple[Rule, ...] = ()
    absent: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    executables: tuple[str, ...] = ()
    stdin: str | None = None


TOOL = ("output tool",)
OUTPUT = (
    Row("captured", 'x=$(tool); emit "$x"', TOOL),
    Row("captured and thrown away", "x=$(tool > /dev/null)"),
    Row("read by the shell", "tool | while read -r l; do emit; done", TOOL),
    Row("read into an array", "mapfile -t a < <(tool)", TOOL),
    Row("read by nobody", "tool; tool > f; tool 2>&1 | emit"),
    Row("read by a step", "tool | emit; tool > f; emit < f; emit f"),
    Row("shown and kept", "tool | tee log; exec > >(tee all); tool"),
    Row("tested behind tee, whose status says nothing of it", "if tool | tee log; then emit; fi"),
    Row("through text tools into a variable", "x=$(tool | sort | head -1)", TOOL),
    Row("through text tools into a step", "tool | sort | emit"),
    Row("starts commands", "tool | xargs emit", TOOL),
    Row("sourced", "tool > f; . ./f", TOOL),
    Row(
        "errors are output",
        "tool 2> e; x=$(<e); tool2 2>&1 > /dev/null | while read -r l; do :; done",
        (*TOOL, "output tool2"),
    ),
    Row("through a file", "tool > f; x=$(<f)", TOOL),
    Row("through a file that was moved", "tool > f; mv f g; x=$(<g)", TOOL),
    Row("through a copy", "tool > f; cp f g; read -r x < g", TOOL),
    Row("through a link", "tool > f; ln -s f l; x=$(<l)", TOOL),
    Row("through a file that was edited", "tool > f; sed -i s/a/b/ f; x=$(<f)", TOOL),
    Row("through a file that was sorted", "tool > f; sort -o f f; x=$(<f)", TOOL),
    Row("through a file that was added to", "tool > f; echo a >> f; x=$(<f)", TOOL),
    Row("through a descriptor", "exec 3> f; tool >&3; say >&3; exec 3>&-; x=$(<f)", TOOL),
    Row("beside another in one file", "{ tool; tool2; } > f; x=$(<f)", (*TOOL, "output tool2")),
    Row("after another in one file", "tool > f; tool2 >> f; x=$(<f)", (*TOOL, "output tool2")),
    Row("over another in one file", "tool > f; tool2 > f; x=$(<f)", ("output tool2",)),
    Row("under the output of one that is known", "tool > f; say > f; x=$(<f)"),
    Row("under what the script wrote", "tool > f; echo known > f; x=$(<f)"),
    Row("under what a text tool wrote", "tool > f; grep x a > f; x=$(<f)", files=(("/w/a", "x\n"),)),
    Row("under a copy", "tool > f; echo k > g; cp g f; x=$(<f)"),
    Row("in a file that was removed", "tool > f; rm f; echo known > f; x=$(<f)"),
    Row("its size is tested", "tool > f; [ -s f ] && emit", TOOL),
    Row("its size is tested by [[", "tool > f; [[ -s f ]] && emit", TOOL),
    Row("its size is asked for", "tool > f; x=$(stat -c %s f)", TOOL),
    Row("its size is looked for", "tool > f; x=$(find . -size 0)", TOOL),
    Row("its size is listed", "tool > f; x=$(ls -l)", TOOL),
    Row("that it is there is no secret", 'tool > f; [ -e f ] && emit; x=$(ls); y=$(find . -name f); emit "$x$y"'),
    Row("in a loop, asked once", "for i in 1 2; do tool > f; done; x=$(<f)", TOOL),
    Row("of a rule", "x=$(say); say | while read -r l; do emit; done"),
    Row("of file tools and text tools", "x=$(mktemp); y=$(ls); z=$(echo a | tee b)"),
    Row("of sleep", "x=$(sleep 1)"),
)
"""What a command without a rule prints."""

PATHS = (
    Row("a test", "[ -e f ] || emit", ("path /w/f",)),
    Row(
        "tests of all kinds",
        "[ -f a ]; [[ -d b ]]; test -x c; [ d -nt e ]",
        tuple(f"path /w/{name}" for name in "abcde"),
    ),
    Row("asked twice, said once", "[ -e f ] || [ -e ./f ] || [ -e ../w/f ] || emit", ("path /w/f",)),
    Row(
        "what the world has",
        "[ -e f ] && [ -d d ] && [ -x /opt/bin/known ] && emit",
        files=(("/w/f", ""), ("/w/d/x", "")),
    ),
    Row("what the world says is absent", "[ -e f ] || emit", absent=("/w/f",)),
    Row("below what the world says is absent", "[ -e d/e/f ] || emit", absent=("/w/d",)),
    Row("what a glob says is absent", "[ -e a.log ] || [ -e d/b.log ] || emit", absent=("/w/*.log",)),
    Row("below a file", "[ -e f/x ] || emit", files=(("/w/f", ""),)),
    Row("a link leads there", "[ -e l ] || emit", ("path /w/gone",), files=(("/w/l", Link("gone")),)),
    Row("a link there is", "[ -L l ] && emit", files=(("/w/l", Link("gone")),)),
    Row(
        "a link out of the root", "[ -e l ] || emit", ("path /etc/gone",), files=(("/w/l", Link("../../../etc/gone")),)
    ),
    Row("what the run made", "touch f; mkdir d; echo > g; [ -e f ] && [ -d d ] && [ -e g ] && emit"),
    Row("below what the run made", "mkdir d; [ -e d/f ] || emit"),
    Row("what the run removed", "rm f; [ -e f ] || emit", files=(("/w/f", ""),)),
    Row("what rm made sure of", "rm -f f; rm -rf d; [ -e f ] || [ -e d/x ] || emit"),
    Row("what the run moved", "touch a; mv a b; [ -e a ] || emit"),
    Row("what a rule made", "gen; [ -e f ] && emit", rules=(Rule(("gen",), makes=(("f", ""),)),)),
    Row("what a rule removed", "gen; [ -e f ] || emit", rules=(Rule(("gen",), removes=("f",)),), files=(("/w/f", ""),)),
    Row("a command may have made it", "rm -f f; tool; [ -e f ] || emit", ("path /w/f",)),
    Row("a command with a rule has not", "rm -f f; emit; [ -e f ] || emit"),
    Row("cd", "cd d || emit", ("path /w/d",)),
    Row("source", ". ./f || emit", ("path /w/f",)),
    Row("a read", "read -r x < f || emit", ("path /w/f",)),
    Row("a read by a tool", "cat f || emit; x=$(grep x g)", ("path /w/f", "path /w/g")),
    Row("a write into nowhere", "echo > d/f || emit", ("path /w/d/f",)),
    Row("a command by its path", "./f || emit; d/g", ("path /w/f", "path /w/d/g")),
    Row("a file tool that fails", "cp a b; rm c; mv e g", ("path /w/b", "path /w/a", "path /w/g", "path /w/e")),
    Row("a file tool that succeeds", "mkdir -p a/b; touch c; cp c d; ln -s c e; install -d g; rm -f h"),
    Row("devices", "[ -e /dev/null ] && [ -c /dev/null ] && : < /dev/null"),
    Row("in another directory", "mkdir d; cd d; [ -e ../f ] || emit", ("path /w/f",)),
)
"""Whether something is there."""

COMMANDS = (
    Row("command -v", "command -v foo || emit", ("command foo",)),
    Row("type, hash", "type foo; hash bar", ("command foo", "command bar")),
    Row("said once", "command -v foo; command -v foo", ("command foo",)),
    Row("of the world", "command -v known && emit"),
    Row("of a rule", "command -v say && emit; command -v gen && emit", rules=(Rule(("gen",)),)),
    Row("of a case", "command -v foo && emit", executables=("/opt/bin/foo",)),
    Row("missing", "command -v foo || emit", missing=("foo",)),
    Row("a tool", "command -v grep && command -v rm && emit"),
    Row("a builtin, a function, a word of the shell", "f() { :; }; command -v cd f if && emit"),
    Row("a path", "command -v ./foo || emit; type /x/bar", ("path /w/foo", "path /x/bar")),
    Row("a path that is there", "touch f; chmod +x f; command -v ./f && emit; command -v /opt/bin/known && emit"),
    Row("along another PATH", "PATH=/x:/y; command -v foo || emit", ("command foo",)),
    Row("a plain name that runs", "foo; emit"),
)
"""Whether a command exists."""

STDIN = (
    Row("read", "read -r x || emit", ("stdin",)),
    Row("read by a tool", "cat; x=$(sort)", ("stdin",)),
    Row("given", "read -r x && emit", stdin="a\n"),
    Row("given empty", "read -r x || emit", stdin=""),
    Row("of a command", "emit; tool"),
    Row("redirected", "read -r x < /dev/null; read -r y <<< a; cat < /dev/null"),
    Row("in the background", "read -r x & wait"),
    Row("/dev/stdin", "x=$(</dev/stdin)", ("stdin",)),
)
"""What stands on standard input."""

ROWS = (*OUTPUT, *PATHS, *COMMANDS, *STDIN)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_is_asked(scene_2: scenes.Scene, row: Row) -> None:
    observation = scene_2.run(
        row.script,
        files=dict(row.files),
        rules=row.rules,
        absent=row.absent,
        missing=row.missing,
        executables=row.executables,
        stdin=row.stdin,
    )
    assert scenes.asked(observation) == list(row.asked)


def test_the_rows_are_told_apart_by_their_names() -> None:
    for rows in (OUTPUT, PATHS, COMMANDS, STDIN):
        assert len({row.name for row in rows}) == len(rows)


@pytest.mark.parametrize("row", [*PATHS, *COMMANDS, *STDIN], ids=lambda row: row.name)
def test_in_a_world_of_version_1_nobody_asks_for_paths_commands_or_input(scene: scenes.Scene, row: Row) -> None:
    if row.rules or row.files or row.absent or row.missing or row.executables or row.stdin is not None:
        pytest.skip("it says what only worlds of version 2 say")
    kinds = {each.what for each in scene.run(row.script.replace("kill", ":")).unanswered}
    assert kinds <= {Asked.OUTPUT, Asked.STATUS}


IN_VERSION_1 = ("captured", "read by the shell", "through a file", "its size is tested", "over another in one file")


@pytest.mark.parametrize("row", [row for row in OUTPUT if row.name in IN_VERSION_1], ids=lambda row: row.name)
def test_in_a_world_of_version_1_output_is_asked_for_all_the_same(scene: scenes.Scene, row: Row) -> None:
    found = [line for line in scenes.asked(scene.run(row.script)) if line.startswith("output")]
    assert found == list(row.asked)


@pytest.mark.parametrize("row", [row for row in ROWS if row.asked and row.stdin is None], ids=lambda row: row.name)
def test_the_line_to_paste_settles_it(scene_2: scenes.Scene, row: Row) -> None:
    """What is said to settle a question does: with it, nothing of that kind is asked any more."""
    first = scene_2.run(row.script, files=dict(row.files))
    rules = tuple(Rule(each.subject) for each in first.unanswered if each.what is Asked.OUTPUT)
    absent = tuple(each.subject[0] for each in first.unanswered if each.what is Asked.PATH)
    missing = tuple(each.subject[0] for each in first.unanswered if each.what is Asked.COMMAND)
    stdin = "" if any(each.what is Asked.STDIN for each in first.unanswered) else None
    second = scene_2.run(row.script, files=dict(row.files), rules=rules, absent=absent, missing=missing, stdin=stdin)
    assert scenes.asked(second) == []


# ---- from records alone ------------------------------------------------------------------------------------------

WORLD = World("/w", "/opt/bin", version=2, executables=frozenset({"/opt/bin/there"}), absent=("/w/none",))


def record(
    kind: Kind, *texts: str, order: tuple[int, ...] = (1,), argv: tuple[str, ...] = (), **numbers: int
) -> Record:
    """Return a record as the log has it."""
    values = {"line": 1, "status": 0, "flags": 0, "value": 0, "place": 0, **numbers}
    line, status, flags, value, place = values.values()
    return Record(kind, order, line, status, flags, value, "s.sh", (), texts, argv, place=place)


def execute(*argv: str, inodes: str = "0 0 0", order: tuple[int, ...] = (1,), **numbers: int) -> Record:
    """Return the record of a command."""
    return record(Kind.EXECUTE, "/w", "", "", "", inodes, "", order=order, argv=argv, **numbers)


def shown(found: list[Question]) -> list[tuple[str, tuple[str, ...], int, str]]:
    """Return questions in short: what, of what, in which line, and the name of the command whose status decides."""
    return [
        (each.what.value, each.subject, each.at.line, each.decider.argv[0] if each.decider else "") for each in found
    ]


def test_the_status_of_a_command_without_a_rule_is_asked_where_it_decides() -> None:
    records = [
        execute("free", line=1),
        execute("ruled", line=2, flags=layout.ANSWERED),
        execute("rm", line=3, flags=layout.RAN),
        execute("sed", line=4, flags=layout.TEXT_ONLY),
        execute("sleep", "1", line=5),
    ]
    assert shown(questions(records, WORLD)) == [("status", ("free",), 1, "free")]


def test_output_that_a_tool_reads_is_asked_where_the_status_of_the_tool_decides() -> None:
    records = [
        execute("free", order=(1, 1), inodes="0 7 0", line=1, place=1),
        record(Kind.TOOL, "/w", "", "", "", "7 8 0", "", order=(2, 1), argv=("grep", "x"), line=2, place=2),
        record(Kind.READ, order=(3, 1), value=8, line=3),
    ]
    assert shown(questions(records, WORLD)) == [
        ("status", ("free",), 1, "free"),
        ("output", ("free",), 1, "grep"),
        ("output", ("free",), 1, ""),
    ]


def test_a_question_is_asked_once_for_each_line() -> None:
    records = [record(Kind.ASK, "/w/x", "", order=(number,), line=line) for number, line in enumerate((1, 1, 2))]
    assert [each.at.line for each in questions(records, WORLD)] == [1, 2]


def test_what_is_not_there_is_asked_unless_the_world_says_so() -> None:
    records = [
        record(Kind.ASK, "/w/some", "", line=1),
        record(Kind.ASK, "/w/none/at/all", "", line=2),
        record(Kind.LOOKUP, "there", line=3),
        record(Kind.LOOKUP, "gone", line=4),
        record(Kind.STDIN, line=5),
    ]
    assert [(each.what, each.subject) for each in questions(records, WORLD)] == [
        (Asked.PATH, ("/w/some",)),
        (Asked.COMMAND, ("gone",)),
        (Asked.STDIN, ()),
    ]


def test_a_directory_of_which_all_is_known_answers_until_a_command_has_run() -> None:
    records = [
        record(Kind.ASK, "/w/repo", "", value=0),
        record(Kind.ASK, "/w/repo/x", "", value=0),
        record(Kind.ASK, "/w/repository", "", value=0),
        record(Kind.ASK, "/w/repo/y", "", value=1),
    ]
    found = questions(records, WORLD, closed="/w/repo")
    assert [each.subject for each in found] == [("/w/repository",), ("/w/repo/y",)]


def test_what_a_file_tool_looks_for_is_asked_if_it_fails() -> None:
    records = [
        execute("cp", order=(1, 1), flags=layout.RAN),
        record(Kind.ASK, "/w/target", "", order=(1, 2)),
        execute("mv", order=(2, 1), flags=layout.RAN, status=1),
        record(Kind.ASK, "/w/source", "", order=(2, 2)),
    ]
    assert [each.subject for each in questions(records, WORLD)] == [("/w/source",)]


def test_tools_that_end_the_same_whatever_they_read_are_tools() -> None:
    assert UNMOVED.keys() <= PURE | FILE_TOOLS
