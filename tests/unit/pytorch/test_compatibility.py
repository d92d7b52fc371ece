"""Guards of the public interface, and two commits against each other (docs/pytorch.md#compatibility)."""

from __future__ import annotations

import pytest

from ci_port.host import Session
from ci_port.model import Overlay, Rule, RunFailed
from ci_port.pytorch import compatibility
from tests.unit.pytorch.plans import executed, exported, failing, plan, texts

BINDINGS = ("python", "test/test_public_bindings.py", "-k", "t")
ENV = {"TORCH_INSTALL_DIR": "/opt/conda/lib/python3.10/site-packages/torch"}


@pytest.mark.parametrize(
    ("status", "printed", "item", "result"),
    [
        (0, "torch.x\n", "torch.x", 1),
        (1, "torch.x\n", "torch.x", 0),
        (1, "a\ntorchax b\n", "torch.x", 0),
        (2, "torch.y\n", "torch.x", 1),
        (1, "", "torch.x", 1),
        (1, "", "", 0),
    ],
)
def test_check(status: int, printed: str, item: str, result: int) -> None:
    """The test has to fail, and to name the item; a dot is any character."""

    def program(sh: Session) -> None:
        code = sh.status_of(compatibility.check_public_api_test_fails, sh, "t", item, "it is broken")
        sh.exit(code)

    assert plan(program, overlay=Overlay((Rule(BINDINGS, status, printed),))).status == result


def test_long_output_is_a_race() -> None:
    """Which no plan can know."""
    overlay = Overlay((Rule(BINDINGS, 1, "x\n" * 40000),))
    with pytest.raises(RunFailed, match="timing"):
        plan(lambda sh: compatibility.check_public_api_test_fails(sh, "t", "x", ""), overlay=overlay)


@pytest.mark.parametrize(
    ("test", "number", "last"),
    [
        ("test_correct_module_names", 1, "rm -v"),
        ("test_correct_module_names", 2, "mv -v"),
        ("test_modules_can_be_imported", 1, "rm -rv"),
    ],
)
def test_unnoticed_break_stops_after_the_clean_up(test: str, number: int, last: str) -> None:
    """With 1."""
    overlay = Overlay((Rule(("python", "test/test_public_bindings.py", "-k", test), 0, nth=number),))
    result = plan(compatibility.test_forward_backward_compatibility, ENV, overlay)
    assert result.status == 1
    assert texts(result)[-1].startswith(last)


@pytest.mark.parametrize(
    ("base", "sha", "probe", "value"),
    [
        ("b", "s", "git merge-base s b", "5b4a392"),
        ("s", "s", "git rev-parse s^", "9e8d7c6"),
        ("", "", "git rev-parse ^", "9e8d7c6"),
    ],
)
def test_base_commit(base: str, sha: str, probe: str, value: str) -> None:
    """The commit before, or where the branch began."""
    result = plan(compatibility.test_forward_backward_compatibility, {**ENV, "BASE_SHA": base, "SHA1": sha})
    assert probe in texts(result)
    assert exported(result, "SHA_TO_COMPARE") == [value]
    assert result.status == 0


def test_failing_sync_leaves_the_update_out() -> None:
    """Tolerated both times."""
    result = plan(compatibility.test_forward_backward_compatibility, ENV, failing("git", "submodule", "sync"))
    assert result.status == 0
    assert not any("update" in text for text in texts(result))
    result = plan(compatibility.test_forward_backward_compatibility, ENV, failing("git", "submodule", "update", "**"))
    assert result.status == 1


@pytest.mark.parametrize("model", ["/tmp/model_new.pt", "/tmp/model_old.pt"])
def test_models_that_do_not_load_stop_in_the_directory(model: str) -> None:
    """The suite returns 1; handlers run where it was."""
    overlay = failing("python", "../load_torchscript_model.py", model, status=7)
    result = plan(compatibility.test_forward_backward_compatibility, ENV, overlay)
    steps = executed(result)
    assert result.status == 1
    assert steps[-1].argv == ("sccache", "--stop-server")
    assert steps[-1].cwd == "test/forward_backward_compatibility"
