"""Members: a plan of plans, drawn from a space, both ways through YAML."""

import copy

import pytest

from netwright.errors import UsageError
from netwright.plan.plan import Plan, Recipe
from netwright.plan.space import Space

SPACE = {"recipe.lr": {"log": [1e-4, 1e-1]}, "net.depth": [2, 3, 4]}


def plan_of(**members: object) -> Plan:
    net = {"name": "mlp", "numeric": 3, "outputs": 2, "depth": 1}
    plan = Plan(net=net, recipe=Recipe(lr=0.01), why={"net.depth": "few rows"})
    return plan.with_({f"members.{name}": value for name, value in members.items()})


def test_yaml_round_trip_keeps_the_members_and_what_they_draw() -> None:
    plan = plan_of(count=4, space=SPACE, seed=3)
    again = Plan.from_yaml(plan.to_yaml())
    assert again == plan == copy.deepcopy(plan)
    assert [again.member(i) for i in range(4)] == [plan.member(i) for i in range(4)]
    assert "members" not in plan.with_({"members": None}).to_dict()


def test_a_member_is_a_plan_that_does_not_depend_on_how_many_there_are() -> None:
    few, many = plan_of(count=3, space=SPACE), plan_of(count=30, space=SPACE)
    assert [few.member(i) for i in range(3)] == [many.member(i) for i in range(3)]
    drawn = {many.member(i).recipe.lr for i in range(30)}
    assert len(drawn) == 30 and all(1e-4 <= lr <= 1e-1 for lr in drawn)
    assert {many.member(i).net["depth"] for i in range(30)} == {2, 3, 4}
    member = many.member(7)
    assert member.members is None
    assert member.why["recipe.lr"] == "sampled by member 7"
    assert member != plan_of(count=30, space=SPACE, seed=1).member(7)


def test_selection_is_greedy_where_members_differ_by_more_than_their_start() -> None:
    bare, sampled = plan_of(count=3).members, plan_of(count=3, space=SPACE).members
    assert bare is not None and bare.selection == "all"
    assert sampled is not None and sampled.selection == "greedy"
    assert plan_of(count=3).member(2).recipe == plan_of(count=3).recipe


def test_what_is_set_is_no_longer_drawn() -> None:
    plan = plan_of(count=4, space=SPACE).with_({"recipe.lr": 0.5})
    assert plan.members is not None and list(plan.members.space) == ["net.depth"]
    assert plan.member(3).recipe.lr == 0.5
    other = plan_of(count=4, space=SPACE).with_({"net.name": "logistic"})
    assert other.members is not None and list(other.members.space) == ["recipe.lr"]


def test_another_net_ends_an_ensemble_that_nobody_asked_for() -> None:
    designed = plan_of().with_({"members.count": 4, "members.space": SPACE}, why="few rows")
    assert designed.with_({"net.name": "logistic"}).members is None
    asked = designed.with_({"net.name": "logistic", "members.count": 3}).members
    assert asked is not None and asked.count == 3
    kept = designed.with_({"recipe.epochs": 5}).members
    assert kept is not None and kept.count == 4


def test_folds_go_both_ways_and_change_no_member() -> None:
    plan = plan_of(count=2, space=SPACE, folds=5)
    assert Plan.from_yaml(plan.to_yaml()) == plan
    assert plan.members is not None and plan.members.folds == 5
    assert plan.member(1) == plan_of(count=2, space=SPACE).member(1)
    assert "folds" not in plan_of(count=2).to_yaml()


def test_a_space_of_its_own_making_is_taken() -> None:
    plan = plan_of(count=4, space=Space(SPACE))
    assert plan == plan_of(count=4, space=SPACE)


def test_the_plan_shows_its_members() -> None:
    shown = str(plan_of(count=4, space=SPACE))
    assert "members.count" in shown and "members.space.recipe.lr" in shown and "greedy" in shown


def test_numbers_are_read_as_people_write_them() -> None:
    space = "{recipe.lr: {log: [1e-4, 1e-1]}}"
    text = f"net: {{name: mlp}}\nrecipe: {{lr: 1e-3}}\nmembers: {{count: 2, space: {space}}}"
    plan = Plan.from_yaml(text)
    assert plan.recipe.lr == 1e-3
    assert 1e-4 <= float(plan.member(1).recipe.lr) <= 1e-1


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"count": 0}, "members.count is 0"),
        ({"count": 2.5}, "members.count is 2.5"),
        ({"count": 2, "seed": -1}, "members.seed is -1"),
        ({"count": 2, "selection": "gready"}, "Did you mean 'greedy'"),
        ({"count": 2, "space": {"recipe.lr": {"lg": [1, 2]}}}, "recipe.lr: .*Did you mean 'log'"),
        ({"count": 2, "folds": 1}, "members.folds is 1"),
        ({"count": 2, "spaces": {}}, "Did you mean 'space'"),
        ({"space": SPACE}, "count: 8"),
        (8, "count: 8"),
    ],
)
def test_mistakes_are_named(members: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Plan.from_dict({"net": {"name": "mlp"}, "members": members})
    with pytest.raises(UsageError, match=r"Did you mean 'members\.count'"):
        plan_of().with_({"members.cuont": 3})


def test_there_is_no_member_beyond_the_count() -> None:
    with pytest.raises(UsageError, match="0 to 1"):
        plan_of(count=2).member(2)
    with pytest.raises(UsageError, match="no members"):
        plan_of().member(0)


def test_kinds_are_had_in_turn_and_what_they_set_is_not_drawn() -> None:
    kinds = [{}, {"net.name": "tabm", "recipe.lr": 0.02, "net.width": 8}]
    plan = plan_of(count=4, space=SPACE, kinds=kinds)
    assert [plan.member(i).net["name"] for i in range(4)] == ["mlp", "tabm"] * 2
    assert plan.member(1).recipe.lr == 0.02 != plan.member(0).recipe.lr
    assert plan.member(3).net["width"] == 8 and plan.member(3).net["depth"] in (2, 3, 4)
    assert Plan.from_yaml(plan.to_yaml()) == plan
    bare = plan_of(count=2, kinds=kinds)
    assert bare.members is not None and bare.members.selection == "greedy"


def test_what_is_set_holds_for_every_kind() -> None:
    kinds = [{}, {"net.name": "tabm", "recipe.lr": 0.02}]
    plan = plan_of(count=2, kinds=kinds)
    assert plan.with_({"recipe.lr": 0.5}).member(1).recipe.lr == 0.5
    other = plan.with_({"net.name": "logistic"}).members
    assert other is not None and other.count == 2 and not other.kinds
    with pytest.raises(UsageError, match=r"expected a list of plan fields"):
        plan_of(count=2, kinds="tabm")
