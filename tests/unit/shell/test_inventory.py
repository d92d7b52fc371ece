"""What an inventory lists, and what keeps an id."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.shell import ScriptError, Source, read_script, read_source
from tests.unit.shell.scripts import read

SCRIPT = """\
#!/bin/bash
f() {
  local x=1
  if [[ "$A" == b ]]; then
    echo "$x" || return 1
  elif c; then
    :
  else
    exit 2
  fi
}
for y in 1 2; do f "$y"; done
case $A in
  (b | c) g ;;
esac
while read -r z; do (( n++ )); done
retry f
"""


def test_branches_with_their_lines() -> None:
    assert [(branch.kind, branch.function, branch.line, branch.end_line) for branch in read(SCRIPT).branches] == [
        ("if", "f", 4, 5),
        ("or", "f", 5, 5),
        ("elif", "f", 6, 7),
        ("else", "f", 8, 9),
        ("for", None, 12, 12),
        ("case", None, 14, 14),
        ("while", None, 16, 16),
    ]


def test_what_else_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "script.sh"
    path.write_text(SCRIPT)
    inventory = read_script(path)
    assert [(function.name, function.line, function.end_line) for function in inventory.functions] == [("f", 2, 11)]
    assert [(exit.name, exit.line) for exit in inventory.exits] == [("return", 5), ("exit", 9)]
    assert {use.name for use in inventory.uses if use.writes} == {"x", "y", "z", "n"}
    assert {use.name for use in inventory.uses if not use.writes} == {"A", "x", "y", "n"}
    assert [(call.caller, call.callee, call.line, call.mentioned) for call in inventory.calls] == [
        (None, "f", 12, False),
        (None, "f", 17, True),
    ]
    assert "g" in {command.name for command in inventory.commands}


@pytest.mark.parametrize("line", range(SCRIPT.count("\n") - 1))
@pytest.mark.parametrize("inserted", ["# a comment: if x; then\n", 'if [[ -n "$UNRELATED" ]]; then echo; fi\n', "\n"])
def test_ids_and_fingerprints_survive_comments_and_unrelated_branches(line: int, inserted: str) -> None:
    lines = SCRIPT.splitlines(keepends=True)
    if "[[" in inserted and lines[line].strip().startswith(("elif", "else", "(b", "esac")):
        inserted = "# " + inserted
    before = {branch.id: branch.fingerprint for branch in read(SCRIPT).branches}
    after = {
        branch.id: branch.fingerprint for branch in read("".join([*lines[:line], inserted, *lines[line:]])).branches
    }
    assert before.keys() <= after.keys()
    if "UNRELATED" not in inserted or inserted.startswith("#"):
        assert before == after


def test_a_changed_body_changes_the_fingerprint_and_not_the_id() -> None:
    one, two = read("if a; then b; fi").branches[0], read("if a; then c; fi").branches[0]
    assert one.id == two.id
    assert one.fingerprint != two.fingerprint


def test_a_change_in_an_inner_arm_is_its_own() -> None:
    one = read("if a; then b; if c; then d; fi; fi").branches
    two = read("if a; then b; if c; then e; fi; fi").branches
    assert [first.fingerprint == second.fingerprint for first, second in zip(one, two, strict=True)] == [True, False]


def test_ids_are_unique_even_for_equal_branches() -> None:
    ids = [branch.id for branch in read("a || b; a || b; if c; then d; fi; if c; then d; fi").branches]
    assert len(set(ids)) == len(ids) == 4


def test_sourced_files_are_followed_once(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text('source "${BASH_SOURCE[0]%/*}/b.sh"\n. "$(dirname "$0")/b.sh"\nsource /none.sh\n')
    (tmp_path / "b.sh").write_text("source ./a.sh\nif b; then c; fi\n")
    inventory = read_script(tmp_path / "a.sh")
    assert [Path(file.file).name for file in inventory.every()] == ["a.sh", "b.sh"]
    assert [source.line for source in inventory.sources] == [1, 2, 3]


@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_a_file_at_an_absolute_path_is_the_machines(tmp_path: Path, quote: str) -> None:
    (tmp_path / "b.sh").write_text("if b; then c; fi\n")
    (tmp_path / "a.sh").write_text(f"source {quote}{tmp_path}/b.sh{quote}\n")
    inventory = read_script(tmp_path / "a.sh")
    assert [Path(file.file).name for file in inventory.every()] == ["a.sh"]
    assert inventory.sources[0].path == tmp_path / "b.sh"


def test_what_bashlex_cannot_read_is_unknown_by_name_and_place(monkeypatch: pytest.MonkeyPatch) -> None:
    import bashlex  # type: ignore[import-untyped]

    def refuse(text: str) -> None:
        raise NotImplementedError("no")

    monkeypatch.setattr(bashlex, "parse", refuse)
    inventory = read_source(Source("script.sh", "if a; then\n  b c; fi"))
    assert [(item.name, item.line, item.column) for item in inventory.unknown] == [
        ("bashlex: no", 1, 4),
        ("bashlex: no", 2, 3),
    ]
    assert [branch.kind for branch in inventory.branches] == ["if"]


def test_a_broken_script_names_file_line_and_column() -> None:
    with pytest.raises(ScriptError, match=r"^script\.sh:2:4: unexpected 'fi'"):
        read_source(Source("script.sh", "a\nb; fi\n"))


def test_a_file_that_is_no_script(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\x7fELF\0\0")
    with pytest.raises(ScriptError, match="binary"):
        read_script(tmp_path / "binary")
    (tmp_path / "latin").write_bytes(b"# \xe4\nif a; then b; fi\n")
    assert read_script(tmp_path / "latin").branches[0].line == 2


def test_a_long_list_is_no_deep_one() -> None:
    inventory = read(" && ".join(["a"] * 300))
    assert len(inventory.branches) == 299
