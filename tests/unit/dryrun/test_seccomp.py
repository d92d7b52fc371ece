"""The numbers of the table are the kernel's own."""

from __future__ import annotations

import re
import subprocess

import pytest

from ci_port.dryrun import seccomp


def numbers(header: str) -> dict[str, int]:
    """Return the numbers that a header of the kernel defines."""
    text = f"#include <{header}>\n"
    done = subprocess.run(["cc", "-E", "-dM", "-"], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"this needs the kernel's headers (Debian, Ubuntu: apt-get install linux-libc-dev): {done.stderr}")
    found = re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)$", done.stdout, re.MULTILINE)
    return {name: int(number) for name, number in found}


@pytest.mark.parametrize(("column", "header"), [(0, "asm/unistd_64.h"), (1, "asm-generic/unistd.h")])
def test_each_number_is_that_of_its_name(column: int, header: str) -> None:
    known = numbers(header)
    assert len(known) > 200
    wrong = {
        name: (pair[column], known[name])
        for name, pair in seccomp._REFUSED.items()
        if name in known and pair[column] != known[name]
    }
    assert wrong == {}
    assert sum(name in known for name in seccomp._REFUSED) > 60
