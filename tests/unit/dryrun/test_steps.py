"""From records to the steps of a plan."""

from __future__ import annotations

import hashlib

from ci_port.dryrun import layout, steps
from ci_port.dryrun.layout import Kind
from ci_port.dryrun.records import Record
from ci_port.model import World

WORLD = World("/w", "/bin")


def record(
    kind: Kind,
    *texts: str,
    order: tuple[int, ...] = (1,),
    argv: tuple[str, ...] = ("run",),
    environment: frozenset[bytes] = frozenset(),
    status: int = 0,
    flags: int = 0,
    value: int = 0,
    place: int = 0,
) -> Record:
    """Return a record as the log has it."""
    words = argv if kind is Kind.EXECUTE else ()
    return Record(kind, order, 1, status, flags, value, "script.sh", (), texts, words, environment, place)


def execute(
    *argv: str,
    order: tuple[int, ...] = (1,),
    cwd: str = "/w",
    streams: tuple[str, str, str] = ("", "", ""),
    environment: frozenset[bytes] = frozenset(),
    **numbers: int,
) -> Record:
    """Return the record of a command."""
    texts = (cwd, *streams, "0 0 0 ", "")
    return record(Kind.EXECUTE, *texts, order=order, argv=argv or ("run",), environment=environment, **numbers)


def test_a_step_has_what_differs_from_what_is_usual() -> None:
    start = {"A": "1", "PWD": "/w"}
    usual = execute(environment=frozenset((b"A=1", b"PWD=/elsewhere")))
    other = execute(cwd="/w/sub", streams=("pipe", ">>/w/log", "&-"), environment=frozenset((b"A=2",)), status=3)
    same = execute(environment=frozenset((b"A=2",)))
    found, outer = steps.steps([usual, other, same], start, WORLD, {})
    assert outer == [usual, other, same]
    assert found == [
        {"kind": "exec", "argv": ("run",), "cwd": "."},
        {
            "kind": "exec",
            "argv": ("run",),
            "cwd": "sub",
            "env": {"A": "2"},
            "status": 3,
            "stdin": "pipe",
            "stdout": ">>log",
            "stderr": "&-",
        },
        {"kind": "exec", "argv": ("run",), "cwd": "."},
    ]


def test_what_the_shell_does_itself() -> None:
    found, _ = steps.steps(
        [
            record(Kind.SOURCE, "../x.sh"),
            record(Kind.WRITE, "/w/f"),
            record(Kind.WRITE, "/w/f", flags=layout.APPENDS),
            record(Kind.LIMIT, "core", value=7),
            record(Kind.LIMIT, "core", value=layout.UNLIMITED),
            record(Kind.UMASK, value=0o77),
            record(Kind.UMASK, value=0o4777),
        ],
        {},
        WORLD,
        {},
    )
    assert found == [
        {"kind": "source", "path": "../x.sh"},
        {"kind": "write", "path": "f", "append": False, "text": ""},
        {"kind": "write", "path": "f", "append": True, "text": ""},
        {"kind": "ulimit", "resource": "core", "value": 7},
        {"kind": "ulimit", "resource": "core", "value": "unlimited"},
        {"kind": "umask", "value": "077"},
        {"kind": "umask", "value": "4777"},
    ]


def test_contents_are_text_or_a_digest() -> None:
    records = [
        execute(place=8),
        execute(place=16),
        record(Kind.WRITE, "/w/f", place=24),
        record(Kind.WRITE, "/w/g", place=32),
    ]
    found, _ = steps.steps(records, {}, WORLD, {8: b"fed\n", 24: "ä".encode(), 32: b"\xff"})
    assert found[0]["input"] == "fed\n"
    assert "input" not in found[1]
    assert found[2]["text"] == "ä"
    assert found[3]["text"] == {"sha256": hashlib.sha256(b"\xff").hexdigest(), "size": 1}


def test_the_steps_of_a_script_that_is_followed_stand_below_its_own() -> None:
    follow = layout.FOLLOWED
    records = [
        execute("a", order=(1,), environment=frozenset((b"X=1",))),
        execute("bash", "outer", order=(2, 1), flags=follow, environment=frozenset((b"X=2",))),
        execute("b", order=(2, 2, 1), environment=frozenset((b"X=3",))),
        execute("bash", "inner", order=(2, 3, 1), flags=follow, environment=frozenset((b"X=3",))),
        record(Kind.WRITE, "/w/f", order=(2, 3, 2)),
        execute("c", order=(2, 4, 1), environment=frozenset((b"X=3",))),
        execute("bash", "empty", order=(3, 1), flags=follow, environment=frozenset((b"X=1",))),
        execute("d", order=(4, 1), environment=frozenset((b"X=1",))),
    ]
    (first, outer, empty, last), outermost = steps.steps(records, {}, WORLD, {})
    assert [first["argv"], empty["argv"], last["argv"]] == [("a",), ("bash", "empty"), ("d",)]
    assert "steps" not in empty
    assert [step["argv"] for step in outer["steps"]] == [("b",), ("bash", "inner"), ("c",)]
    assert outer["steps"][1]["steps"] == [{"kind": "write", "path": "f", "append": False, "text": ""}]
    assert outermost == [records[0], records[1], records[6], records[7]]
    # What changed since the command before, wherever that stands.
    assert [step.get("env") for step in (first, outer, *outer["steps"], empty, last)] == [
        {"X": "1"},
        {"X": "2"},
        {"X": "3"},
        None,
        None,
        {"X": "1"},
        None,
    ]


def test_appending_streams() -> None:
    assert steps.stream(">>/w/log", WORLD) == ">>log"
    assert steps.stream("/w/log", WORLD) == "log"
    assert steps.stream("heredoc", WORLD) == "heredoc"


def test_changes_between_two_environments() -> None:
    before = frozenset((b"A=1", b"EMPTY=", b"BAD=\xff", b"E=x=y", b"GONE=1"))
    after = frozenset((b"A=2", b"EMPTY=", b"BAD=\xfe", b"E=x=y", b"NEW=a=b", b"BLANK="))
    assert steps.changes(before, after) == {"A": "2", "BAD": "\udcfe", "NEW": "a=b", "BLANK": "", "GONE": None}
    assert steps.changes(after, after) == {}
