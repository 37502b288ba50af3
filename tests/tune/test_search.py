"""Optuna's words and back: every value survives, grids fit the number of trials."""

import random

import optuna
import pytest

import netwright as nw
from netwright.errors import UsageError
from netwright.plan.space import Space
from netwright.tune.search import (
    NumberedSampler,
    changes_of,
    distributions,
    fitting_grid,
    params_of,
)

SPACE = Space(
    {
        "recipe.lr": nw.log(1e-4, 1e-1),
        "recipe.epochs": nw.integers(1, 20),
        "recipe.weight_decay": nw.zero_or(nw.log(1e-3, 0.3)),
        "recipe.optimizer": ["adamw", "muon"],
        "net.depth": [2, 3, 4],
        "recipe.betas": [[0.9, 0.99], [0.8, 0.9]],
        "recipe.clip": [None, 1.0],
    }
)


def test_every_value_goes_there_and_back() -> None:
    rng = random.Random(0)
    for _ in range(50):
        changes = SPACE.sample(rng)
        params = params_of(SPACE, changes)
        assert set(params) == set(SPACE)
        back = changes_of(SPACE, params)
        for field, value in changes.items():
            assert back[field] == (pytest.approx(value) if isinstance(value, float) else value)


def test_what_optuna_proposes_lies_in_the_space() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(30):
        changes = changes_of(SPACE, study.ask(distributions(SPACE)).params)
        assert set(params_of(SPACE, changes)) == set(SPACE)
        assert changes["net.depth"] in (2, 3, 4) and 1 <= changes["recipe.epochs"] <= 20


def test_values_outside_are_left_to_the_sampler() -> None:
    asked = {"recipe.lr": "auto", "recipe.epochs": 50, "recipe.clip": None, "net.depth": 7}
    assert set(params_of(SPACE, asked)) == {"recipe.clip"}


def test_a_grid_is_as_fine_as_the_trials_allow() -> None:
    space = Space({"recipe.lr": nw.log(1e-4, 1e-1), "net.depth": [2, 3]})
    assert len(fitting_grid(space, 11)) == 10
    assert len(fitting_grid(space, None)) == 6
    assert len(fitting_grid(Space({"net.depth": [2, 3]}), 64)) == 2
    with pytest.raises(UsageError, match="4 combinations, but trials is 3"):
        fitting_grid(space, 3)


@pytest.mark.parametrize("method", ["random", "bayes"])
def test_a_trial_depends_on_its_number_and_no_two_workers_propose_the_same(method: str) -> None:
    def first_two(seed: int) -> list[dict[str, object]]:
        study = optuna.create_study(sampler=NumberedSampler(method, "tpe", seed))
        study.ask(distributions(SPACE))
        study.sampler = NumberedSampler(method, "tpe", seed)  # a second worker's
        study.ask(distributions(SPACE))
        return [trial.params for trial in study.trials]

    one, two = first_two(0)
    assert one != two and [one, two] == first_two(0) and one != first_two(1)[0]
