"""From records to the steps of a plan."""

from __future__ import annotations

from ci_port.dryrun import layout, steps
from ci_port.dryrun.layout import Kind
from ci_port.dryrun.records import Record
from ci_port.model import World

WORLD = World("/w", "/bin")


def record(kind: Kind, *texts: str, environment: frozenset[bytes] = frozenset(), **numbers: int) -> Record:
    """Return a record as the log has it."""
    argv = ("run",) if kind is Kind.EXECUTE else ()
    fields = {"line": 1, "status": 0, "flags": 0, "value": 0, **numbers}
    return Record(kind, (1,), file="script.sh", functions=(), texts=texts, argv=argv, environment=environment, **fields)


def test_a_step_has_what_differs_from_what_is_usual() -> None:
    start = {"A": "1", "PWD": "/w"}
    usual = record(Kind.EXECUTE, "/w", "", "", "", environment=frozenset((b"A=1", b"PWD=/elsewhere")))
    other = record(Kind.EXECUTE, "/w/sub", "pipe", ">>/w/log", "&-", environment=frozenset((b"A=2",)), status=3)
    same = record(Kind.EXECUTE, "/w", "", "", "", environment=frozenset((b"A=2",)))
    assert list(steps.steps([usual, other, same], start, WORLD)) == [
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
    found = steps.steps(
        [
            record(Kind.SOURCE, "../x.sh"),
            record(Kind.WRITE, "/w/f"),
            record(Kind.WRITE, "/w/f", flags=layout.APPENDS),
            record(Kind.LIMIT, "core", value=7),
            record(Kind.LIMIT, "core", value=layout.UNLIMITED),
        ],
        {},
        WORLD,
    )
    assert list(found) == [
        {"kind": "source", "path": "../x.sh"},
        {"kind": "write", "path": "f", "append": False},
        {"kind": "write", "path": "f", "append": True},
        {"kind": "ulimit", "resource": "core", "value": 7},
        {"kind": "ulimit", "resource": "core", "value": "unlimited"},
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
