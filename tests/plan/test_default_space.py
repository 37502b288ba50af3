"""The default space fits every designed plan and knows each net's own fields."""

import pytest

import netwright as nw
from netwright.plan.default_space import default_space
from netwright.plan.plan import Plan


@pytest.mark.parametrize("source", ["iris", "digits", "diabetes"])
def test_it_fits_what_was_designed(source: str) -> None:
    plan = nw.design(nw.read(source))
    space = default_space(plan)
    space.check(plan)
    assert {"recipe.lr", "recipe.weight_decay"} <= set(space)
    assert ("net.width" in space) == (source != "digits")  # there it is the pictures'


def test_widths_stay_around_the_plans() -> None:
    plan = Plan(net={"name": "mlp", "numeric": 3, "outputs": 2, "width": 64, "depth": 1})
    space = default_space(plan)
    assert space["net.width"] == nw.choice([32, 64, 128])
    assert space["net.depth"] == nw.choice([1, 2])
    assert "net.dropout" in space
