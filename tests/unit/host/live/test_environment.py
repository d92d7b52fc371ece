"""What a command finds in its environment, and where it runs, beside bash: whatever the job was started with."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.bash.variables import changes_bash
from tests.unit.host.live.beside_bash import BASH, as_port, ran

STARTS: tuple[dict[str, str], ...] = (
    {"PS1": "x", "PS2": "y"},
    {"BASH": "/my/bash"},
    {"COMP_WORDBREAKS": "abc"},
    *({"PWD": value} for value in ("{here}", "{link}", "{here}/.", "{here}/../{name}", "/none", "", "link", "/", "//")),
    *({"OLDPWD": value} for value in ("{here}", "/", "/none", "", "folder", "none", "{here}/plain")),
    *({"SHLVL": value} for value in ("5", "x", "-3", "-1", "", "998", "999", "1000", "007", " 4", "1_0", "+2", "4 x")),
    {"_": "/bin/foo", "HOSTNAME": "h", "OSTYPE": "o", "MACHTYPE": "m"},
    {"LINES": "9", "COLUMNS": "8", "TMOUT": "1000", "REPLY": "r", "MAIL": "x", "PROMPT_COMMAND": "z"},
    {"HOME": ""},
    {"1A": "x", "a b": "c", "x-y": "1", "é": "ü"},
    {"INSIDE_EMACS": "x", "ENV": "/x", "histchars": "!", "FUNCNEST": "0", "LC_ALL": "C", "OPTARG": "z"},
)
SCRIPT = "env -0\ncd folder\nenv -0\ncd ..\nenv -0\n"
PORT = "sh.run('env', '-0'); sh.cd('folder'); sh.run('env', '-0'); sh.cd('..'); sh.run('env', '-0')"


@pytest.mark.parametrize("start", STARTS, ids=str)
@pytest.mark.parametrize("through_link", [False, True], ids=["here", "link"])
def test_environment_of_commands(place: Path, start: dict[str, str], through_link: bool) -> None:
    link = place.parent / f"link-to-{place.name}"
    link.symlink_to(place)
    names = {"here": str(place), "link": str(link), "name": place.name}
    env = {name: value.format(**names) for name, value in start.items()}
    assert not [name for name in env if changes_bash(name)]
    (place / "script").write_text(SCRIPT)
    where = link if through_link else place
    seen = [ran(command, place, cwd=where, env=env) for command in ([BASH, "script"], as_port(PORT))]
    assert [done.returncode for done in seen] == [0, 0]
    assert _by_name(seen[1].stdout) == _by_name(seen[0].stdout)


def _by_name(shown: bytes) -> list[bytes]:
    """Sort what each of the three commands has shown; `_` is how it was found."""
    return sorted(item for item in shown.split(b"\0") if not item.startswith(b"_="))


@pytest.mark.parametrize(
    ("script", "port"),
    [
        ("cd folder; rmdir ../folder; sh -c 'pwd; ls -a'", "sh.cd('folder'); sh.run('rmdir', '../folder'); %"),
        (
            "cd folder; rmdir ../folder; mkdir ../folder; touch ../folder/new; sh -c 'ls -a; cat < ../plain'",
            "sh.cd('folder'); sh.run('rmdir', '../folder'); sh.run('mkdir', '../folder'); "
            "sh.run('touch', '../folder/new'); %",
        ),
        (
            "cd folder; mv ../folder ../moved; sh -c 'ls -a ..'",
            "sh.cd('folder'); sh.run('mv', '../folder', '../moved'); %",
        ),
    ],
    ids=["removed", "replaced", "moved"],
)
def test_commands_stay_in_a_directory_that_has_gone(place: Path, script: str, port: str) -> None:
    shown = script[script.index("sh -c '") + 7 : -1]
    seen = []
    for command in ([BASH, "-c", script], as_port(port.replace("%", f"sh.ok('sh', '-c', {shown!r})"))):
        (place / "folder").mkdir(exist_ok=True)
        for path in (place / "folder").iterdir():
            path.unlink()
        done = ran(command, place)
        if (place / "moved").exists():
            (place / "moved").rename(place / "folder")
        seen.append(done.stdout)
    assert seen[0] == seen[1]


LEADS = "for n in 0 1 2; do readlink /proc/self/fd/$n || echo closed; done >> told 2> /dev/null"
WAYS = (
    ("sh -c %", "sh.run('sh', '-c', %)"),
    ("sh -c % < plain", "sh.run('sh', '-c', %, stdin='plain')"),
    ("sh -c % > new", "sh.run('sh', '-c', %, stdout='new')"),
    ("sh -c % 2> new", "sh.run('sh', '-c', %, stderr='new')"),
    ("sh -c % &> new", "sh.run('sh', '-c', %, stdout='new', stderr='new')"),
    ("sh -c % < plain > new 2> other", "sh.run('sh', '-c', %, stdin='plain', stdout='new', stderr='other')"),
    ("x=$(sh -c %)", "sh.assign('x', sh.output('sh', '-c', %))"),
    ("sh -c % <<< text", "sh.run('sh', '-c', %, stdin=HereDocument('text\\n'))"),
    ("cd folder; cd ..; source ./part", "sh.cd('folder'); sh.cd('..'); sh.source('./part')"),
)


@pytest.mark.parametrize(("script", "port"), WAYS, ids=[script for script, _ in WAYS])
@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
def test_descriptors_that_were_closed(place: Path, closed: str, script: str, port: str) -> None:
    (place / "part").write_text(LEADS)
    quoted = '"' + LEADS.replace("$", r"\$") + '"'
    told = []
    for command in ([BASH, "-c", script.replace("%", quoted)], as_port(port.replace("%", repr(LEADS)))):
        (place / "told").unlink(missing_ok=True)
        ran(["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *command], place)
        told.append([_kind(line) for line in (place / "told").read_text().splitlines()])
    if "0<&-" in closed and "$(" in script:
        # Bash leaves the reading end of its own pipe there, on which a command would wait for itself.
        assert (told[0].pop(0), told[1].pop(0)) == ("pipe or file", "closed")
    assert told[0] == told[1]
    assert len(told[0]) >= 2


def _kind(target: str) -> str:
    """Leave out what differs from run to run: the numbers of pipes, and how a here-document is held."""
    return "pipe or file" if target.startswith("pipe:") or "sh-thd" in target else target
