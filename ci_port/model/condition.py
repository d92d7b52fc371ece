"""`Condition`: a test on the variables of a run, as data.

A condition evaluates, prints as bash would write it, and hashes; both the inventory of the script and the guards
of the port are made of it. Nobody tests an environment any other way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ci_port.bash import conditional, pattern, regex
from ci_port.bash.quoting import quoted


class Condition:
    """Base of all conditions; combine them with `&`, `|` and `~`."""

    __slots__ = ()

    def holds(self, variables: Mapping[str, str]) -> bool:
        """Return whether the condition is true; an unset variable counts as empty, as in `[[ ]]`."""
        raise NotImplementedError

    def __and__(self, other: Condition) -> Condition:
        return AllOf((*_parts(self, AllOf), *_parts(other, AllOf)))

    def __or__(self, other: Condition) -> Condition:
        return AnyOf((*_parts(self, AnyOf), *_parts(other, AnyOf)))

    def __invert__(self) -> Condition:
        return self.condition if isinstance(self, Negation) else Negation(self)

    def __str__(self) -> str:
        return f"[[ {self.inner()} ]]"

    def inner(self) -> str:
        """Return the text that stands between `[[` and `]]`."""
        raise NotImplementedError

    def variables(self) -> frozenset[str]:
        """Return the names that the condition looks at."""
        raise NotImplementedError


def _parts(condition: Condition, kind: type[AllOf | AnyOf]) -> tuple[Condition, ...]:
    return condition.conditions if isinstance(condition, (AllOf, AnyOf)) and type(condition) is kind else (condition,)


@dataclass(frozen=True)
class _OnVariable(Condition):
    variable: str

    def variables(self) -> frozenset[str]:
        return frozenset((self.variable,))


@dataclass(frozen=True)
class Contains(_OnVariable):
    """`[[ "$variable" == *text* ]]`: a case-sensitive substring test."""

    text: str

    def holds(self, variables: Mapping[str, str]) -> bool:
        return self.text in variables.get(self.variable, "")

    def inner(self) -> str:
        return f'"${self.variable}" == *{quoted(self.text)}*'


@dataclass(frozen=True)
class Equals(_OnVariable):
    """`[[ "$variable" == text ]]` with the text taken literally."""

    text: str

    def holds(self, variables: Mapping[str, str]) -> bool:
        return variables.get(self.variable, "") == self.text

    def inner(self) -> str:
        return f'"${self.variable}" == {quoted(self.text)}'


@dataclass(frozen=True)
class Matches(_OnVariable):
    """`[[ "$variable" == glob ]]` with an unquoted bash pattern."""

    glob: str

    def holds(self, variables: Mapping[str, str]) -> bool:
        return pattern.matches(self.glob, variables.get(self.variable, ""))

    def inner(self) -> str:
        return f'"${self.variable}" == {self.glob}'


@dataclass(frozen=True)
class Nonempty(_OnVariable):
    """`[[ -n "$variable" ]]`; unset counts as empty."""

    def holds(self, variables: Mapping[str, str]) -> bool:
        return variables.get(self.variable, "") != ""

    def inner(self) -> str:
        return f'-n "${self.variable}"'


@dataclass(frozen=True)
class Present(_OnVariable):
    """`[[ -v variable ]]`: set, be it empty."""

    def holds(self, variables: Mapping[str, str]) -> bool:
        return self.variable in variables

    def inner(self) -> str:
        return f"-v {self.variable}"


@dataclass(frozen=True)
class Same(_OnVariable):
    """`[[ "$variable" == "$other" ]]`: two variables have the same value."""

    other: str

    def holds(self, variables: Mapping[str, str]) -> bool:
        return variables.get(self.variable, "") == variables.get(self.other, "")

    def inner(self) -> str:
        return f'"${self.variable}" == "${self.other}"'

    def variables(self) -> frozenset[str]:
        return frozenset((self.variable, self.other))


@dataclass(frozen=True)
class Fits(_OnVariable):
    """`[[ "$variable" =~ regex ]]`: some part of the value fits the extended regular expression."""

    regex: str

    def __post_init__(self) -> None:
        regex.compile_regex(self.regex)

    def holds(self, variables: Mapping[str, str]) -> bool:
        return regex.fits(self.regex, variables.get(self.variable, ""))

    def inner(self) -> str:
        return f'"${self.variable}" =~ {self.regex}'


@dataclass(frozen=True)
class Probe(Condition):
    """A test of the machine, or of what a command says, as the script wrote it. Only a run can answer it.

    `bracketed`: the text stands between `[[` and `]]`.
    """

    text: str
    looks_at: frozenset[str] = frozenset()
    bracketed: bool = False

    def holds(self, variables: Mapping[str, str]) -> bool:  # noqa: ARG002 # the interface of all conditions
        raise LookupError(f"only a run can answer {self.text}")

    def inner(self) -> str:
        return self.text

    def __str__(self) -> str:
        return f"[[ {self.text} ]]" if self.bracketed else self.text

    def variables(self) -> frozenset[str]:
        return self.looks_at


@dataclass(frozen=True)
class Compare(_OnVariable):
    """`[[ "$variable" -gt number ]]`: the value is an arithmetic expression; an invalid one makes the test false.

    The rule is in docs/bash.md#arithmetic and in the bash manual, "Bash Conditional Expressions".
    """

    sign: str
    number: int

    def __post_init__(self) -> None:
        if self.sign not in conditional.NUMBERS:
            raise ValueError(f"unknown comparison {self.sign!r}; one of {' '.join(conditional.NUMBERS)}")

    def holds(self, variables: Mapping[str, str]) -> bool:
        return conditional.compare(variables.get(self.variable, ""), self.sign, str(self.number), variables)

    def inner(self) -> str:
        return f'"${self.variable}" {self.sign} {self.number}'


@dataclass(frozen=True)
class Negation(Condition):
    """`! condition`."""

    condition: Condition

    def holds(self, variables: Mapping[str, str]) -> bool:
        return not self.condition.holds(variables)

    def inner(self) -> str:
        return f"! {_grouped(self.condition)}"

    def variables(self) -> frozenset[str]:
        return self.condition.variables()


@dataclass(frozen=True)
class AllOf(Condition):
    """`a && b && ...`, evaluated from the left and no further than needed; without parts, true."""

    conditions: tuple[Condition, ...]

    def holds(self, variables: Mapping[str, str]) -> bool:
        return all(condition.holds(variables) for condition in self.conditions)

    def inner(self) -> str:
        return " && ".join(_grouped(part, AnyOf) for part in self.conditions) or "1 -eq 1"

    def variables(self) -> frozenset[str]:
        return frozenset().union(*(part.variables() for part in self.conditions))


@dataclass(frozen=True)
class AnyOf(Condition):
    """`a || b || ...`, evaluated from the left and no further than needed; without parts, false."""

    conditions: tuple[Condition, ...]

    def holds(self, variables: Mapping[str, str]) -> bool:
        return any(condition.holds(variables) for condition in self.conditions)

    def inner(self) -> str:
        return " || ".join(_grouped(part, AllOf) for part in self.conditions) or "1 -eq 0"

    def variables(self) -> frozenset[str]:
        return frozenset().union(*(part.variables() for part in self.conditions))


def _grouped(condition: Condition, *kinds: type[Condition]) -> str:
    """Return the inner text, in parentheses where the reader (or bash) would otherwise group it another way."""
    compound = kinds or (AllOf, AnyOf)
    return f"( {condition.inner()} )" if isinstance(condition, compound) else condition.inner()


def atoms(condition: Condition) -> tuple[Condition, ...]:
    """Return the tests that a condition is made of, from the left, each once."""
    if isinstance(condition, (AllOf, AnyOf)):
        return tuple(dict.fromkeys(atom for part in condition.conditions for atom in atoms(part)))
    if isinstance(condition, Negation):
        return atoms(condition.condition)
    return (condition,)


ALWAYS: Condition = AllOf(())


@dataclass(frozen=True)
class Variable:
    """A shorthand to write conditions with: `BE = Variable("BUILD_ENVIRONMENT")`, then `BE.contains("cuda")`."""

    name: str

    def contains(self, text: str) -> Condition:
        """`*text*`."""
        return Contains(self.name, text)

    def equals(self, text: str) -> Condition:
        """`== text`."""
        return Equals(self.name, text)

    def matches(self, glob: str) -> Condition:
        """`== glob`."""
        return Matches(self.name, glob)

    def nonempty(self) -> Condition:
        """`-n`."""
        return Nonempty(self.name)

    def compare(self, sign: str, number: int) -> Condition:
        """`-eq`, `-ne`, `-lt`, `-le`, `-gt`, `-ge`."""
        return Compare(self.name, sign, number)
