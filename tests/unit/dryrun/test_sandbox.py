"""What a worker gives up, and which line of the kernel holds what, without the library: our own code tries it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ci_port.dryrun import landlock, sandbox, seccomp

ROOT = Path(__file__).parents[3]
BEGIN = """
import ctypes, os, resource, socket, sys
from ci_port.dryrun import landlock, mounts, sandbox, seccomp
from ci_port.dryrun.limits import Limits
inside, outside, server, lines = sys.argv[1:5]
if "landlock" not in lines: landlock.version = lambda: 0
if "seccomp" not in lines: seccomp.is_there = lambda: False
if "mounts" not in lines: mounts.seal = lambda writable: False
ends, stays = os.pipe()
victim = os.fork()
if not victim:
    os.close(stays)
    os.closerange(0, 3)
    os.read(ends, 1)  # it ends with its parent
    os._exit(0)
sealed, seal = [], mounts.seal
mounts.seal = lambda writable: sealed.append(seal(writable))
ctypes.CDLL(None)
sandbox.confine(inside, ("/bin/sh",), (), Limits(output=1 << 20))
"""
CODE = """
print(os.umask(0), resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_FSIZE))
print(resource.getrlimit(resource.RLIMIT_STACK)[0] <= 8 << 20)
open(inside + "/file", "w").close()
try:
    open(outside + "/new", "w").close()
except OSError:
    print("refused")
"""
ACTS = """
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    if libc.syscall(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "")
def connected():
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(server)
def loaded():
    ctypes.CDLL(inside + "/code.so")
file = outside + "/file"
acts = {
    "write": lambda: open(file, "a").close(),
    "make": lambda: os.mkdir(outside + "/new"),
    "remove": lambda: os.unlink(outside + "/goes"),
    "rename": lambda: os.rename(outside + "/moves", outside + "/moved"),
    "truncate": lambda: os.truncate(file, 0),
    "link": lambda: os.link(file, outside + "/hard"),
    "mode": lambda: os.chmod(file, 0o600),
    "time": lambda: os.utime(file, (1, 1)),
    "owner": lambda: os.chown(file, os.getuid(), os.getgid()),
    "attribute": lambda: os.setxattr(file, "user.mark", b"x"),
    "read": lambda: open(file).read(),
    "list": lambda: os.listdir(outside),
    "run": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "load": loaded,
    "datagram": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
    "connection": connected,
    "pair": lambda: [end.close() for end in socket.socketpair()],
    "trace": lambda: call(101 if os.uname().machine == "x86_64" else 117, 16, victim, 0, 0),
    "mount": lambda: call(165 if os.uname().machine == "x86_64" else 40, b"x", inside.encode(), b"tmpfs", 0, 0),
    "namespace": lambda: call(272 if os.uname().machine == "x86_64" else 97, 0x10000000),
    "program of memory": lambda: os.close(os.memfd_create("x")),
    "device": lambda: os.mknod(inside + "/device", 0o020600, os.makedev(1, 3)),
}
for name, act in acts.items():
    try:
        act()
        print("done:", name)
    except OSError:
        pass
print("sealed:", sealed == [True])
os.mkfifo(inside + "/fifo")
os.mknod(inside + "/plain")
"""
FILES = {"write", "make", "remove", "rename", "truncate", "link"}
HELD = {
    "landlock": FILES | {"read", "list", "run"},
    "seccomp": {
        "owner",
        "attribute",
        "datagram",
        "connection",
        "pair",
        "trace",
        "mount",
        "namespace",
        "program of memory",
    },
    "mounts": FILES | {"mode", "time", "owner", "attribute", "load"},
}
"""What each line holds by itself, where the kernel has it."""
ALWAYS = {"device", "mount"}
"""What takes a capability: nobody has one."""


def confined(code: str, folder: Path, lines: str = "landlock seccomp mounts") -> str:
    """Run code in a process that is confined for good, beside a listener; return what it prints."""
    for name in ("inside", "outside"):
        (folder / name).mkdir()
    (folder / "outside/file").write_text("secret\n")
    for name in ("goes", "moves"):
        (folder / "outside" / name).write_text("")
    (folder / "code.c").write_text("int code;\n")
    subprocess.run(["cc", "-shared", "-o", str(folder / "inside/code.so"), str(folder / "code.c")], check=True)
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(folder)
        server.bind("s")
        server.listen()
        done = subprocess.run(
            [sys.executable, "-c", BEGIN + code, str(folder / "inside"), str(folder / "outside"), "s", lines],
            capture_output=True,
            text=True,
            check=False,
            env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
        )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(autouse=True)
def back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever directory a test goes to, the next one is where it was: the name of a socket has to be short."""
    monkeypatch.chdir(Path.cwd())


def test_a_confined_process_writes_in_one_directory_and_no_more_than_it_may(tmp_path: Path) -> None:
    said = confined(CODE, tmp_path)
    assert said == f"18 (0, 0) ({1 << 20}, {1 << 20})\nTrue\nrefused\n"
    assert sorted(path.name for path in (tmp_path / "inside").iterdir()) == ["code.so", "file"]
    assert sorted(path.name for path in (tmp_path / "outside").iterdir()) == ["file", "goes", "moves"]


@pytest.mark.parametrize("lines", ["landlock", "seccomp", "mounts", "landlock seccomp", "landlock seccomp mounts"])
def test_each_line_holds_what_is_its_own(lines: str, tmp_path: Path) -> None:
    said = confined(ACTS, tmp_path, lines).splitlines()
    there = {
        "landlock": landlock.version() >= 3,
        "seccomp": seccomp.is_there(),
        "mounts": "sealed: True" in said,
    }
    held = set().union(*(HELD[line] for line in lines.split() if there[line])) | (ALWAYS & {"device"})
    done = {line.removeprefix("done: ") for line in said if line.startswith("done: ")}
    assert done & held == set()
    if lines == "landlock seccomp mounts" and all(there.values()):
        assert done == set()
        assert (tmp_path / "outside/file").read_text() == "secret\n"
    assert (tmp_path / "inside/fifo").is_fifo()
    assert (tmp_path / "inside/plain").is_file()


def test_without_any_line_all_of_it_can_be_done(tmp_path: Path) -> None:
    """Else the test above shows nothing."""
    done = {line.removeprefix("done: ") for line in confined(ACTS, tmp_path, "").splitlines() if "done: " in line}
    assert {"write", "make", "remove", "link", "run", "load", "datagram", "pair", "program of memory"} <= done


def test_reading_everything_is_kept_for_files_of_others_only(tmp_path: Path) -> None:
    """Root reads a repository of somebody else's, mounted into a container."""
    (tmp_path / "folder").mkdir()
    file = tmp_path / "folder/file"
    file.touch(0o600)
    (tmp_path / "folder/link").symlink_to("file")
    assert not sandbox.takes_rights([str(file), str(tmp_path / "folder/link"), str(tmp_path / "gone")])
    if os.geteuid() != 0:
        return
    os.chown(file, 12345, 12345)
    assert sandbox.takes_rights([str(file)])
    file.chmod(0o644)
    assert not sandbox.takes_rights([str(file)])
    os.chown(tmp_path / "folder", 12345, 12345)
    (tmp_path / "folder").chmod(0o711)
    assert sandbox.takes_rights([str(file)])


HALF = """
def no(*_, **__):
    raise OSError(1, "not here")
def space():
    return [os.stat("/proc/self/ns/" + name).st_ino for name in ("mnt", "user")]
before = space()
for name in ("_set", "_enter"):
    original = getattr(mounts, name)
    setattr(mounts, name, no)
    print(mounts_seal(inside), space() == before)
    setattr(mounts, name, original)
open(inside + "/made", "w").close()
"""


def test_what_cannot_be_sealed_whole_is_left_as_it_is(tmp_path: Path) -> None:
    """A user namespace without a map of users would be the end of every file that a run makes."""
    code = BEGIN.replace("sandbox.confine", "mounts_seal = seal\n" + HALF + "\nsys.exit()\nsandbox.confine")
    (tmp_path / "inside").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "inside"), "", "", "landlock seccomp mounts"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
    )
    assert done.stdout == "False True\nFalse True\n", done.stderr
    assert (tmp_path / "inside/made").exists()
