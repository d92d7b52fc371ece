"""What a worker gives up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import os, resource, sys
from ci_port.dryrun import sandbox
from ci_port.dryrun.limits import Limits
inside, outside = sys.argv[1:]
sandbox.confine(inside, ("/bin/sh",), Limits(output=4096))
print(os.umask(0), resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_FSIZE))
print(resource.getrlimit(resource.RLIMIT_STACK)[0] <= 8 << 20)
open(inside + "/file", "w").close()
try:
    open(outside + "/file", "w").close()
except PermissionError:
    print("refused")
"""


def test_a_confined_process_writes_in_one_directory_and_no_more_than_it_may(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(inside), str(outside)], capture_output=True, text=True, check=False
    )
    assert done.stdout == "18 (0, 0) (4096, 4096)\nTrue\nrefused\n", done.stderr
    assert [path.name for path in inside.iterdir()] == ["file"]
    assert not list(outside.iterdir())
