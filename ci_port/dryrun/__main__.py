"""`python -m ci_port.dryrun`: show what the compiler says of the recorder's library."""

from __future__ import annotations

import sys

from ci_port.dryrun import build

if __name__ == "__main__":
    try:
        sys.exit(build.show())
    except build.CannotRunHere as error:
        sys.exit(str(error))
