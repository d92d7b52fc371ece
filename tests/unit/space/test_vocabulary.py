"""The words that conditions look for."""

from __future__ import annotations

import pytest

from ci_port.model import ALWAYS, Condition, Variable, atoms
from ci_port.space import vocabulary as module

BE, SHARD = Variable("BUILD_ENVIRONMENT"), Variable("SHARD_NUMBER")


@pytest.mark.parametrize(
    ("condition", "fragments"),
    [
        (BE.contains("cuda"), {"BUILD_ENVIRONMENT": ("cuda",)}),
        (BE.equals("linux"), {"BUILD_ENVIRONMENT": ("linux",)}),
        (BE.matches("*-bazel-*"), {"BUILD_ENVIRONMENT": ("-bazel-",)}),
        (BE.matches("cuda*sm?6"), {"BUILD_ENVIRONMENT": ("6", "cuda", "sm")}),
        (BE.nonempty(), {"BUILD_ENVIRONMENT": ()}),
        (SHARD.compare("-gt", 2), {"SHARD_NUMBER": ("1", "2", "3")}),
        (~(BE.contains("rocm") | BE.contains("cuda")), {"BUILD_ENVIRONMENT": ("cuda", "rocm")}),
        (BE.contains("x") & SHARD.equals("1"), {"BUILD_ENVIRONMENT": ("x",), "SHARD_NUMBER": ("1",)}),
        (Variable("@").contains("x"), {}),
        (ALWAYS, {}),
    ],
)
def test_fragments(condition: Condition, fragments: dict[str, tuple[str, ...]]) -> None:
    assert module.vocabulary([condition]).fragments == fragments


def test_numbers_are_the_variables_that_are_compared() -> None:
    found = module.vocabulary([BE.contains("cuda") & SHARD.compare("-eq", 1), Variable("N").nonempty()])
    assert found.numbers == {"SHARD_NUMBER"}


def test_order_of_the_conditions_does_not_matter() -> None:
    conditions = [BE.contains("b"), SHARD.equals("1"), BE.contains("a")]
    assert module.vocabulary(conditions) == module.vocabulary(reversed(conditions))


def test_atoms_stand_without_what_joins_them() -> None:
    one, two, three = BE.contains("a"), BE.contains("b"), SHARD.compare("-gt", 1)
    assert list(atoms((one | ~two) & three)) == [one, two, three]
