"""Variables: what `test_session` does not already ask bash about."""

from __future__ import annotations

from ci_port.host.session.variables import Variables


def test_environment_is_kept_until_something_exported_changes() -> None:
    """The same object, so that a plan need not compare."""
    variables = Variables({"A": "1"})
    first = variables.environment()
    variables["PLAIN"] = "x"
    assert variables.environment() is first == {"A": "1"}
    variables["A"] = "2"
    assert variables.environment() == {"A": "2"}
    assert first == {"A": "1"}


def test_marked_but_unset_is_absent() -> None:
    """`export NAME` of an unset variable; a later value is exported."""
    variables = Variables({})
    variables.export("A")
    assert variables.environment() == {}
    variables["A"] = "1"
    assert variables.environment() == {"A": "1"}


def test_snapshot() -> None:
    """Values, marks, lists and open scopes go back."""
    variables = Variables({"A": "1"})
    variables.push()
    variables.local("A", "2")
    snapshot = variables.snapshot()
    variables.unset("A")
    variables.array("L", ("x",))
    variables.pop_scope()
    variables.restore(snapshot)
    assert variables.environment() == {"A": "2"}
    assert variables.arrays == {}
    variables.pop_scope()
    assert variables.environment() == {"A": "1"}


def test_lists_come_back() -> None:
    """A local list hides an outer one."""
    variables = Variables({})
    variables.array("L", ("outer",))
    variables.push()
    variables.local_array("L", ("inner",))
    assert variables.arrays["L"] == ("inner",)
    variables.pop_scope()
    assert variables.arrays["L"] == ("outer",)
