"""`ci-port bundle`: runner, port, lock and data in one executable file."""

from __future__ import annotations

import argparse
from pathlib import Path

from ci_port.cli import status
from ci_port.cli.output import check_writable, make_folder, write
from ci_port.project.file import load_project
from ci_port.project.subjects import subjects_of
from ci_port.runner.bundle import bundle, check_lock, lock_file

ABOUT = """\
Write one executable file with all that CI needs to run the port: `python3 FILE --fallback-on-error` works where nothing
is installed but Python 3.10 or later. The same sources and the same Python version give the same bytes.
"""
EXAMPLES = """\
The compiled code in it is for the Python that makes it; any other one compiles the sources in it at each start.

examples:
  {prog} -o .ci/pytorch/test_python_ci.py
"""


def add(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument("--output", "-o", required=True, metavar="FILE", help="the file to write")


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port bundle` and return the exit status."""
    check_lock(lambda: subjects_of(load_project(None)).port.fingerprint)
    target = Path(arguments.output)
    if not target.parent.exists():
        make_folder(target.parent, "--output")
    check_writable(target, "--output")
    content = bundle(lock_file().read_bytes())
    write(target, content, "--output", executable=True)
    print(f"wrote {target}: {len(content):,} bytes")
    return status.SAME
