"""What many runs in one world share: its tree, and its rules arranged so that a command meets few of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ci_port.host.tree import NOTHING, Own, Tree
from ci_port.model import Rule, World
from ci_port.model.rules import WILDCARDS


class RuleIndex:
    """Rules by the words that they speak of. As in `model.Answers`, the first one in order that matches wins."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._exact: dict[tuple[str, ...], int] = {}
        self._others: dict[str, list[int]] = {_ANY: []}
        self._counting: list[int] = []
        for number, rule in enumerate(rules):
            name = rule.argv[0]
            if rule.nth:
                self._counting.append(number)
            elif not WILDCARDS.intersection(rule.argv):
                self._exact.setdefault(rule.argv, number)
            elif name in WILDCARDS:
                for numbers in self._others.values():
                    numbers.append(number)
            else:
                self._others.setdefault(name, list(self._others[_ANY])).append(number)

    def names(self, name: str) -> bool:
        """Return whether a rule speaks of a command of this very name."""
        return any(rule.argv[0] == name for rule in self._rules)

    def answer(self, argv: tuple[str, ...], uses: dict[int, int]) -> Rule | None:
        """Return the rule that answers the command, or None; `uses` counts for one run, for rules with `nth`."""
        first = self._exact.get(argv, len(self._rules))
        for number in self._counting:
            if self._rules[number].matches(argv):
                uses[number] = uses.get(number, 0) + 1
                if uses[number] == self._rules[number].nth:
                    first = min(first, number)
        for number in self._others.get(argv[0], self._others[_ANY]):
            if number > first:
                break
            if self._rules[number].matches(argv):
                return self._rules[number]
        return self._rules[first] if first < len(self._rules) else None


_ANY = "*"


class Prepared:
    """One world, made ready for many runs."""

    def __init__(self, world: World, own: Own) -> None:
        self.world = world
        self.own = own
        self.tree = Tree.of(world, own)
        self._conditional = tuple(rule for rule in world.every_rule if rule.when)
        self._indexes: dict[tuple[bool, ...], RuleIndex] = {}

    def rules(self, start: Mapping[str, str]) -> RuleIndex:
        """Return the rules whose `when` holds for this starting environment."""
        holding = tuple(rule.applies(start) for rule in self._conditional)
        if holding not in self._indexes:
            self._indexes[holding] = RuleIndex(self.world.rules(start))
        return self._indexes[holding]


_LAST: list[Prepared] = []


def prepare(world: World, own: Own = NOTHING) -> Prepared:
    """Return the world made ready, with the own files. The last one is kept: most runs are in the same world."""
    last = _LAST[0] if _LAST else None
    if last is None or last.world is not world or last.own is not own:
        last = Prepared(world, own)
        _LAST[:] = [last]
    return last
