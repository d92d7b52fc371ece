"""Which lines ran, against real bash's own trace of the same script; and where each step comes from.

The scripts here are run by real bash too, so they call nothing but builtins and `run`, which is /bin/true there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_port.dryrun import Recorder
from ci_port.dryrun.probes import Call, TextOf
from ci_port.dryrun.programs import find_bash
from ci_port.model import Asked, Case
from tests.unit.dryrun import scene as scenes

_TRACED = re.compile(r"^\++@(.*?)@(\d+)@", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """A script. `ours` and `theirs` are lines that only one of both names, for `reason`."""

    name: str
    script: str
    ours: tuple[int, ...] = ()
    theirs: tuple[int, ...] = ()
    reason: str = ""


ROWS = (
    Row("if", "if true; then\n  run 1\nelse\n  run 2\nfi\nif false; then\n  run 3\nelif true; then\n  run 4\nfi\n"),
    Row("if not", "if ! true\nthen\n  run 1\nelif\n  false\nthen\n  run 2\nelse\n  run 3\nfi\nrun 4\n"),
    Row("case", "x=b\ncase $x in\n  a)\n    run a\n    ;;\n  b)\n    run b\n    ;;&\n  *)\n    run c\n    ;;\nesac\n"),
    Row(
        "for", "for i in 1 2; do\n  run $i\n  [ $i = 1 ] && continue\n  run x\ndone\nfor i in; do\n  run never\ndone\n"
    ),
    Row("arithmetic for", "for ((i = 0; i < 2; i++)); do\n  run $i\ndone\n"),
    Row("while and until", "i=0\nwhile ((i < 2)); do\n  ((++i))\ndone\nuntil [[ $i = 3 ]]; do\n  let i++\ndone\n"),
    Row("[[ ]]", "x=1\n[[ $x = 1 ]]\n[[ $x = 2 ]] ||\n  run 1\n[[ $x = 1 &&\n  $x != 2 ]] && run 2\n"),
    Row("(( ))", "((1 > 2)) ||\n  run 1\n((x = 3))\nrun $((x * 2))\n"),
    Row("functions", "f() {\n  run 1\n  g\n}\ng() {\n  run 2\n}\nh() {\n  run never\n}\nf\n"),
    Row("a function on one line", "f() { run 1; run 2; }\nf\n\nf\n"),
    Row("return", "f() {\n  run 1\n  return 3\n  run never\n}\nf ||\n  run 2\n"),
    Row("subshell", "(\n  run 1\n  x=1\n)\nrun 2\n"),
    Row("group", "{\n  run 1\n} >/dev/null\n{ run 2; }\n"),
    Row("pipeline", "run 1 |\n  cat |\n  run 2\necho x |\n  while read -r x; do\n    run $x\n  done\n"),
    Row("and, or", "true &&\n  run 1 ||\n  run 2\nfalse && run 3\nfalse ||\n  false ||\n  run 4\n"),
    Row("substitution", 'x=$(run 1)\ny="$(\n  run 2\n)"\nrun "$(echo "$(run 3)")"\n'),
    Row("process substitution", "read -r x < <(echo a)\nrun < <(\n  echo b\n)\n"),
    Row("background", "run 1 &\nwait\n{\n  run 2\n} &\nwait\n"),
    Row("EXIT trap", "trap finish EXIT\nfinish() {\n  run end\n}\nrun 1\nexit 0\n"),
    Row(
        "EXIT trap with decisions",
        """\
trap finish EXIT
finish() {
  local x=1
  if [[ $x = 1 ]]; then
    run 1
  else
    run never
  fi
  case $x in
    2)
      run never
      ;;
    *)
      more
      ;;
  esac
  for y in 1 2; do
    ((y > 1)) &&
      run $y
  done
}
more() {
  false ||
    : more
  (
    run 3
  )
}
run 1
""",
        ours=(27,),
        reason="in a trap, the end of a subshell looks like a command",
    ),
    Row(
        "EXIT trap on one line",
        "f() {\n  run 1\n}\ntrap 'run end' EXIT\nf\n",
        theirs=(1,),
        reason="the text of a trap stands in no line of the file",
    ),
    Row(
        "ERR and DEBUG traps",
        "caught() {\n  run caught\n}\ntrap caught ERR\nfalse\ntrap caught DEBUG\nrun 1\ntrap - DEBUG\n",
    ),
    Row("signal trap", "trap 'run caught' USR1\nkill -USR1 $$\nrun 1\n"),
    Row("errexit", "set -e\nrun 1\nfalse\nrun never\n"),
    Row("eval", "eval 'run 1\nrun 2'\nrun 3\n"),
    Row("words over lines", 'run 1 \\\n  2 \\\n  3\nx=(\n  a\n  b\n)\nrun "\n"\nrun 4\n'),
    Row("here-document", "run <<E\n1\n2\nE\nread -r x <<E\n$(run 3)\nE\nrun 4\n"),
    Row("assignments", "x=1\ny=2 z=3\nexport w=4\nlocal_() {\n  local v=5\n  declare u\n}\nlocal_\n"),
    Row("source", '. "${BASH_SOURCE%/*}/other.sh"\nrun 1\nfrom_other\n'),
    Row("comments and blanks", "# one\n\nrun 1 # two\n\n  # three\n: \\\n  x\n"),
    Row("exec", "run 1\n(exec run 2)\nexec run 3\nrun never\n"),
    Row(
        "redirections alone",
        ">/dev/null\nrun 1 >/dev/null 2>&1\n",
        ours=(1,),
        reason="bash traces words, and there are none",
    ),
    Row("select nothing", "select x in a b; do\n  run $x\ndone </dev/null\n"),
    Row("coproc", "coproc {\n  run 1\n}\nwait\n"),
    Row("arrays and a loop", 'a=(1 2)\nfor x in "${a[@]}"; do run $x; done\nfor x; do\n  run never\ndone\n'),
)
OTHER = "run other\nfrom_other() {\n  run 2\n}\n"


def _traced(tmp_path: Path, script: str) -> dict[str, set[int]]:
    """Return the lines that real bash traces, per file."""
    for name in ("bin", "scripts"):
        (tmp_path / name).mkdir()
    true = shutil.which("true", path="/usr/bin:/bin")
    assert true is not None
    (tmp_path / "bin" / "run").symlink_to(true)
    (tmp_path / "scripts" / "script.sh").write_text(script, encoding="utf-8")
    (tmp_path / "scripts" / "other.sh").write_text(OTHER, encoding="utf-8")
    # Root's bash does not take PS4 from the environment.
    (tmp_path / "trace_on.sh").write_text("PS4='+@$BASH_SOURCE@$LINENO@ '\nset -x\n", encoding="utf-8")
    with (tmp_path / "trace").open("wb") as trace:
        subprocess.run(
            [find_bash(), str(tmp_path / "scripts" / "script.sh")],
            env={
                "PATH": f"{tmp_path}/bin:/usr/bin:/bin",
                "BASH_ENV": f"{tmp_path}/trace_on.sh",
                "BASH_XTRACEFD": str(trace.fileno()),
            },
            pass_fds=(trace.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=tmp_path,
            check=False,
        )
    lines: dict[str, set[int]] = {}
    for file, line in _TRACED.findall((tmp_path / "trace").read_text(encoding="utf-8")):
        lines.setdefault(os.path.basename(file), set()).add(int(line))
    return lines


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_executed_lines_are_those_that_bash_traces(scene: scenes.Scene, tmp_path: Path, row: Row) -> None:
    observation = scene.run(row.script, files={f"{scenes.SCRIPTS}/other.sh": OTHER})
    found = {os.path.basename(file): set(lines) for file, lines in observation.lines.items()}
    traced = _traced(tmp_path, row.script)
    assert found.keys() == traced.keys()
    assert found["script.sh"] - traced["script.sh"] == set(row.ours), row.reason
    assert traced["script.sh"] - found["script.sh"] == set(row.theirs), row.reason
    assert found.get("other.sh") == traced.get("other.sh")


def test_places_are_lines_and_function_stacks(scene: scenes.Scene) -> None:
    script = """\
run top
outer() {
  inner "$@"
}
inner() { run in; }
outer
. "${BASH_SOURCE%/*}/other.sh"
from_other
(
  run subshell
)
# Over several lines, bash 5.2 itself counts one too many.
x=$(run captured)

echo a | xargs run
echo b |
  run piped
trap 'outer' EXIT
  PYTHONPATH=x inner
"""
    observation = scene.run(script, files={f"{scenes.SCRIPTS}/other.sh": OTHER})
    found = [
        (shown, os.path.basename(place.file), place.line, place.functions)
        for shown, place in zip(scenes.steps(observation), observation.places, strict=True)
    ]
    assert found == [
        ("run top", "script.sh", 1, ()),
        ("run in", "script.sh", 5, ("inner", "outer")),
        ("run other", "other.sh", 1, ()),
        ("run 2", "other.sh", 3, ("from_other",)),
        ("run subshell", "script.sh", 10, ()),
        ("run captured out:pipe", "script.sh", 13, ()),
        ("run a in:/dev/null", "script.sh", 15, ()),
        ("run piped in:pipe", "script.sh", 17, ()),
        ("run in +PYTHONPATH=x", "script.sh", 5, ("inner",)),
        ("run in -PYTHONPATH", "script.sh", 5, ("inner", "outer")),
    ]


def test_places_name_the_file_that_the_user_gave(tmp_path: Path) -> None:
    (tmp_path / "my ci").mkdir()
    (tmp_path / "my ci" / "script.sh").write_text('. "$(dirname "$0")/more.sh"\nrun\n', encoding="utf-8")
    (tmp_path / "my ci" / "more.sh").write_text("more\n", encoding="utf-8")
    with Recorder(tmp_path / "my ci" / "script.sh", scenes.WORLD) as recorder:
        observation = recorder.observe(Case("case", ()))
    assert [str(place) for place in observation.places] == [
        f"{tmp_path}/my ci/more.sh:1",
        f"{tmp_path}/my ci/script.sh:2",
    ]
    assert observation.lines == {
        f"{tmp_path}/my ci/script.sh": frozenset({1, 2}),
        f"{tmp_path}/my ci/more.sh": frozenset({1}),
    }


UNANSWERED = """\
plain
x=$(say)
y=$(unknown)
if unknown_condition; then :; fi
probe yes && :
maybe || run after
tolerated || true
! negated
while stops; do break; done
unknown <(substituted) | piped
elsewhere 2>/dev/null
"""


def test_what_no_rule_answers_is_listed_with_its_place(scene: scenes.Scene) -> None:
    observation = scene.run(UNANSWERED)
    found = [(" ".join(probe.subject), probe.place.line, probe.what.value) for probe in observation.unanswered]
    assert found == [
        ("plain", 1, "status"),
        ("unknown", 3, "status"),
        ("unknown", 3, "output"),
        ("unknown_condition", 4, "status"),
        ("maybe", 6, "status"),
        ("tolerated", 7, "status"),
        ("negated", 8, "status"),
        ("stops", 9, "status"),
        # What these two print is read by a step alone, whatever reads it.
        ("substituted", 10, "status"),
        ("unknown /dev/fd/63", 10, "status"),
        ("piped", 10, "status"),
        ("elsewhere", 11, "status"),
    ]
    assert not observation.trusted


def test_only_statuses_that_decide_are_listed(tmp_path: Path) -> None:
    calls: list[Call] = []

    def decides(call: Call, text_of: TextOf) -> bool:
        assert all(text_of(file) == Path(file).read_text(encoding="utf-8") for file, _, _ in call.frames)
        calls.append(call)
        return call.argv[0] == "inner"

    (tmp_path / "main.sh").write_text(
        'f() {\n  inner "$@"\n}\n. "${BASH_SOURCE%/*}/lib.sh"\nset -e -o pipefail\ng x\n', encoding="utf-8"
    )
    (tmp_path / "lib.sh").write_text("g() {\n  outer\n  f y\n}\n", encoding="utf-8")
    with Recorder(tmp_path / "main.sh", scenes.WORLD, decides=decides) as recorder:
        observation = recorder.observe(Case("case", ()))
    main, lib = f"{tmp_path}/main.sh", f"{tmp_path}/lib.sh"
    assert calls == [
        Call(("outer",), ((lib, 2, "g"), (main, 6, "main")), errexit=True, pipefail=True),
        Call(("inner", "y"), ((main, 2, "f"), (lib, 3, "g"), (main, 6, "main")), errexit=True, pipefail=True),
    ]
    assert [(each.what, each.subject) for each in observation.unanswered] == [(Asked.STATUS, ("inner", "y"))]
    with Recorder(tmp_path / "main.sh", scenes.WORLD, decides=lambda call, text_of: False) as recorder:
        assert recorder.observe(Case("case", ())).trusted
