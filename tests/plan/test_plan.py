"""Plan and Recipe: YAML both ways, and errors that name the field."""

import pytest

import netwright as nw
from netwright.errors import UsageError
from netwright.plan.plan import Plan, Recipe


def _plan() -> Plan:
    return Plan(
        net={"name": "mlp", "numeric": 3, "outputs": 2, "widths": [8, 4]},
        recipe=Recipe(lr=0.01, betas=(0.9, 0.95), augment=("flip", "shift"), batch_size="full"),
        why={"net.name": "a table"},
    )


def test_yaml_round_trip_keeps_everything() -> None:
    plan = _plan()
    assert Plan.from_yaml(plan.to_yaml()) == plan


def test_fields_are_changed_by_dotted_name() -> None:
    changed = _plan().with_({"recipe.lr": 0.5, "net.widths": [2], "objective.loss": "mse"})
    assert (changed.recipe.lr, changed.net["widths"], changed.objective["loss"]) == (
        0.5,
        [2],
        "mse",
    )
    assert changed.why["recipe.lr"] == "set by the user"
    assert _plan().recipe.lr == 0.01


def test_a_plan_cannot_be_changed_in_place() -> None:
    with pytest.raises(TypeError):
        _plan().net["widths"] = [1]  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("net: {name: mlp}\nrecipee: {}", "Did you mean 'recipe'"),
        ("net: {name: mlp}\nrecipe: {optimiser: adam}", "Did you mean 'optimizer'"),
        ("net: {name: mlp}\nrecipe: {optimizer: adamm}", "Did you mean 'adam'"),
        ("net: {name: mlp}\nrecipe: {augment: [flipp]}", "Did you mean 'flip'"),
        ("net: {name: mlp}\nrecipe: {lr: fast}", "recipe.lr is 'fast'"),
        ("net: {name: mlp}\nrecipe: {epochs: 0}", "at least 1"),
        ("net: {name: mlp}\nrecipe: {batch_size: 2.5}", "recipe.batch_size is 2.5"),
        ("recipe: {}", "needs 'net"),
        ("net: {width: 3}", "no 'name'"),
        ("net: [", "not valid YAML"),
        ("- a", "YAML mapping"),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("(", r"\(")):
        Plan.from_yaml(text)


def test_an_unknown_dotted_field_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match=r"Did you mean 'recipe\.weight_decay'"):
        _plan().with_({"recipe.weight_decy": 0.1})


def test_printing_shows_choices_with_reasons() -> None:
    lines = str(_plan()).splitlines()
    assert any(line.startswith("net.name") and line.endswith("a table") for line in lines)
    assert any(line.startswith("recipe.batch_size") and "full" in line for line in lines)


def test_another_net_drops_what_it_does_not_have_and_keeps_what_was_asked() -> None:
    plan = nw.design(nw.read("iris"))
    changed = plan.with_({"net.name": "mlp", "net.width": 20})
    assert "members" not in changed.net and "net.members" not in changed.why
    assert changed.net["width"] == 20 and changed.net["numeric"] == 4
    with pytest.raises(UsageError, match="members"):
        nw.fit(plan.with_({"net.name": "mlp", "net.members": 4}), nw.read("iris"))


def test_a_net_for_other_data_is_refused_with_those_that_fit() -> None:
    data = nw.read("iris")
    with pytest.raises(UsageError, match=r"'cnn' does not read .*table.*mlp"):
        nw.fit(nw.design(data).with_({"net.name": "cnn"}), data)
