"""Helpers: the order of tries, what they install, what they leave behind."""

from __future__ import annotations

import pytest

from ci_port.host import Session
from ci_port.model import Overlay, Rule
from ci_port.pytorch import helpers
from tests.unit.pytorch.plans import (
    CLEAN,
    CUDA,
    PLAIN,
    ROCM,
    before_another,
    executed,
    exported,
    failing,
    having,
    plan,
    texts,
)

WHEEL = "python3 -m pip wheel --no-build-isolation --no-deps -w dist/audio git+https://github.com/pytorch/audio.git@pin-audio"
INSTALL = "python3 -mpip install --no-index --no-deps dist/audio/*.whl"


@pytest.mark.parametrize(
    ("build", "status", "printed", "expected"),
    [
        (PLAIN, 0, "", ([CLEAN], 0)),
        (PLAIN, 0, " M file\n", ([CLEAN], 1)),
        (PLAIN, 0, "?? third_party/x\n?? third_party_x\n", ([CLEAN], 0)),
        (PLAIN, 128, "", ([CLEAN], 0)),
        (PLAIN, 128, " M file\n", ([CLEAN], 1)),
        (ROCM, 0, " M file\n", ([], 0)),
        ("x-xla", 0, " M file\n", ([], 0)),
    ],
)
def test_clean_check(build: str, status: int, printed: str, expected: tuple[list[str], int]) -> None:
    """Dirty is what git prints, whatever its status."""
    dirty = Overlay((Rule(("git", "**"), status, printed),))
    result = plan(helpers.assert_git_not_dirty, {"BUILD_ENVIRONMENT": build}, dirty)
    assert (texts(result), result.status) == expected


@pytest.mark.parametrize(("fails", "tries", "status"), [(0, 1, 0), (1, 2, 0), (2, 3, 0), (3, 3, 7)])
def test_pip_install_tries_three_times(fails: int, tries: int, status: int) -> None:
    """Without pause."""
    rules = tuple(Rule(("python3", "**"), 7, nth=number) for number in range(fails, 0, -1))
    result = plan(lambda sh: helpers.pip_install(sh, "x"), overlay=Overlay(rules))
    assert texts(result) == ["python3 -m pip install --progress-bar off x"] * tries
    assert result.status == status


@pytest.mark.parametrize(("fails", "tries", "status"), [(0, 1, 0), (1, 2, 0), (2, 2, 7)])
def test_pip_uninstall_tries_twice(fails: int, tries: int, status: int) -> None:
    """Without pause."""
    rules = tuple(Rule(("pip3", "**"), 7, nth=number) for number in range(fails, 0, -1))
    result = plan(lambda sh: helpers.pip_uninstall(sh, "x"), overlay=Overlay(rules))
    assert texts(result) == ["pip3 uninstall -y x"] * tries
    assert result.status == status


def test_failed_install_is_retried_with_pauses() -> None:
    """The wheel is built again each time."""
    result = plan(helpers.install_torchaudio, overlay=failing("python3", "-mpip", "**", status=5))
    tries = [WHEEL, INSTALL]
    assert texts(result) == [*tries, "sleep 10", *tries, "sleep 20", *tries, "sleep 40", *tries]
    assert result.status == 5


def test_failed_build_is_noticed_in_the_last_try_only() -> None:
    """Nothing inside the first three stops them; the last one stops at once."""
    both = Overlay((Rule(("python3", "-m", "**"), 4), Rule(("python3", "-mpip", "**"), 5)))
    result = plan(helpers.install_torchaudio, overlay=both)
    tries = [WHEEL, INSTALL]
    assert texts(result) == [*tries, "sleep 10", *tries, "sleep 20", *tries, "sleep 40", WHEEL]
    assert result.status == 4
    result = plan(helpers.install_torchaudio, overlay=failing("python3", "-m", "**", status=4))
    assert (texts(result), result.status) == (tries, 0)


def test_failing_sleep_is_a_failed_try() -> None:
    """With its own status."""
    overlay = Overlay((Rule(("sleep", "*"), 9), Rule(("curl", "**"), 2)))
    result = plan(helpers.get_bazel, overlay=overlay)
    assert [text.split()[0] for text in texts(result)] == ["curl", "sleep", "sleep", "sleep"]
    assert result.status == 9


def test_missing_pin_is_a_captured_cat() -> None:
    """The world answers it; a failure stops before any install."""
    absent = ("/var/lib/jenkins/workspace/.github/ci_commit_pins/audio.txt",)
    result = plan(helpers.install_torchaudio, overlay=Overlay((Rule(("cat", "*"), 1),), absent=absent))
    assert texts(result) == ["cat .github/ci_commit_pins/audio.txt"]
    assert result.status == 1


@pytest.mark.parametrize(
    ("words", "installed"),
    [
        (("a.whl",), ["a.whl"]),
        (("a.whl", "b c.whl"), ["a.whl", "b c.whl"]),
        ((" a.whl  b.whl", "c.whl"), ["a.whl", "b.whl"]),
        (("a.whl b\tc.whl\nd.whl",), ["a.whl", "b\tc.whl"]),
        (("dist/*.whl",), ["dist/*.whl"]),
    ],
)
def test_pip_install_whl_cuts_its_first_argument(words: tuple[str, ...], installed: list[str]) -> None:
    """At blanks, as far as the line goes; all others are taken as they are."""
    result = plan(lambda sh: helpers.pip_install_whl(sh, *words))
    assert [step.argv[-1] for step in executed(result)] == installed


def test_wheels_that_are_there_are_not_built() -> None:
    """A directory of that name does not count, but is installed (docs/pytorch.md#wheels)."""
    result = plan(helpers.install_torchaudio, overlay=having("dist/audio/b.whl", "dist/audio/a.whl"))
    assert [step.argv[-1] for step in executed(result)] == ["dist/audio/a.whl", "dist/audio/b.whl"]
    result = plan(helpers.install_torchaudio, overlay=having("dist/audio/a.whl/inside"))
    assert texts(result) == [WHEEL, INSTALL.replace("*", "a")]


def test_preload_has_company_while_torchvision_is_built() -> None:
    """The caller's export is seen by the build, and put back."""
    env = {"LD_PRELOAD": "/asan.so", "BUILD_ENVIRONMENT": CUDA}
    result = plan(before_another(helpers.install_torchvision), env)
    assert texts(result)[0] == "gcc -fpic -shared -o /var/lib/jenkins/dlerror.so -x c -"
    assert executed(result)[0].stdin == "pipe"
    assert exported(result, "LD_PRELOAD") == ["/asan.so:/var/lib/jenkins/dlerror.so", "/asan.so"]
    assert exported(result, "FORCE_CUDA") == exported(result, "WITH_CUDA") == ["1"]
    assert not any("gcc" in text for text in texts(plan(helpers.install_torchvision)))


@pytest.mark.parametrize(
    ("build", "config", "absent", "value"),
    [
        (CUDA, "default", (), ["9.0"]),
        (CUDA, "nogpu_x", ("/opt/ci/bin/nvidia-smi",), ["8.0"]),
        (CUDA, "default", ("/opt/ci/bin/nvidia-smi",), []),
        (PLAIN, "default", (), []),
    ],
)
def test_detect_cuda_arch(build: str, config: str, absent: tuple[str, ...], value: list[str]) -> None:
    """The last line of the probe, a default without card, nothing at all."""
    env = {"BUILD_ENVIRONMENT": build, "TEST_CONFIG": config}
    result = plan(before_another(helpers.detect_cuda_arch), env, Overlay(absent=absent))
    assert exported(result, "TORCH_CUDA_ARCH_LIST") == value


HEADER = "/opt/rocm/include/rocm_version.h"


@pytest.mark.parametrize(
    ("text", "status", "version"),
    [
        ("ROCM_VERSION_MAJOR X\n#define ROCM_VERSION_MINOR 3\n#define ROCM_VERSION_PATCH 1", 0, ["."]),
        ("#define ROCM_VERSION_MAJOR 6\n#define ROCM_VERSION_MINOR 3\n#define ROCM_VERSION_PATCH 1\n", 0, ["6.3"]),
        ("#define ROCM_VERSION_MAJOR 08\n#define ROCM_VERSION_MINOR 3\n#define ROCM_VERSION_PATCH 1\n", 1, []),
        ("#define ROCM_VERSION_MAJOR 6\n" * 2 + "#define ROCM_VERSION_MINOR 3\n#define ROCM_VERSION_PATCH 1\n", 1, []),
        ("#define ROCM_VERSION_MAJOR 6\n", 1, []),
        (None, 1, []),
    ],
)
def test_rocm_version(text: str | None, status: int, version: list[str]) -> None:
    """A number that is none, two lines for one, or no line: the script stops with 1."""
    overlay = Overlay(absent=(HEADER,)) if text is None else Overlay(files=((HEADER, text),))
    result = plan(before_another(helpers.find_rocm_version), overlay=overlay)
    assert result.status == status
    if version != ["."]:
        assert exported(result, "BUILD_ROCM_VERSION") == version


@pytest.mark.parametrize(
    ("build", "variants"), [(CUDA, ["cuda"]), (ROCM, ["rocm"]), ("x-cuda13.0", []), (PLAIN, ["cuda"])]
)
def test_fbgemm_variant(build: str, variants: list[str]) -> None:
    """Not for CUDA 13."""
    result = plan(helpers.install_torchrec_and_fbgemm, {"BUILD_ENVIRONMENT": build})
    built = [text.rpartition("=")[2] for text in texts(result) if "bdist_wheel" in text]
    pins = [text.split()[2] for text in texts(result) if "checkout" in text]
    assert built == variants
    assert pins == ["pin-fbgemm_rocm" if variant == "rocm" else "pin-fbgemm" for variant in variants]


def test_fbgemm_wheel_from_the_build_job() -> None:
    """No clone, but the same installs around it."""
    wheel = having("dist/fbgemm_gpu/f.whl")
    result = texts(plan(lambda sh: helpers.install_fbgemm(sh, "cuda"), overlay=wheel))
    assert result[-2:] == ["python3 -mpip install --no-index --no-deps dist/fbgemm_gpu/f.whl", "rm -rf fbgemm"]
    assert not any(text.startswith("git") for text in result)


def test_second_clone_of_xla_finds_the_first() -> None:
    """Even in a dry run, where nothing is cloned."""

    def twice(sh: Session) -> None:
        helpers.clone_pytorch_xla(sh)
        helpers.clone_pytorch_xla(sh)

    steps = executed(plan(twice))
    assert [step.cwd for step in steps] == [".", "xla", "xla", "xla"]
    assert steps[1].argv == ("git", "checkout", "pin-xla")


def test_empty_number_of_shards_stops() -> None:
    """Unreachable in the script."""
    assert plan(helpers.require_num_test_shards).status == 1
    assert plan(helpers.require_num_test_shards, {"NUM_TEST_SHARDS": "1"}).status == 0
