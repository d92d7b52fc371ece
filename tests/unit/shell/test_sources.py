"""Which file a `source` names."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.shell.sources import resolve


@pytest.mark.parametrize(
    ("word", "before", "path"),
    [
        ('"${BASH_SOURCE[0]%/*}/b.sh"', "", "/s/b.sh"),
        ('"$(dirname "${BASH_SOURCE[0]}")/b.sh"', "", "/s/b.sh"),
        ('$(dirname "$0")/lib/b.sh', "", "/s/lib/b.sh"),
        ('"${0%/*}"/b.sh', "", "/s/b.sh"),
        ("./b.sh", "", "/s/b.sh"),
        ("/etc/b.sh", "", "/etc/b.sh"),
        ('"$DIR/b.sh"', "", None),
        ('"$DIR/b.sh"', "# shellcheck source=./c.sh", "/s/c.sh"),
        ('"$DIR/b.sh"', "# shellcheck source=/dev/null", None),
    ],
)
def test_resolve(word: str, before: str, path: str | None) -> None:
    assert resolve(word, Path("/s/a.sh"), before) == (Path(path) if path else None)
