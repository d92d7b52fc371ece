"""The known differences between the recorder and real bash; each stands in `docs/limits.md` with its reason."""

from __future__ import annotations

from tests.parity.judging import Limit

LIMITS: tuple[Limit, ...] = (
    Limit("impossible-rule", difference=r"^ended: by itself \| refused, \S+, which a rule makes, cannot be made: "),
    Limit("background", script=r"exec > >\([^)]*>[^)]*\).*\*", difference=r"^(?:file|printed|command)\b"),
    Limit("background", script=r"\blastpipe\b.*\bset -\w*e|-\w*e\b.*\blastpipe\b", difference=r"^command \d+: "),
)
"""Those of random scripts."""

_ELSEWHERE = r"(?:^|[\s\"'=>])/(?:lib|usr/lib|bin|root|home|zz|etc/(?:passwd|group))\b|\bchmod .*\s/(?:opt|usr|etc)\b"
_DENIED = r"status: 1 \| 0$|^printed: |^command \d+: none \| |^file \S+: absent \| "
_MISSING = r"file .*command not found"
_SHELL = r"(?:\$\{?(?:SH|THIS_SH)\}?|\b(?:ba)?sh)"
SUITE_LIMITS: tuple[Limit, ...] = (
    *LIMITS,
    Limit("syntax-error", difference=r"^ended: by itself \| refused, the script is no valid bash: "),
    Limit("network-of-bash", difference=r"^ended: by itself \| refused, the shell opens a network connection "),
    Limit("limits-of-resources", script=r"\bulimit\b", difference=r"^(?:printed|file .*): .*\d.* \| |^exit status: "),
    Limit(
        "limits-of-resources", difference=r"^ended: by itself \| refused, the run needs more than \d+ bytes of memory"
    ),
    Limit("text-of-a-shell", script=rf"{_SHELL}[^\n|;&]*(?: -\w*[cisO]|<| - |--rcfile)|\| *{_SHELL}\s*$"),
    Limit("completion", script=r"\b(?:compgen|complete)\b", difference=r"^(?:printed: |exit status: )"),
    Limit("locales", script=r"\b(?:LANG|LC_\w+|TZ)=", difference=r"^(?:printed: |exit status: |command \d+: |file )"),
    Limit("background", script=r"\bcoproc\b|&\s*(?:$|\n).*\b(?:wait|kill|jobs|fg)\b", difference=r""),
    Limit("background", script=r"\w & \w", difference=r"^printed: "),
    Limit("time", script=r"\bsleep\b|\\D?\{|\\[dt]\b", difference=r""),
    Limit("time", script=r"\bdate\b", difference=r"20\d\d.* \| .*202[45]|\d{10}.* \| .*17\d{8}"),
    Limit("changed-since-read", script=r"(?:test|\[) -N ", difference=r"^(?:printed|exit status): "),
    Limit("outputs", script=r">\s*/dev/std(?:out|err)", difference=r"^printed: "),
    Limit("endless-writer", script=r"/dev/(?:zero|urandom)|\byes\b", difference=r"^(?:printed|command)"),
    Limit(
        "unlisted-command",
        difference=rf"^exit status: 127 \| |^command \d+: none \| |^(?:printed: .*127|{_MISSING}).* \| ",
    ),
    Limit("owners", script=_ELSEWHERE, difference=_DENIED),
    Limit("remembered-command", script=r"\brm\b.*\n", difference=r"status=127.* \| .*status=0"),
)
"""Those of public test suites and of scripts of other projects, which look at all of bash and of their machine."""
