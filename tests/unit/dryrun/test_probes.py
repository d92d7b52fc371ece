"""What is left of what was asked: a status that decides nothing costs no trust."""

from __future__ import annotations

from typing import Any

from ci_port.dryrun.probes import Call, TextOf, every_status, unanswered
from ci_port.model import Asked, Place, Unanswered

PLACE = ["s.sh", 3, ["f", "g"]]
FRAMES = [["s.sh", 3, "f"], ["lib.sh", 9, "g"], ["s.sh", 7, "main"]]


def asked(what: str, *subject: str, decider: str = "", **options: bool) -> dict[str, Any]:
    """Return something that a worker has found."""
    found: dict[str, Any] = {"what": what, "subject": list(subject), "place": PLACE}
    if not decider:
        return found
    call = {"argv": [decider, "x"], "frames": FRAMES, "errexit": False, "pipefail": False, **options}
    return {**found, "decider": call}


def text_of(file: str) -> str | None:
    """Return the text of a script, as a recorder would."""
    return {"s.sh": "f\n"}.get(file)


def nothing_decides(call: Call, text_of: TextOf) -> bool:
    """Return False."""
    del call, text_of
    return False


def test_without_the_scripts_tree_every_status_decides() -> None:
    found = unanswered([asked("status", "make", decider="make"), asked("output", "git", "log")], every_status, text_of)
    assert found == (
        Unanswered(Asked.STATUS, ("make",), Place("s.sh", 3, ("f", "g"))),
        Unanswered(Asked.OUTPUT, ("git", "log"), Place("s.sh", 3, ("f", "g"))),
    )


def test_who_has_the_tree_is_told_where_the_command_stands_and_what_was_in_force() -> None:
    calls: list[Call] = []

    def decides(call: Call, text_of: TextOf) -> bool:
        assert text_of("s.sh") == "f\n"
        calls.append(call)
        return call.argv[0] == "grep"

    found = unanswered(
        [
            asked("status", "make", decider="make", errexit=True),
            # The output of one command is read by another, whose status decides.
            asked("output", "git", "log", decider="grep", pipefail=True),
        ],
        decides,
        text_of,
    )
    assert [(each.what, each.subject) for each in found] == [(Asked.OUTPUT, ("git", "log"))]
    frames = (("s.sh", 3, "f"), ("lib.sh", 9, "g"), ("s.sh", 7, "main"))
    assert calls == [
        Call(("make", "x"), frames, errexit=True, pipefail=False),
        Call(("grep", "x"), frames, errexit=False, pipefail=True),
    ]


def test_only_what_depends_on_a_status_is_a_question_to_the_tree() -> None:
    others = [asked("path", "/w/x"), asked("command", "foo"), asked("stdin"), asked("output", "git")]
    found = unanswered(others, nothing_decides, text_of)
    assert [each.what for each in found] == [Asked.PATH, Asked.COMMAND, Asked.STDIN, Asked.OUTPUT]
    assert unanswered([asked("status", "make", decider="make")], nothing_decides, text_of) == ()


def test_each_thing_is_named_once_in_the_order_in_which_it_was_asked() -> None:
    found = unanswered([asked("path", "/b"), asked("path", "/a"), asked("path", "/b")], every_status, text_of)
    assert [each.subject for each in found] == [("/b",), ("/a",)]
