"""Baselines of acting: actions at random, and the best of linear policies found at random.

A linear policy takes the action argmax(W s + b). Random search does well on small problems of
control (Mania, Guy and Recht 2018, arXiv:1803.07055); here it is plain: weights are drawn, each is
judged on a few episodes, the best on the validation episodes is tested.
"""

import time

import torch
from torch import Tensor

from netwright.data.data import Data
from netwright.data.environments import Episodes
from netwright.evaluate.returns import Policy, play_with

__all__ = ["best_linear_returns", "random_returns"]

DRAWN = 200  # policies
EPISODES = 3  # that judge each of them
FINALISTS = 5


def random_returns(data: Data, *, seed: int) -> Tensor:
    """Return the returns of the test episodes with actions at random."""
    rng = torch.Generator().manual_seed(seed)
    actions = data.task.outputs
    test = _episodes(data.test)
    return play_with(lambda states: torch.randint(actions, (len(states),), generator=rng), test)


def best_linear_returns(data: Data, *, seed: int, deadline: float) -> tuple[Tensor, int]:
    """Return the returns of the test episodes with the best of DRAWN linear policies, or of as many
    as there was time for, and how many these were."""
    rng = torch.Generator().manual_seed(seed)
    validation = _episodes(data.validation)
    few = Episodes(validation.name, validation.environment, validation.seeds[:EPISODES])
    features, actions = int(data.encoding.shapes()["in_features"]), data.task.outputs
    found: list[tuple[float, int, Policy]] = []
    for number in range(DRAWN):
        weights = torch.randn(features + 1, actions, generator=rng)
        policy = _linear(weights)
        found.append((float(play_with(policy, few).mean()), number, policy))
        if time.monotonic() > deadline:
            break
    found.sort(key=lambda one: (-one[0], one[1]))
    _, _, best = max(found[:FINALISTS], key=lambda one: float(play_with(one[2], validation).mean()))
    return play_with(best, _episodes(data.test)), len(found)


def _linear(weights: Tensor) -> Policy:
    return lambda states: (states @ weights[:-1] + weights[-1]).argmax(1)


def _episodes(split: object) -> Episodes:
    assert isinstance(split, Episodes)
    return split
