"""Tests of variables and files."""

from __future__ import annotations

from ci_port.host import Session, observe
from ci_port.model import Case, Execute, Variable, World
from tests.unit.host.session.beside_bash import c

V = Variable("V")


def test_tests_on_files(world: World) -> None:
    """`-f`, `-d`, `-s`."""

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

    observe(program, world, Case("case", ()))


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
