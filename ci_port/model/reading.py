"""Reading a whole file as text, packed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ci_port.model.fields import DataError

if TYPE_CHECKING:
    from pathlib import Path


def read_text(path: Path) -> str:
    """Return the text of a file, unpacked if its name ends in `.gz`; raises DataError naming the file."""
    import gzip  # not at the top: the runner starts faster without, and its world is not packed
    import zlib

    try:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            raw = gzip.decompress(raw)
        return raw.decode()
    except OSError as error:
        reason = error.strerror or str(error)
    except (EOFError, zlib.error, UnicodeDecodeError) as error:
        reason = str(error)
    raise DataError(str(path), 1, "", f"cannot be read: {reason}")
