"""Where Optuna looks: a Space in Optuna's words and back, the sampler, and a grid that fits the
number of trials.

TPE: Bergstra 2011, multivariate as in BOHB (Falkner 2018, arXiv:1807.01774). GP: a Gaussian
process and expected improvement. Both are Optuna's (Akiba 2019, arXiv:1907.10902).
"""

import itertools
from collections.abc import Mapping
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from netwright.errors import UsageError
from netwright.plan.distributions import Choice, Distribution, Range
from netwright.plan.space import Space

__all__ = ["NumberedSampler", "changes_of", "distributions", "fitting_grid", "params_of"]

MOST_POINTS = 100  # a range of a grid is cut no finer


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """Return each field's distribution in Optuna's words.

    Increasing numbers are a scale (their positions), other choices are categories, and zero_or is
    its quantile: one number, so that no field depends on another.
    """
    return {field: _distribution(found) for field, found in space.items()}


def changes_of(space: Space, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trial's values as `Plan.with_` takes them."""
    return {field: _value(found, params[field]) for field, found in space.items()}


def params_of(space: Space, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes in Optuna's words; values that the space cannot give are left out."""
    found = {field: _param(space[field], changes[field]) for field in space if field in changes}
    return {field: param for field, param in found.items() if param is not None}


class NumberedSampler(BaseSampler):
    """Proposes each trial with a sampler seeded by the study's seed and the trial's number: what a
    trial is depends on those before it alone, and no two workers propose the same."""

    def __init__(self, method: str, sampler: str, seed: int) -> None:
        self.method, self.sampler, self.seed = method, sampler, seed
        self.inner = _sampler(method, sampler, seed)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        seed = (self.seed * 1_000_003 + trial.number) % 2**32
        self.inner = _sampler(self.method, self.sampler, seed)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self.inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self.inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return self.inner.sample_independent(study, trial, param_name, param_distribution)


def _sampler(method: str, sampler: str, seed: int) -> BaseSampler:
    # Grids wait in the study's queue: they, too, need no more than random numbers.
    if method in ("grid", "random"):
        return RandomSampler(seed=seed)
    return GPSampler(seed=seed) if sampler == "gp" else TPESampler(seed=seed)


def fitting_grid(space: Space, trials: int | None) -> list[dict[str, Any]]:
    """Return the combinations of the finest grid with at most `trials` of them; None: three points
    a range."""
    if trials is None:
        return list(space.grid(3))
    ranges = any(not isinstance(found, Choice) for found in space.values())
    points = 2 if ranges else 1
    if _combinations(space, points) > trials:
        raise UsageError(
            f"The coarsest grid of this space has {_combinations(space, points):,} combinations, "
            f"but trials is {trials}. Give --trials {_combinations(space, points)}, or shrink the "
            "space."
        )
    while ranges and points < MOST_POINTS and _combinations(space, points + 1) <= trials:
        points += 1
    return list(space.grid(points))


def _combinations(space: Space, points: int) -> int:
    total = 1
    for found in space.values():
        total *= len(found.grid(points))
    return total


def _distribution(found: Distribution) -> BaseDistribution:
    if isinstance(found, Range):
        if found.whole:
            return IntDistribution(int(found.low), int(found.high), log=found.log)
        return FloatDistribution(found.low, found.high, log=found.log)
    if isinstance(found, Choice):
        if _increasing(found):
            return IntDistribution(0, len(found.options) - 1)
        return CategoricalDistribution(_labels(found))
    return FloatDistribution(0.0, 1.0)


def _value(found: Distribution, param: Any) -> Any:
    if isinstance(found, Range):
        return param
    if isinstance(found, Choice):
        return found.options[param if _increasing(found) else _labels(found).index(param)]
    return found.at(param)


def _param(found: Distribution, value: Any) -> Any:
    """Return the value in Optuna's words, or None where the distribution cannot give it."""
    if not found.gives(value):
        return None
    if isinstance(found, Range):
        return value
    if isinstance(found, Choice):
        at = found.place(value)
        return at if _increasing(found) else _labels(found)[at]
    return 0.25 if value == 0 else 0.5 + found.other.quantile(value) / 2


def _increasing(found: Choice) -> bool:
    numbers = [o for o in found.options if isinstance(o, int | float) and not isinstance(o, bool)]
    return len(numbers) == len(found.options) and all(a < b for a, b in itertools.pairwise(numbers))


def _labels(found: Choice) -> list[str]:
    """Return a text for each option; lists are none of Optuna's categories."""
    return [f"{at}: {option}" for at, option in enumerate(found.options)]
