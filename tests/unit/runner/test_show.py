"""A plan as text."""

from __future__ import annotations

from ci_port.model import Digest, Execute, Limit, Plan, Source, Umask, Write
from ci_port.runner.show import lines


def test_every_kind_of_step() -> None:
    plan = Plan(
        (
            Execute(("python", "-c", "a b"), "test", (("A", "1 2"), ("B", None)), 1),
            Execute(("which", "x"), stdin="in", stdout="/dev/null", stderr="pipe"),
            Source("venv/bin/activate"),
            Write("a b", append=True),
            Write("c", append=False),
            Limit("core", 0),
            Umask("077"),
            Write("c", append=False, text="a\n"),
            Execute(("./s.sh",), input=Digest("0" * 64, 9), steps=(Source("x"), Execute(("y",)))),
        ),
        2,
    )
    assert list(lines(plan)) == [
        "python -c 'a b'  # in test; env A='1 2' -u B; status 1",
        "which x < in > /dev/null 2> pipe",
        "source venv/bin/activate",
        "write >> 'a b'",
        "write > c",
        "ulimit core 0",
        "umask 077",
        "write > c  # 'a\\n'",
        "./s.sh  # reads 9 bytes; itself source x; itself y",
        "# exit status 2",
    ]
