"""Hypothesis strategies for worlds, cases, jobs and plans, as wide as their formats."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ci_port.model import (
    Case,
    Content,
    Digest,
    Environment,
    Execute,
    File,
    Limit,
    Link,
    Overlay,
    Plan,
    Rule,
    Source,
    Step,
    Text,
    Umask,
    User,
    World,
    Write,
)
from ci_port.model.libraries import NAMES
from ci_port.model.rules import NEWEST, Made
from ci_port.model.tools import PURE

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NO_NUL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
PARTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/()"), min_size=1, max_size=5).filter(
    lambda part: part not in (".", "..")
)
VARIABLES = st.text("AB_z", min_size=1, max_size=3)
WORDS = st.sampled_from(["a", "-b", "c d", "", "*", "[!-]*", "**x", "é"])
PLAIN = st.text("abc-._", min_size=1, max_size=4)
MODES = st.integers(0, 0o7777).filter(lambda mode: mode != 0o644)


def paths(top: str) -> st.SearchStrategy[str]:
    """Return absolute paths below a directory."""
    return st.lists(PARTS, min_size=1, max_size=3).map(lambda parts: "/".join([top, *parts]))


def contents(version: int = NEWEST) -> st.SearchStrategy[Content]:
    """Return what may stand at a path."""
    if version < NEWEST:
        return TEXT
    return TEXT | st.builds(File, TEXT, MODES) | st.builds(Link, paths(".."))


MADE: st.SearchStrategy[Made] = st.none() | contents()
PIECES = st.sampled_from(["x", "{0}", "{1.name}", "{2.stem}", "/", "{a}", "{"])
TEMPLATES = st.lists(PIECES, min_size=1, max_size=4).map("".join).filter(lambda path: path != "/")


@st.composite
def rules(draw: st.DrawFn, version: int = NEWEST) -> Rule:
    """Return a rule of this version."""
    argv = (draw(PLAIN), *draw(st.lists(WORDS, max_size=3)), "**")
    rule = Rule(
        argv,
        draw(st.integers(0, 255)),
        draw(TEXT),
        tuple(draw(st.dictionaries(VARIABLES, st.sampled_from(["", "a*", "[x]?"]), max_size=2)).items()),
        draw(st.integers(0, 3)),
    )
    if version < NEWEST:
        return rule
    return Rule(
        rule.argv,
        rule.status,
        rule.stdout,
        rule.when,
        rule.nth,
        draw(TEXT),
        tuple(draw(st.dictionaries(TEMPLATES, MADE, max_size=2)).items()),
        tuple(draw(st.lists(TEMPLATES, max_size=2))),
    )


ENVIRONMENTS = st.dictionaries(VARIABLES, NO_NUL, max_size=3).map(Environment)
FILES = "/files"


def tree(version: int) -> st.SearchStrategy[dict[str, Content]]:
    """Return files that stand beside each other."""
    names = PARTS.map(lambda name: f"{FILES}/{name}")
    return st.dictionaries(names, contents(version), max_size=3)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Return a world of either version, in which nothing contradicts anything else."""
    version = draw(st.sampled_from([1, NEWEST]))
    plain: dict[str, Any] = {
        "workspace": draw(st.just("/") | paths("/w")),
        "path": draw(st.sampled_from(["", "/bin", "/bin:/opt/bin"])),
        "env": draw(ENVIRONMENTS),
        "executables": frozenset(draw(st.lists(PLAIN.map(lambda name: f"/bin/x{name}"), max_size=2))),
        "dirs": frozenset(draw(st.lists(paths("/dirs"), max_size=2))),
        "files": draw(tree(version)),
        "commands": tuple(draw(st.lists(rules(version), max_size=2))),
    }
    if version < NEWEST:
        pure, scripts = draw(st.frozensets(PLAIN)), draw(st.lists(PARTS, min_size=1, max_size=2).map("/".join))
        return World(**plain, pure=pure, scripts=scripts)
    missing = frozenset(draw(st.lists(PLAIN.map(lambda name: f"no{name}"), max_size=2)))
    word = st.text("abc-_.", min_size=1, max_size=5)
    return World(
        **plain,
        pure=draw(st.just(PURE) | st.frozensets(PLAIN.map(lambda name: f"x{name}"))),
        scripts=draw(st.sampled_from([".", "ci", "a/b"])),
        version=version,
        missing=missing,
        absent=tuple(draw(st.lists(paths("/none") | st.just("/none/*.[ch]"), max_size=2))),
        include=tuple(draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))),
        user=draw(
            st.builds(User, st.none() | word, st.integers(0, 9999), st.integers(0, 9999), st.none() | paths("/home"))
        ),
        host=draw(word),
        umask=draw(st.integers(0, 0o777)),
        cpus=draw(st.integers(1, 64)),
        shell=draw(st.sampled_from([(), ("bash",), ("bash", "-eux"), ("/bin/sh", "", "-o")])),
        checkout=draw(st.booleans()),
        follow=tuple(draw(st.lists(st.sampled_from(["ci/*.sh", "*", "a?[bc]"]), max_size=2))),
    )


OVERLAYS = st.builds(
    Overlay,
    st.lists(rules(), max_size=2).map(tuple),
    tree(NEWEST).map(lambda files: tuple(files.items())),
    st.lists(paths("/none") | st.just("/*"), max_size=2).map(tuple),
    st.lists(PLAIN, max_size=2).map(tuple),
    st.lists(paths("/bin"), max_size=2).map(tuple),
)
CHANGES = st.dictionaries(VARIABLES, st.none() | NO_NUL, max_size=3).map(lambda changes: tuple(sorted(changes.items())))
CASES = st.builds(Case, TEXT, CHANGES, st.none() | OVERLAYS, st.lists(NO_NUL, max_size=3).map(tuple), st.none() | TEXT)
JOBS = st.builds(Case, TEXT, CHANGES, st.none(), st.lists(NO_NUL, max_size=3).map(tuple), st.none() | TEXT)

DIGESTS = st.builds(Digest, st.text("0123456789abcdef", min_size=64, max_size=64), st.integers(1, 1 << 40))
WRITTEN: st.SearchStrategy[Text] = NO_NUL | DIGESTS
FED = WRITTEN.filter(lambda text: text != "")
STREAMS = st.none() | st.sampled_from(["pipe", "heredoc", "/dev/null", ">>log", "a b"])
ARGVS = st.lists(TEXT, min_size=1, max_size=3).map(tuple)
OTHERS: st.SearchStrategy[Step] = st.one_of(
    st.builds(Source, TEXT),
    st.builds(Write, TEXT, st.booleans(), st.none() | WRITTEN),
    st.builds(Limit, TEXT, st.integers() | st.just("unlimited")),
    st.builds(Umask, st.text("01234567", min_size=3, max_size=4)),
)


def commands(inner: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    """Return commands; some are scripts that are followed, with these steps."""
    return st.builds(
        Execute,
        ARGVS,
        TEXT,
        CHANGES,
        st.integers(0, 255),
        STREAMS,
        STREAMS,
        STREAMS,
        st.none() | FED,
        st.lists(inner, max_size=2).map(tuple),
    )


STEPS = st.recursive(OTHERS, lambda inner: commands(inner) | OTHERS, max_leaves=6)
PLANS = st.builds(Plan, st.lists(STEPS, max_size=4).map(tuple), st.integers(0, 255))
