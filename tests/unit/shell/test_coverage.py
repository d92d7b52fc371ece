"""Coverage from courses: which branches runs took, which tests they decided on, and what was not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from ci_port.model import Observation, Plan
from ci_port.shell.coverage import Coverage
from tests.unit.shell.covering import Covering

X, Y, Z = {"A": "x"}, {"A": "y"}, {"A": "z"}
NONE: Mapping[str, str] = {}


@dataclass(frozen=True)
class Row:
    """A script, the environments of its runs, and what becomes of each branch: runs that take it, pass it by, and in
    which it is not seen."""

    name: str
    text: str
    runs: tuple[Mapping[str, str], ...]
    counts: tuple[tuple[int, int, int], ...]
    fails: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)


ROWS = (
    Row(
        "arms",
        "if [[ $A == x ]]; then\n  echo 1\nelif [[ $A == y ]]; then\n  echo 2\nelse\n  echo 3\nfi\n",
        (X, Y, Z),
        ((1, 2, 0), (1, 1, 0), (1, 0, 0)),
    ),
    Row(
        "arms on one line",
        "if [[ $A == x ]]; then emit 1; elif [[ $A == y ]]; then emit 2; else emit 3; fi\n",
        (X, Y, Z),
        ((1, 2, 0), (1, 1, 0), (1, 0, 0)),
    ),
    Row("the same command in each arm", "if [[ $A == x ]]; then emit; else emit; fi\n", (X,), ((1, 0, 0), (0, 0, 0))),
    Row(
        "lists on one line",
        'f() { [[ $A == x ]] && echo yes || echo no; }\nf\nx=$(cd . && pwd) || echo never\n"$A" || true\nemit\n',
        ({"A": "true"},),
        ((0, 1, 0), (1, 0, 0), (0, 1, 0), (1, 0, 0), (0, 1, 0)),
    ),
    Row(
        "loops on one line", "for i in $A; do emit $i; done\nwhile [[ $A ]]; do A=; done\n", (X, NONE), ((1, 1, 0),) * 2
    ),
    Row("until", "until [[ $A == x ]]; do A=x; done\n", (X, Y), ((1, 1, 0),)),
    Row("arithmetic for", "for ((i = 0; i < N; i++)); do emit $i; done\n", ({"N": "2"}, {"N": "0"}), ((1, 1, 0),)),
    Row("no words", "for ((;;)); do break; done\n", (NONE,), ((1, 0, 0),)),
    Row(
        "select",
        "select x in a b; do emit $x; break; done <<< 1\nselect x in a; do emit; done < /dev/null\n",
        (NONE,),
        ((1, 0, 0), (0, 0, 0)),
    ),
    Row(
        "case on one line",
        "case $A in x) B=1 ;; y) ;; *) B=1 ;; esac\nemit\n",
        (X, Y, Z),
        ((1, 2, 0), (1, 1, 0), (1, 0, 0)),
    ),
    Row(
        "case that falls through",
        "case $A in x) emit 1 ;& y) emit 2 ;;& *x*) emit 3 ;; z) emit 4 ;; esac\n",
        (X, Y, Z),
        ((1, 2, 0), (2, 1, 0), (1, 2, 0), (1, 1, 0)),
    ),
    Row(
        "set +x",
        "set +x\nif [[ $A == x ]]; then\n  emit 1\nfi\nset -x\nset +x\n[[ $A ]] && emit 2\n",
        (X,),
        ((1, 0, 0), (1, 0, 0)),
    ),
    Row("PS4 of its own", "PS4='nothing '\nset -x\n[[ $A ]] && emit 2\n", (X,), ((1, 0, 0),)),
    Row(
        "pipelines",
        "emit 1 | while read -r x; do emit 2; done | { [[ $A ]] && emit 3; }\n",
        (X,),
        ((0, 1, 0), (1, 0, 0)),
    ),
    Row(
        "substitution",
        'x=$(if [[ $A ]]; then emit "$([[ $A == x ]] && emit 1)"; fi)\n',
        (X, NONE),
        ((1, 1, 0), (1, 0, 0)),
    ),
    Row(
        "a process of its own",
        "( [[ $A == x ]] && emit 1; : ) && ( emit 2 || emit 3 )\n",
        (X, Y),
        ((2, 0, 0), (1, 1, 0), (0, 2, 0)),
    ),
    Row(
        "the last test of a function", "f() { [[ $A == x ]] && emit 1; }\nf || emit 2\n", (X, Y), ((1, 1, 0), (1, 1, 0))
    ),
    Row("the last test of a script", "emit 0\n[[ $A == x ]] && emit 1\n", (X, Y), ((1, 1, 0),)),
    Row("exit within", "if [[ $A == x ]]; then exit 1; fi\nemit 1 && emit 2\n", (X,), ((1, 0, 0), (0, 0, 0))),
    Row("set -e", "set -e\nfails && emit 1\nfails\nemit 2 && emit 3\n", (NONE,), ((0, 1, 0), (0, 0, 0)), ("fails",)),
    Row(
        "return and break",
        "f() { for i in 1 2; do [[ $A ]] && return; break; done; emit 1 && :; }\nf\n",
        (X, NONE),
        ((2, 0, 0), (1, 1, 0), (1, 0, 0)),
    ),
    Row("EXIT trap", "f() { if [[ $A == x ]]; then emit 1; fi; }\ntrap f EXIT\nemit 2\n", (X, Y), ((1, 1, 0),)),
    Row("ERR trap", "f() { [[ $A == x ]] && emit 1; }\ntrap f ERR\nfails\nemit 2\n", (X, Y), ((1, 1, 0),), ("fails",)),
    Row("eval", "f() { [[ $A ]] && emit 1; }\neval 'if true; then f; fi'\n", (X,), ((1, 0, 0),)),
    Row(
        "a function of two texts",
        "f() { [[ $A ]] && emit 1; }\nf\nf() { [[ $A ]] || emit 2; }\nf\n",
        (X,),
        ((1, 0, 0), (0, 1, 0)),
    ),
    Row("recursion", "f() { if (( N > 0 )); then N=$((N - 1)); f; fi; }\nf\n", ({"N": "2"},), ((1, 0, 0),)),
    Row(
        "a sourced file",
        'source "${BASH_SOURCE[0]%/*}/other.sh"\n',
        (NONE,),
        ((1, 0, 0), (0, 1, 0)),
        files={"other.sh": "for x in 1 2; do\n  echo $x\ndone\nwhile false; do\n  echo\ndone\n"},
    ),
    Row("an arm that shows nothing", "if [[ $A ]]; then f() { :; }; fi\nemit 1\n", (X, NONE), ((0, 0, 2),)),
    Row(
        "what eval does to the text around it",
        "f() { while [[ $A ]]; do eval break; emit 1; done; emit 2 || :; }\nf\n",
        (X,),
        ((0, 0, 1), (0, 0, 1)),
    ),
    Row("an alias", "shopt -s expand_aliases\nalias a='emit && emit'\na\n[[ $A ]] && emit 1\n", (X,), ((0, 0, 1),)),
    Row("background", "{ [[ $A == x ]] && emit 1; } &\nwait\n", (X, Y), ((1, 0, 0),)),
    Row(
        "one command after another that are the same",
        'f() { emit "$@" || emit "$@"; }\nf 1\nf 1\n',
        (NONE,),
        ((0, 1, 0),),
    ),
)


def counts(coverage: Coverage) -> tuple[tuple[int, int, int], ...]:
    return tuple((branch.taken, branch.passed, branch.unseen) for branch in coverage.branches.values())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_branches_taken_passed_by_and_not_seen(covering: Covering, row: Row) -> None:
    assert counts(covering.covered(row.text, *row.runs, files=row.files, fails=row.fails)) == row.counts


def test_each_test_true_false_and_deciding(covering: Covering) -> None:
    text = "if [[ $A == x && ( $B == y || -f /dev/null/x ) ]]; then echo; fi\n"
    found = covering.covered(text, {"A": "x", "B": "y"}, {"A": "x", "B": "n"}, {"A": "n", "B": "y"})
    (branch,) = found.branches.values()
    assert [(test.true, test.false, test.decides, test.unseen) for test in branch.tests] == [
        (True, True, True, False),
        (True, True, True, False),
        (False, True, False, False),
    ]


def test_a_test_that_never_changes_the_outcome_does_not_decide(covering: Covering) -> None:
    found = covering.covered("if [[ $A == x || $A == x ]]; then\n  echo\nfi\n", X, Y)
    (branch,) = found.branches.values()
    assert [(test.true, test.false) for test in branch.tests] == [(True, True), (False, True)]


def test_commands_as_tests_and_functions_in_them(covering: Covering) -> None:
    text = "f() {\n  if [[ $A ]]; then\n    return 0\n  fi\n  return 1\n}\nif ! f; then\n  echo no\nfi\n"
    found = covering.covered(text, X, NONE)
    assert counts(found) == ((1, 1, 0), (1, 1, 0))
    assert all(test.decides for branch in found.branches.values() for test in branch.tests)


def test_tests_of_which_it_is_not_known_what_they_came_to(covering: Covering) -> None:
    found = covering.covered("if [[ -f /a || -f /b ]]; then emit 1; fi\n", {})
    (branch,) = found.branches.values()
    assert [(test.true, test.false, test.unseen) for test in branch.tests] == [(False, True, False)] * 2
    found = covering.covered("touch /b\nif [[ -f /a || -f /b ]]; then emit 1; fi\n", {})
    (branch,) = found.branches.values()
    assert (branch.taken, [(test.true, test.false, test.unseen) for test in branch.tests]) == (
        1,
        [(False, False, True)] * 2,
    )


def test_what_was_decided_stands_in_the_order_of_the_run(covering: Covering) -> None:
    text = 'f() { [[ $1 == 2 ]] && emit "$1"; }\nfor i in 1 2; do if f $i; then emit yes; fi; done\n'
    run = covering.run(text)
    kinds = {branch.id: branch.kind for branch in covering.reader(text).inventory.branches}
    assert [(kinds[one.branch[1]], one.taken) for one in run.decided] == [
        ("for", True),
        ("and", False),
        ("if", False),
        ("for", True),
        ("and", True),
        ("if", True),
    ]


def test_a_run_without_a_course_shows_nothing(covering: Covering) -> None:
    with pytest.raises(ValueError, match="not recorded"):
        covering.reader(":\n").run(Observation(Plan((), 0)))
