"""Space: YAML both ways, draws that fit the plan, and errors that name the field."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import netwright as nw
from netwright.errors import UsageError
from netwright.plan.plan import Plan
from netwright.plan.space import Space

TEXT = """
recipe.lr: {log: [1e-4, 1e-1]}
recipe.weight_decay: {zero_or: {uniform: [0.1, 0.5]}}
net.depth: [2, 3, 4]
net.width: {log_int: [16, 512]}
recipe.epochs: {int: [1, 4]}
recipe.clip: {choice: [null, 1.0]}
recipe.betas: [[0.9, 0.99], [0.8, 0.9]]
"""


def _plan(**net: Any) -> Plan:
    return Plan(
        net={"name": "mlp", "numeric": 3, "outputs": 2, **net},
        why={"net.numeric": "fixed by the data"},
    )


def test_yaml_and_dicts_round_trip() -> None:
    space = Space.from_yaml(TEXT)
    assert Space.from_yaml(space.to_yaml()) == space == Space.from_dict(space.to_dict())
    assert space["recipe.lr"] == nw.log(1e-4, 1e-1)
    assert space["net.depth"] == nw.choice([2, 3, 4])
    assert space["net.width"] == nw.integers(16, 512, log=True)
    assert space["recipe.weight_decay"] == nw.zero_or(nw.uniform(0.1, 0.5))


def test_the_plain_form_and_the_helpers_make_the_same_space() -> None:
    helpers = Space({"recipe.lr": nw.log(1e-4, 0.1), "recipe.epochs": nw.integers(1, 4)})
    assert helpers == Space({"recipe.lr": {"log": [1e-4, 0.1]}, "recipe.epochs": {"int": [1, 4]}})


@pytest.mark.parametrize("stream", [random.Random, np.random.default_rng])
def test_draws_are_reproducible_and_fit_the_plan(stream: Callable[[int], Any]) -> None:
    space = Space.from_yaml(TEXT)
    rng, again = stream(3), stream(3)
    for _ in range(50):
        changes = space.sample(rng)
        assert changes == space.sample(again)
        assert 1e-4 <= changes["recipe.lr"] <= 1e-1
        _plan().with_(changes)


def test_a_space_that_fits_the_plan_passes() -> None:
    Space.from_yaml(TEXT).check(_plan())
    Space({"net.name": ["mlp", "tabm"], "net.width": [32]}).check(_plan())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"recipe.learning": [1]}, "'recipe.learning', which the plan does not have"),
        ({"recipe.weight_decy": [1]}, "Did you mean 'recipe.weight_decay'"),
        ({"net.dept": [1]}, "Did you mean 'net.depth'"),
        ({"net.name": ["mlp", "cnn"], "net.depth": [1]}, "'net.depth'"),
        ({"net.name": ["mpl"]}, "Did you mean 'mlp'"),
        ({"net.numeric": [2, 3]}, "which the data fixes"),
        ({"net.depth": nw.uniform(1, 2)}, "expected whole numbers"),
        ({"net.dropout": ["much"]}, "'much'; expected numbers"),
        ({"recipe.epochs": nw.uniform(1.5, 2)}, "value 1.5; expected whole"),
        ({"recipe.optimizer": ["adm"]}, "recipe.optimizer is 'adm'"),
    ],
)
def test_what_does_not_fit_the_plan_is_named(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Space(fields).check(_plan())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The space is empty"),
        ("- recipe.lr", "YAML mapping"),
        ("recipe.lr: [", "not valid YAML"),
        ("recipe.lr: 0.1", "recipe.lr: 0.1 is no distribution"),
        ("recipe.lr: []", "recipe.lr: A choice of no values"),
        ("recipe.lr: {logg: [1, 2]}", "Did you mean 'log'"),
        ("recipe.lr: {log: [1, 2], int: [1, 2]}", "is no distribution"),
        ("recipe.lr: {log: [1]}", "expected two numbers"),
        ("recipe.lr: {log: [0, 1]}", "no logarithm at 0"),
        ("recipe.lr: {log: [2, 1]}", r"\{log: \[2, 1\]\} is empty"),
        ("recipe.lr: {uniform: [1, 1]}", "is empty"),
        ("recipe.lr: {uniform: [low, 1]}", "bound 'low'"),
        ("recipe.lr: {uniform: [.nan, 1]}", "bound nan"),
        ("recipe.lr: {int: [1, 2.5]}", "two whole numbers"),
        ("recipe.lr: {zero_or: [1, 2]}", "expected a range"),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Space.from_yaml(text)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UsageError, match=r"no space file 'gone\.yaml'"):
        Space.load("gone.yaml")
