"""Generated scripts: small ones over the grammar of what hands a status on, asks for it, or drops it."""

from __future__ import annotations

import itertools
import re

from hypothesis import strategies as st

# `@` becomes a stand-in of its own. What asks does so visibly.
_SIMPLE = ("@",) * 8 + (
    *("f", "g") * 2,
    "true",
    "false",
    "rc=$?",
    "(( rc )) && @",
    "(( $? )) && @",
    "(( PIPESTATUS[0] )) && @",
    "[[ $? = 0 ]] || @",
    "f $?",
    "time @",
    "wait $!",
)
_ENDS = ("return", "return $?", "exit", "exit $?", "return 0", "break")
_OPTIONS = ("set -e", "set +e", "set -o pipefail", "set +o pipefail")
_COMPOUND = (
    "{ %s; }",
    "( %s )",
    "if %s; then %s; fi",
    "if %s; then %s; else %s; fi",
    "if %s; then %s; elif %s; then %s; fi",
    "while %s; do %s; break; done",
    "until %s; do %s; break; done",
    "for i in 1 2; do %s; done",
    "case x in x) %s ;; esac",
    "case x in x) %s ;& y) %s ;; esac",
    "x=$( %s)",
    "x=`%s`",
    "x=$( %s) y=$( %s)",
    "x=${x:-$( %s)}",
    ": $( %s)",
    "$( %s)",
    "f $( %s)",
    "f $( %s) $?",
    "export x=$( %s)",
    "[[ $( %s) ]]",
    "case $( %s) in *) %s ;; esac",
    "for i in $( %s) x; do %s; done",
    "{ %s; } & wait $!",
    "{ %s; } 2>&1",
    ": < <(%s)",
)
_SIGNS = (" && ", " || ", " && ", " || ", " | ", "; ", "; ", "\n", "\n")
_TRAPS = ("trap '(( $? )) && @' EXIT", "trap '@' ERR", "trap 'exit $?' EXIT", "trap '(( $? )) && @' RETURN")


def _filled(template: str, lists: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    count = template.count("%s")
    return st.tuples(*[lists] * count).map(lambda parts: template % parts)


def _joined(commands: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return lists of one to four commands, some with `!` before them, joined by all that joins commands."""
    one = st.tuples(st.sampled_from(("", "", "", "", "! ")), commands).map("".join)
    rest = st.lists(st.tuples(st.sampled_from(_SIGNS), one).map("".join), max_size=3)
    # A `!` may only begin a pipeline.
    return st.tuples(one, rest.map("".join)).map("".join).map(lambda text: re.sub(r"\| ! ", "| ", text))


_simple = st.sampled_from(_SIMPLE + _ENDS + _OPTIONS)
_lists = st.recursive(
    _joined(_simple),
    lambda inner: _joined(
        st.one_of(st.sampled_from(_SIMPLE), st.sampled_from(_COMPOUND).flatmap(lambda text: _filled(text, inner)))
    ),
    max_leaves=6,
)


def _numbered(text: str) -> str:
    numbers = itertools.count(1)
    return re.sub("@", lambda _: f"c{next(numbers)}", text)


def _script(first: str, trap: str, g: str, f: str, body: str) -> str:
    g = re.sub(r"\b[fg]\b", ":", g)
    f = re.sub(r"\bf\b", "g", f)
    text = f"{first}\ng() {{ {g}; }}\nf() {{ {f}; }}\n{trap}\n{body}\n@\n"
    # With `set -e` a trap runs because of the stop, which is no decision.
    return _numbered(text.replace(f"\n{trap}\n", "\n") if "set -e" in text else text)


scripts = st.builds(
    _script,
    st.sampled_from(("", "", "set -e", "set -o pipefail", "set -eo pipefail")),
    st.sampled_from(("",) * 12 + _TRAPS),
    _lists,
    _lists,
    _lists,
)
