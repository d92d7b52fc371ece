"""Rules: which command they speak of, when, which time, and what they do to files."""

from __future__ import annotations

import json

import pytest

from ci_port.model import Document, Effects, File, Link, Rule
from ci_port.model.rules import Answers, rule_from_json, rule_to_json


@pytest.mark.parametrize(
    ("rule", "argv", "matches"),
    [
        (["git", "status"], ["git", "status"], True),
        (["git", "status"], ["git", "status", "-s"], False),
        (["git", "status"], ["git"], False),
        (["git", "*"], ["git", "status"], True),
        (["git", "*"], ["git"], False),
        (["git", "*"], ["git", "a", "b"], False),
        (["git", "**"], ["git"], True),
        (["git", "**"], ["git", "a", "b"], True),
        (["git", "**"], ["hg"], False),
        (["git", "a", "**"], ["git"], False),
        (["git", "a*"], ["git", "ab"], False),
        (["git", "a*"], ["git", "a*"], True),
        (["**"], [], True),
        (["*"], ["x"], True),
        (["git", "[!-]*"], ["git", "a"], True),
        (["git", "[!-]*"], ["git", "a-b"], True),
        (["git", "[!-]*"], ["git", "-a"], False),
        (["git", "[!-]*"], ["git", "-"], False),
        (["git", "[!-]*"], ["git", ""], False),
        (["git", "[!-]*", "**"], ["git", "a", "-b"], True),
        (["git", "[!-]*x"], ["git", "ax"], False),
    ],
)
def test_a_rule_matches_element_by_element(rule: list[str], argv: list[str], matches: bool) -> None:
    assert Rule(tuple(rule)).matches(argv) is matches


def test_when_looks_at_the_starting_environment_unset_as_empty() -> None:
    rule = Rule(("x",), when=(("BE", "*cuda*"), ("FLAG", "")))
    assert rule.applies({"BE": "linux-cuda12"})
    assert rule.applies({"BE": "cuda", "FLAG": ""})
    assert not rule.applies({"BE": "cuda", "FLAG": "1"})
    assert not rule.applies({})


def test_the_first_rule_that_speaks_of_a_command_answers() -> None:
    rules = (Rule(("a", "b"), status=1), Rule(("a", "**"), stdout="x"))
    answers = Answers(rules)
    assert answers.to(["a", "b"]) is rules[0]
    assert answers.to(["a", "c"]) is rules[1]
    assert answers.to(["b"]) is None
    assert answers.to(["a", "b"]) is rules[0]


def test_a_rule_can_speak_of_the_nth_command_that_it_matches() -> None:
    rules = (Rule(("a", "**"), status=1, nth=2), Rule(("a", "b"), stdout="x"))
    answers = Answers(rules)
    assert [answers.to(["a", word]) for word in "bcbb"] == [rules[1], rules[0], rules[1], rules[1]]
    assert [Answers(rules).to(["a", "b"]) for _ in range(2)] == [rules[1], rules[1]]


V = [Rule(("v",), nth=number, stdout=text) for number, text in ((1, "a"), (2, "b"), (3, "c"))]
ANY = Rule(("*",), stdout="any")


@pytest.mark.parametrize(
    ("rules", "commands", "answers"),
    [
        (V, "vvvv", "a b c -"),
        (V[::-1], "vvvv", "a b c -"),
        ([ANY, *V], "vvv", "any any any"),
        ([V[1], ANY, V[2]], "vvvv", "any b any any"),
        ([Rule(("*",), nth=2, stdout="second"), *V], "vwvvv", "a second b c -"),
        ([Rule(("*",), nth=2, stdout="second"), *V], "vvvv", "a second c -"),
        ([V[0], Rule(("v",), nth=1, stdout="too late")], "vv", "a -"),
        ([Rule(("v", "**"), nth=2, stdout="x"), V[0]], "vv", "a x"),
    ],
)
def test_nth_counts_every_command_that_the_words_match(rules: list[Rule], commands: str, answers: str) -> None:
    one_run = Answers(rules)
    found = [one_run.to([name]) for name in commands]
    assert " ".join(rule.stdout if rule else "-" for rule in found) == answers


def test_what_a_rule_does_to_files_depends_on_the_command() -> None:
    rule = Rule(
        ("clone", "**"),
        makes=(("{1.stem}", None), ("{1.stem}/.git", "x"), ("/log", File("", 0o600)), ("{2}", Link("{1.stem}"))),
        removes=("old", "/tmp/{0}"),
    )
    assert rule.effects(["clone", "https://example.org/a/repo.git"], "/w/sub") == Effects(
        removes=("/w/sub/old", "/tmp/clone"),
        makes=(("/w/sub/repo", None), ("/w/sub/repo/.git", "x"), ("/log", File("", 0o600))),
    )
    assert rule.effects(["clone", "a/repo.git", "/x"], "/w").makes[-1] == ("/x", Link("{1.stem}"))
    assert Rule(("a", "*"), makes=(("{1}", None),)).effects(["a", ""], "/w") == Effects()


def test_a_rule_comes_back_from_its_json() -> None:
    value = {
        "argv": ["tar", "xf", "*"],
        "status": 2,
        "stdout": "out",
        "stderr": "err",
        "when": {"X": "1*"},
        "nth": 3,
        "makes": {"{2.stem}": None, "x": "text", "y": {"text": "", "mode": "755"}, "z": {"link": "x"}},
        "removes": ["{2}"],
    }
    rule = rule_from_json(Document(json.dumps(value), "r").parse())
    assert rule == Rule(
        ("tar", "xf", "*"),
        2,
        "out",
        (("X", "1*"),),
        3,
        "err",
        (("{2.stem}", None), ("x", "text"), ("y", File("", 0o755)), ("z", Link("x"))),
        ("{2}",),
    )
    assert rule_to_json(rule) == value
    assert rule_to_json(Rule(("a",))) == {"argv": ["a"]}
