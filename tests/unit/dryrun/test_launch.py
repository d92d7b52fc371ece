"""How a script is started: the same table through ours, and through the kernel and bash themselves."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_port.dryrun.launch import Launch, Refused, launch

SHOWS = 'printf "%s\\n" "$-" "${SHELLOPTS//:/ }" "$0" "$@"\n'
"""What a script says of how it was started: the options in force, its own name, its arguments."""


@dataclass(frozen=True)
class Row:
    """A first line (BASH and SH stand for the machine's own) and the words that bash is started with before the script.

    Without `words`, it is refused with this problem.
    """

    name: str
    first_line: str
    words: tuple[str, ...] = ()
    problem: str = ""


ROWS = (
    Row("none", "", ("bash",)),
    Row("a comment", "# just a comment\n", ("bash",)),
    Row("bash", "#!BASH\n", ("bash",)),
    Row("a blank before it", "#! BASH\n", ("bash",)),
    Row("tabs around it", "#!\tBASH\t\n", ("bash",)),
    Row("an option", "#!BASH -e\n", ("bash", "-e")),
    Row("options in one word", "#!BASH -eux\n", ("bash", "-eux")),
    Row("blanks around the option", "#!BASH   -e  \n", ("bash", "-e")),
    Row("a tab before the option", "#!BASH\t-e\n", ("bash", "-e")),
    Row("what follows is one word", "#!BASH -e -u\n", ("bash", "-e -u")),
    Row("a long option", "#!BASH --posix\n", ("bash", "--posix")),
    Row("-o in one word", "#!BASH -o pipefail\n", ("bash", "-o pipefail")),
    Row("a single dash", "#!BASH -\n", ("bash", "-")),
    Row("env", "#!ENV bash\n", ("bash",)),
    Row("env and blanks", "#! ENV   bash  \n", ("bash",)),
    Row("env takes what follows for one name", "#!ENV bash -e\n", problem="only scripts for bash and sh"),
    Row("env -S", "#!ENV -S bash -eu\n", ("bash", "-eu")),
    Row("env -S in one word", "#!ENV -Sbash -e\n", ("bash", "-e")),
    Row("env -S and quotes", "#!ENV -S bash -o 'pipefail' -e\n", ("bash", "-o", "pipefail", "-e")),
    Row("env --split-string", "#!ENV --split-string=bash -e\n", ("bash", "-e")),
    Row("env -S with a variable", "#!ENV -S A=1 bash -e\n", problem="A=1"),
    Row("env -i", "#!ENV -i bash\n", problem="env with -i"),
    Row("env alone", "#!ENV\n", problem="calls env without a program"),
    Row("sh", "#!SH\n", ("bash", "--posix")),
    Row("sh -e", "#!SH -e\n", ("bash", "--posix", "-e")),
    Row("env sh", "#!ENV sh\n", ("bash", "--posix")),
    Row("python", "#!/usr/bin/python3\n", problem="the script is for /usr/bin/python3"),
    Row("env python", "#!/usr/bin/env python3\n", problem="the script is for python3"),
    Row("zsh", "#!/bin/zsh -f\n", problem="the script is for /bin/zsh"),
    Row("carriage return", "#!BASH\r\n", problem=r"the script is for '/.*bash\\r'"),
)
"""Options that bash does not know, and programs that are not there, are the affair of whoever starts the script."""


def first_line(row: Row) -> bytes:
    """Return the first line of a row with the machine's programs."""
    line = row.first_line
    for name in ("BASH", "SH", "ENV"):
        line = line.replace(name, shutil.which(name.lower(), path="/bin:/usr/bin") or f"/bin/{name.lower()}")
    return line.encode()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_words_that_bash_is_started_with(row: Row) -> None:
    if row.problem:
        with pytest.raises(Refused, match=row.problem):
            launch(first_line(row), "./ci/x.sh", (), ("a",))
        return
    found = launch(first_line(row), "./ci/x.sh", (), ("a", "b c", ""))
    assert found.argv == (*row.words, "./ci/x.sh", "a", "b c", "")
    assert bool(found.remark) is ("--posix" in row.words and "sh" in row.name.split())


def started(folder: Path, argv: list[str]) -> tuple[int, str]:
    """Return how a real start ends and what the script says, none of its own first line."""
    done = subprocess.run(
        argv,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
    )
    return done.returncode, done.stdout


# dash has other options than `bash --posix`; and posix mode is the one difference that sh makes where it is bash.
REAL = [row for row in ROWS if row.words and "sh" not in row.name.split()]


@pytest.mark.parametrize("row", REAL, ids=lambda row: row.name)
def test_the_kernel_and_bash_start_it_so(tmp_path: Path, row: Row) -> None:
    script = tmp_path / "x.sh"
    script.write_bytes(first_line(row) + SHOWS.encode())
    script.chmod(0o755)
    bash = shutil.which("bash", path="/bin:/usr/bin")
    assert bash is not None
    argv = launch(first_line(row), "./x.sh", (), ("a", "b c")).argv
    # A script without a first line of that kind is refused by the kernel, and run by the bash that starts it.
    really = (
        [bash, "-c", './x.sh "$@"', "starter", "a", "b c"] if "#!" not in row.first_line else ["./x.sh", "a", "b c"]
    )
    ours = started(tmp_path, [bash, *argv[1:]])
    assert ours == started(tmp_path, really)
    assert (ours[1] != "") is (ours[0] == 0)


@pytest.mark.parametrize(
    "line", [b"#!/bin/bash -e\n", b"#!/usr/bin/env bash\n", b"#!/bin/sh\n", b"#!/usr/bin/python3\n", b""]
)
def test_ci_may_start_it_otherwise_than_its_first_line_says(line: bytes) -> None:
    assert launch(line, "ci/x.sh", ("bash", "-eux"), ("a",)) == Launch(("bash", "-eux", "ci/x.sh", "a"))
    assert launch(line, "ci/x.sh", ("/usr/local/bin/bash",), ()) == Launch(("bash", "ci/x.sh"))
    by_sh = launch(line, "ci/x.sh", ("sh", "-e"), ("a",))
    assert by_sh.argv == ("bash", "--posix", "-e", "ci/x.sh", "a")
    assert by_sh.remark == "ci/x.sh is a script for sh; it is recorded under bash in posix mode"


def test_a_first_line_that_is_longer_than_the_kernel_reads_is_cut() -> None:
    # binfmt_script(5): 255 bytes, the two at its start among them.
    path = "/x/" + "y" * 300 + "/bash"
    with pytest.raises(Refused):
        launch(f"#!{path}\n".encode(), "./x.sh", (), ())


def test_a_first_line_need_be_no_text() -> None:
    with pytest.raises(Refused, match=r"the script is for '/bin/\\udcff\\udcfe'"):
        launch(b"#!/bin/\xff\xfe\n", "./x.sh", (), ())


def test_the_kernel_hands_on_what_follows_the_interpreter_as_one_word(tmp_path: Path) -> None:
    shower = tmp_path / "show"
    shower.symlink_to(shutil.which("echo", path="/usr/bin:/bin") or "/bin/echo")
    script = tmp_path / "x"
    script.write_text(f"#!{shower}  -e  two \t words  \n")
    script.chmod(0o755)
    done = subprocess.run([script, "arg"], capture_output=True, text=True, check=True)
    assert done.stdout == f"-e  two \t words {script} arg\n"
