"""Which statuses decide: one table and generated scripts, answered from the text and by bash itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.unit.shell import courses, generated
from tests.unit.shell.courses import Course, Ran, decides

# What a name begins with says what is right for it: `y` decides; `n` does not; `s` does not, though with it
# `set -e` stops; `u` is called deciding, though not every run shows that it does. Others stand by.
SCRIPTS: dict[str, str] = {
    # Conditions.
    "if": "if y1; then a; fi",
    "if on one line, command on the next": "if ! \\\n   y1; then a; fi",
    "condition on lines of its own": "if\n  n1\n  y2\nthen a; fi",
    "elif and else": "if false; then a; elif y1; then b; else c; fi",
    "while": "while y1; do a; break; done",
    "until": "until y1; do a; done",
    "list in a condition": "if y1 && y2 || y3; then a; fi\nif false || y3; then b; fi",
    "only the last command of a condition": "if n1; n2; y3; then a; fi",
    "body": "if [[ -z $x ]]; then n1; fi; a",
    "one line": "if [[ -z $x ]]; then n1; else a; fi",
    "words only in a comment": "for i in 1; do n1; done # if and ||\na",
    "words only in quotes": "n1 'if x || y && z'; a",
    "group in a condition": "if { n1; y2; }; then a; fi",
    "subshell in a condition": "if ( n1; y2 ); then a; fi",
    "if in a condition": "if if y1; then y2; else a; fi; then b; fi",
    "case in a condition": "if case x in x) n1; y2 ;; *) a ;; esac; then b; fi",
    "loop in a condition": "if for i in 1 2; do n1; u2; done; then a; fi",
    "status of a loop": "if for i in 1; do y1; done; then a; fi",
    "if without else in a condition": "if if true; then y1; fi; then a; fi",
    "an arm that ends the script": "if y1; then exit 3; fi; a",
    # Lists.
    "and": "y1 && a",
    "or": "y1 || a",
    "or exit": "y1 || exit 1\na",
    "or a group": "y1 || { b; exit 1; }\na",
    "last of a list": "true && n1; a",
    "last of a list that is not reached": "true || a; true && n1\nb",
    "or true": "n1 || true; a",
    "or colon": "n1 || : # whatever\na",
    "or a group of nothing": "n1 || { :; }\na",
    "or true, then more": "n1 || true && a",
    "left of or true": "y1 && n2 || true\na",
    "and true": "n1 && true; a",
    "and true, then or": "y1 && true || a",
    "or true with a redirection": "u1 || true > out; a",
    "true that is a function": "true() { a; }\ny1 || true\nb",
    "pipeline in a list": "n1 | y2 || a",
    "not": "! n1; a",
    "not, tested": "! y1 && a",
    "not, in a condition": "while ! y1; do a; break; done",
    "not of a group": "! { n1; y2; } || a",
    "list over lines": "y1 &&\n\n  # so\n  a",
    "list in a group": "{ true && y1; } || a",
    "and or": "y1 && y2 || a",
    "list with brackets": "[[ -z $x ]] && n1; a",
    "list with brackets, tested": "if [[ -z $x ]] && y1; then a; fi",
    # $? is read.
    "status": "y1\nrc=$?\nif [ $rc -ne 0 ]; then a; fi",
    "status on the same line": "y1; rc=$?; (( rc )) && a",
    "status in a test": "y1\nif [ $? -eq 0 ]; then a; fi",
    "status in brackets": "y1; [[ $? -eq 0 ]] && a",
    "status in a sum": "y1; (( $? )) && a",
    "status in a case": "y1\ncase $? in 0) a ;; *) b ;; esac",
    "status in a word": 'y1; [ "x${?}" = x0 ] && a',
    "status in a default": "y1; : ${x:=$?}; (( x )) && a",
    "status in a substitution": "y1; x=$(echo $?); (( x )) && a",
    "status in backquotes": "y1; x=`echo $?`; (( x )) && a",
    "status in a here-string": "y1; read x <<< $?; (( x )) && a",
    "status in a here-document": "y1; read x <<E\n$?\nE\n(( x )) && a",
    "status in quotes": "n1; x='$?'; a",
    "status for a command": "y1; a $?",
    "status too late": "n1; a; rc=$?; (( rc )) && b",
    "status after a comment": "y1\n# now\n\nrc=$?; (( rc )) && a",
    "status after nothing": "n1; :; rc=$?; (( rc )) && a",
    "status after an assignment": "n1; x=1; rc=$?; (( rc )) && a",
    "status in the first condition": "y1; if x=$?; (( x )); then a; fi",
    "status in a loop": "y1; for i in 1; do x=$?; done; (( x )) && a",
    "status as word of a loop": "y1; for i in $?; do (( i )) && a; done",
    "status in a group": "y1; { x=$?; (( x )) && a; }",
    "status in a subshell": "y1; ( x=$?; (( x )) && a; )",
    "status in a case's item": "y1; case x in x) x=$?; (( x )) && a ;; esac",
    "status in a while": "y1; while (( $? )); do a; break; done",
    "status in eval": "y1; eval 'rc=$?'; (( rc )) && a",
    "status for a function": "f() { (( $1 )) && a; }\ny1; f $?",
    "status in a function": "f() { local rc=$?; (( rc )) && a; }\ny1; f",
    "status in a function's function": "g() { (( $? )) && a; }; f() { g; }\ny1; f",
    "status handed on by a function": "f() { return; }\ny1; f && a",
    "status not in a function": "f() { a; (( $? )) && b; }\nn1; f",
    "status of a group": "{ n1; y2; }; rc=$?; (( rc )) && a",
    "status of an if": "if true; then y1; fi; (( $? )) && a",
    "status of a case": "case x in x) n1; y2;; esac; (( $? )) && a",
    "status of a case that falls through": "case x in x) u1 ;& y) y2 ;; esac; (( $? )) && a",
    "status read in the next item": "case x in x) y1 ;& y) (( $? )) && a ;; esac",
    "status of a loop's last": "for i in 1; do n1; y2; done; (( $? )) && a",
    "status for the next turn": "for i in 1 2; do (( $? )) && a; u1; done; b",
    "status of a while for its condition": "i=0; while (( $? == 0 && i++ < 2 )); do u1; done",
    "status lost by break": "while true; do n1; break; done; (( $? )) && a",
    "status of a subshell": "( n1; y2 ); (( $? )) && a",
    "status of an exit": "( y1; exit ); (( $? )) && a",
    "status of an exit with it": "( y1; exit $? ) || a",
    "status of a return": "f() { y1; return; a; }\nf || b",
    "status of a return with it": "f() { y1; return $?; }\nf || b",
    "return from a subshell": "f() { ( y1; return ); (( $? )) && a; }\nf",
    "another return": "f() { n1; return 0; }\nf || b",
    "last status of the script": "a; n1",
    "exit with the status": "a; n1; exit $?",
    "exit with the status from a function": "f() { n1; exit; }\nf",
    "status in a declaration": "f() { y1; local x=$?; (( x )) && a; }\nf",
    "let": "y1; let x=$?; (( x )) && a",
    # set -e.
    "stops": "set -e\ns1\na",
    "stops before the status": "set -e\ns1\nrc=$?\na",
    "stops in a function": "set -e\nf() { s1; (( $? )) && a; b; }\nf; c",
    "stops in a group": "set -e\n{ s1; a; }; b",
    "stops in a subshell": "set -e\n( s1; a ); b",
    "stops in a subshell before the status": "set -e\n( s1; a ); rc=$?; (( rc )) && b; c",
    "stops at a pipeline": "set -e\na | s1\nb",
    "stops not at a pipeline": "set -e\nn1 | a\nb",
    "stops at a pipeline with pipefail": "set -eo pipefail\ns1 | a\nb",
    "or true with set -e": "set -e\nn1 || true\na",
    "and with set -e": "set -e\ny1 && a\nb",
    "not with set -e": "set -e\n! n1\na",
    "status with set -e in a condition": "set -e\nf() { y1; x=$?; (( x )) && a; true; }\nif f; then b; fi",
    "status with set -e left of or": "set -e\nf() { y1; x=$?; (( x )) && a; true; }\nf || b",
    "status of a list with set -e": "set -e\ntrue && y1 && true; (( $? )) && a; b",
    "function that fails in a list with set -e": "set -e\nf() { s1 && true; }\nf; (( $? )) && a; b",
    "group that fails in a list with set -e": "set -e\n{ u1 && true; }; x=$?; (( x )) || a; b",
    "shell that stops": "( set -e; y1; a ); rc=$?; (( rc )) && b",
    "shell that stops, tested": "set -e\nif ( n1; y2 ); then a; fi",
    "set +e around": "set -e\nset +e\ny1\nrc=$?\nset -e\n(( rc )) && a; b",
    "or rc": "set -e\nrc=0\ny1 || rc=$?\n(( rc )) && a; b",
    "substitution with set -e": "set -e\nx=$(s1)\na",
    "substitution with set -e of its own": "set -e\nx=$(set +e; y1; rc=$?; (( rc )) && a; true)\nb",
    "substitution that inherits set -e": "shopt -s inherit_errexit\nset -e\nx=$(s1; a)\nrc=$?\n(( rc )) && b",
    "status with set -e behind not": "set -e\nf() { y1; x=$?; (( x )) && a; true; }\n! f\nb",
    "background with set -e": "set -e\n{ n1; true; } & wait; a",
    # Pipelines.
    "pipeline": "if n1 | n2 | y3; then a; fi",
    "pipefail": "set -o pipefail\nif y1 | y2; then a; fi",
    "pipefail, status": "set -o pipefail\ny1 | y2; rc=$?; (( rc )) && a",
    "grep": "if n1 | grep -q x; then a; fi; b",
    "PIPESTATUS": "y1 | u2; rc=${PIPESTATUS[0]}; (( rc )) && a",
    "PIPESTATUS in a sum": "y1 | true; (( PIPESTATUS[0] )) && a",
    "PIPESTATUS of one": "y1; (( PIPESTATUS[0] )) && a",
    "PIPESTATUS after a list": "y1 | true && (( PIPESTATUS[0] )) && a",
    "PIPESTATUS in an arm": "if y1 | true; then (( PIPESTATUS[0] )) && a; fi",
    "PIPESTATUS too late": "n1 | true; :; (( PIPESTATUS[0] )) && a",
    "PIPESTATUS of a group": "{ n1; y2; } | true; (( PIPESTATUS[0] )) && a",
    "PIPESTATUS out of a group": "{ y1 | true; }; (( PIPESTATUS[0] )) && a",
    "PIPESTATUS after a loop without a turn": "y1 | true; for i in; do :; done; (( PIPESTATUS[0] )) && a",
    "PIPESTATUS as the script's status": "n1 | true; exit ${PIPESTATUS[0]}",
    "PIPESTATUS as a function's status": "f() { y1 | true; return ${PIPESTATUS[0]}; }\nf || a",
    "PIPESTATUS in a function": "f() { (( PIPESTATUS[0] )) && a; }\ny1 | true; f",
    "PIPESTATUS not out of a subshell": "( n1 | true ); (( PIPESTATUS[0] )) && a",
    "last command in a pipeline": "true | { n1; y2; } || a",
    "not the last command in a pipeline": "{ n1; n2; } | true || a",
    "and both outputs": "if n1 |& y2; then a; fi",
    "stops in a pipeline": "set -e\n{ s1; a; } | b; c",
    "time": "if time y1; then a; fi",
    # Functions.
    "function in a condition": "f() { n1; }\nf; a",
    "tested function": "f() { n1; y2; }\nif f; then a; fi",
    "tested function of functions": "g() { n1; y2; }\nf() { n3; g; }\nf && a",
    "commands of a tested function": "f() {\n  n1\n  a\n  return 0\n}\nif f; then b; fi",
    "condition in a function": "f() { if y1; then a; fi; }\nf",
    "function that ends in a test": "f() { [[ -z $x ]] && y1; }\nf || a",
    "function called on several lines": "f() {\n  y1\n}\nif f \\\n  1 \\\n  2\nthen a; fi",
    "function called twice on a line": "f() { u1; }\nf 1; if f 2; then a; fi",
    "function called by a variable": "f() { y1; }\nx=f\nif $x; then a; fi",
    "function that calls its words": 'try() { "$@" || a; }\ntry y1; try y2 x',
    "function that only calls its words": 'call() { "$@"; }\nif call y1; then a; fi',
    "function with a subshell for body": "f() ( n1; y2 )\nf || a",
    "function with a redirection": "f() { n1; y2; } 2>&1\nf || a",
    "function called main": 'main() { y1 || return; a; n2; }\nmain "$@"',
    "function in the background": "f() { n1; }\nf & wait; a",
    "function in a substitution": "f() { n1; y2; }\nx=$(f) || a",
    "recursive function": "f() { if [[ $1 ]]; then f; else y1; fi; }\nf 1 || a",
    "recursive function with status": "f() { n1; if [[ $1 ]]; then f; return; fi; }\nf 1; a",
    "function defined twice": "f() { a; }\nf() { y1; }\nf || b",
    "function keyword": "function f { y1; }\nf || b",
    # Substitutions.
    "substitution": "x=$(n1); a",
    "substitution, tested": "if x=$(n1; y2); then a; fi",
    "substitution with or": "x=$(y1) || a",
    "substitution with status": "x=$(y1); rc=$?; (( rc )) && a",
    "substitution as an argument": "echo $(n1) || a",
    "local": "f() { local x=$(n1) || a; }\nf",
    "export": "export x=$(n1) || a; b",
    "declared before": "f() { local x; x=$(y1) || a; }\nf",
    "before a command": "x=$(n1) true || a",
    "as the command": "$(y1) || a",
    "two substitutions": "x=$(n1) y=$(y2) || a",
    "in an array": "x=($(y1)) || a",
    "in a default": "x=${x:-$(y1)} || a",
    "in quotes": 'x="a$(y1)b" || a',
    "in a sum": "x=$(( $(y1) + 1 )) || a",
    "in backquotes": "x=`y1` || a",
    "in a test": '[ "$(n1)" ] || a',
    "in brackets": "[[ $(n1) ]] || a",
    "in a test with status": "[[ $(y1) || $? -ne 0 ]] && a",
    "in a case": "case $(n1) in x) a;; esac; b",
    "in a case that reads it": "case $(y1) in *) (( $? )) && a;; esac",
    "in a loop's words": "for i in x $(n1); do a; done",
    "in an argument with status": "f() { (( $1 )) && a; }\nf $(y1) $?",
    "local with status": "f() { local x=$(y1) rc=$?; (( rc )) && a; }\nf",
    "substitution in a substitution": "x=$(echo $(n1); y2) || a",
    "substitution for a function that asks": "f() { (( $? )) && a; }\nf $(y1)",
    "in a here-document": "read x <<E || a\n$(n1)\nE\nb",
    "process substitution": "read x < <(n1) || a",
    "output to a process": ": > >(n1); wait $!; a",
    "over lines": "x=$(\n  n1\n  y2\n) || a",
    "condition in a substitution": "x=$(if y1; then a; fi)",
    "status in a substitution's body": "x=$(y1; (( $? )) && a)",
    "return in a substitution": "f() { x=$(y1; return) || a; }\nf",
    # Jobs.
    "background": "n1 & wait; a",
    "wait for a job": "n1 & wait $!; a",
    "wait for a job, tested": "y1 & wait $! || a",
    "wait for a job, status": "y1 & p=$!; a; wait $p; rc=$?; (( rc )) && b",
    "wait or true": "n1 & wait $! || true; a",
    "wait for all": "n1 & wait || a; b",
    "wait at the end": "n1 & wait $!",
    "wait in a loop": "y1 & p=$!\nfor i in $p; do wait $i || a; done",
    "list in the background": "y1 && a & wait",
    "coproc": "coproc { n1; y2; }\nwait $! || a",
    # Traps.
    "ERR trap": "trap a ERR\ny1\nb",
    "ERR trap and set -e": "set -e\ntrap a ERR\ns1\nb",
    "ERR trap, tested": "trap a ERR\nn1 || true\nb",
    "ERR trap, not": "trap a ERR\n! n1\nb",
    "ERR trap in a function behind not": "set -E\ntrap a ERR\nf() { y1; b; }\n! f",
    "ERR trap and set -e in a substitution": "set -eE\ntrap a ERR\nx=$(s1)\nb",
    "ERR trap in a substitution that is tested": "set -E\ntrap a ERR\nif case $(y1; b) in x) ;; esac; then c; fi",
    "ERR trap taken away": "trap - ERR\nn1\na",
    "EXIT trap": "trap a EXIT\nn1\nb",
    "EXIT trap that asks": "trap '(( $? )) && a' EXIT\nn1\ny2",
    "EXIT trap that asks after exit": "trap '(( $? )) && a' EXIT\nn1\ny2\nexit",
    "EXIT trap that hands on": "trap 'exit $?' EXIT\na\nn1",
    "EXIT trap with a function that asks": "f() { local rc=$?; (( rc )) && a; }\ntrap f EXIT\nn1\ny2",
    "EXIT trap with a function": "f() { a; (( $? )) && b; }\ntrap f EXIT\nn1\nn2",
    "RETURN trap": "f() { trap '(( $? )) && a' RETURN; n1; y2; }\nf; b",
    "signal": "trap 'a $?' INT\nn1\nb",
    # Sourced files.
    "sourced": "source ./lib.sh || a",
    "sourced by a dot": ". ./lib.sh || a\n. ./plain.sh\na",
    "sourced, not tested": "source ./plain.sh; a",
    "sourced file that asks": "y1\n. ./asks.sh\na",
    "sourced function that asks": "source ./check.sh\nn1; a\ny2\ncheck",
    "sourced file that returns": "source ./returns.sh || a",
    # Other text.
    "no command at all": "n1\na",
    "exec": "exec 3>&1; n1; a",
    "select": "select x in a; do y1 || a; break; done <<< 1",
    "arithmetic for": "for ((i = 0; i < 1; i++)); do n1; y2; done || a",
    "group with a redirection": "{ n1; y2; } > out || a",
    "loop that reads": "while read -r x; do n1; y2; done <<< x || a",
    "output read by a loop": "while read -r x; do a; done < <(n1); b",
}
RIGHT = {"y": (True, True), "n": (False, False), "s": (False, True), "u": (True, None)}


def asked(text: str, ran: Ran) -> bool:
    return courses.answers(text).decides(ran.argv, ran.frames, errexit=ran.errexit, pipefail=ran.pipefail)


@pytest.mark.parametrize("name", SCRIPTS)
def test_bash_and_the_text_say_the_same(name: str, tmp_path: Path) -> None:
    text = SCRIPTS[name]
    before = courses.run(tmp_path, text)
    marked = [ran for ran in before.ran if re.fullmatch(r"[ynsu]\d+", ran.argv[0])]
    assert marked
    for ran in marked:
        after = courses.run(tmp_path, text, fails=[ran.key])
        decides, differs = RIGHT[ran.argv[0][0]]
        assert (ran.key, asked(text, ran)) == (ran.key, decides)
        assert differs is None or courses.differ(before, after) is differs, ran.key


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("courses")


LONG = settings.default is not None and settings.default.max_examples > 1000


@pytest.mark.parametrize("part", range(4))
@settings(max_examples=1250 if LONG else 75, suppress_health_check=[HealthCheck.too_slow])
@given(text=generated.scripts, failing=st.sets(st.integers(1, 12), max_size=6))
def test_what_is_no_decision_changes_nothing_in_bash(folder: Path, part: int, text: str, failing: set[int]) -> None:
    fails = {f"c{number}#{turn}" for number in failing for turn in range(1, 9)}
    try:
        before = courses.run(folder, text, fails)
        for ran in before.ran[:5]:
            if not asked(text, ran):
                held(folder, text, fails, before, ran)
    except courses.Unfit:
        assume(False)


def held(folder: Path, text: str, fails: set[str], before: Course, ran: Ran) -> None:
    """Fail if the script takes another course when one call ends the other way, unless `set -e` stops one of them."""
    others = fails ^ {ran.key}
    after = courses.run(folder, text, others)
    if not courses.differ(before, after) or ("set -e" in text and courses.stopped(before, after, ran.key)):
        return
    # Where a script depends on which process is quicker, it shows nothing.
    again = [(courses.run(folder, text, fails), courses.run(folder, text, others)) for _ in range(4)]
    assert any(courses.differ(before, one) or courses.differ(after, other) for one, other in again), ran


@pytest.mark.parametrize(
    ("text", "argv", "want"),
    [
        # Pure tools like all others.
        ("a | grep -q x && b", "grep -q x", True),
        ("a | grep -q x && b", "a", False),
        ("x=$(a | sed s/x/y/)", "sed s/x/y/", False),
        # More than bash can show.
        ("shopt -s lastpipe; f() { b | { a; return; }; c; }; f", "a", True),
        ("a & wait", "a", False),
        ("a & f() { wait $1; }; f $!", "a", True),
        ("a & f() { wait $1; return 0; }; f $!", "a", False),
        ("trap 'x $?' DEBUG; a", "a", True),
        ("trap 'f' 0; f() { exit $?; }; a", "a", False),
        ('trap "x \\$? $y" EXIT; a', "a", True),
        ('trap "rm $y" EXIT; a', "a", False),
        ("trap - ERR; trap -p; trap '' ERR; a", "a", False),
        ("trap b $sig; a", "a", False),
        ('a\neval "$x"', "a", True),
        ('a\neval "$(b)"', "a", False),
        ('f() { x $?; }; a; "$@"', "a", True),
        ('f() { x; }; a; "$@"', "a", False),
    ],
)
def test_what_bash_does_not_show_with_stand_ins(text: str, argv: str, want: bool) -> None:
    frames = ((1, "f"), (1, "main")) if re.search(r"\bf\(\) .*\ba;.* }", text) else ()
    assert decides(text, argv, *frames) is want


def test_commands_that_decide_by_a_note_of_another_project() -> None:
    text = (
        "#!/bin/bash\nif ! \\\n   probe_silent; then run a; fi\nprobe_rc\nrc=$?\nif [ $rc -ne 0 ]; then run b; fi\n"
        "f() { probe_in_f; }\nif f; then run not-a-probe; fi\n"
        "for i in 1; do run not-a-probe-2; done   # if and || here\n"
    )
    assert decides(text, "probe_silent", (3, "main"))
    assert decides(text, "probe_rc", (4, "main"))
    assert decides(text, "probe_in_f", (7, "f"), (8, "main"))
    assert not any(decides(text, argv, (line, "main")) for argv, line in (("run a", 3), ("run b", 6)))
    assert not any(decides(text, f"run not-a-probe{end}", (line, "main")) for end, line in (("", 8), ("-2", 9)))
