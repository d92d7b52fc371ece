"""Which file a `source` command names, as far as the text alone tells."""

from __future__ import annotations

import re
from pathlib import Path

from ci_port.bash import words

# The usual ways to say "the directory of this script".
_OWN = r"\$(?:0|BASH_SOURCE|\{(?:0|BASH_SOURCE(?:\[0\])?)\})"
_DIRECTORY = re.compile(
    rf"^\"?(?:\$\{{(?:BASH_SOURCE(?:\[0\])?|0)%/\*\}}|\$\(\s*dirname\s+(?:--\s+)?\"?{_OWN}\"?\s*\)"
    rf"|`dirname\s+\"?{_OWN}\"?`)\"?(?=/)"
)
_DIRECTIVE = re.compile(r"^\s*#\s*shellcheck\s+(?:.*\s)?source=(\S+)")


def resolve(word: str, script: Path, line_before: str) -> Path | None:
    """Return the file that `source word` in `script` names; None if only a run can tell.

    The directory of the script is recognised in its usual spellings, and shellcheck's directive on the line before
    says it for all others. A plain relative name is looked for beside the script: where the run starts is not known.
    """
    if match := _DIRECTORY.match(word):
        rest = words.literal(word[match.end() :].replace('"', ""))
        return script.parent / rest.lstrip("/") if rest else None
    if (found := _DIRECTIVE.match(line_before)) and found[1] != "/dev/null":
        return script.parent / found[1]
    path = words.literal(word)
    return None if path is None else script.parent / path
