"""Whole episodes: played greedily, scored by their mean return, beside simple policies."""

import time

import pytest
import torch
from torch import Tensor, nn

from netwright.data.data import Data
from netwright.data.environments import Episodes
from netwright.data.read import read
from netwright.errors import UsageError
from netwright.evaluate.baseline_control import best_linear_returns, random_returns
from netwright.evaluate.baselines import baselines
from netwright.evaluate.evaluate import evaluate
from netwright.evaluate.returns import play, play_with, score_returns
from netwright.model.model import Model
from netwright.nets.actor_critic import ActorCritic

pytest.importorskip("gymnasium", reason="netwright[control] is not installed")


@pytest.fixture(scope="module")
def data() -> Data:
    return read("gym:CartPole-v1")


class Balancing(nn.Module):
    """Pushes to where the pole falls: known to keep it up for some 200 steps and more."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.0, 0.1, 1.0, 1.0]))

    def forward(self, states: Tensor) -> Tensor:
        push = states @ self.weight
        return torch.stack([-push, push], 1)


def test_the_return_is_that_of_whole_episodes(data: Data) -> None:
    few = Episodes("test", "CartPole-v1", (7, 8, 9))
    always = play_with(lambda states: torch.ones(len(states), dtype=torch.int64), few)
    assert always.shape == (3, 1) and 5 <= float(always.max()) <= 15
    model = Model(Balancing(), {"name": "x"}, data.encoding, data.task)
    assert float(play(model, few).min()) > 150
    # Side by side or alone, an episode is the same.
    alone = play(model, Episodes("test", "CartPole-v1", (8,)))
    torch.testing.assert_close(play(model, few)[1], alone[0])


def test_scores_have_an_interval_around_the_mean(data: Data) -> None:
    scores = score_returns(torch.tensor([[10.0], [20.0], [30.0]] * 20), data.task)
    score = scores["mean_return"]
    assert score.value == pytest.approx(20.0) and scores.higher_is_better()
    assert score.low is not None and score.high is not None
    assert 15 < score.low < 20 < score.high < 25
    with pytest.raises(UsageError, match="not measured for control"):
        score_returns([1.0, 2.0], data.task, metric="accuracy")


def test_an_actor_critic_is_judged_by_its_actor(data: Data) -> None:
    net = ActorCritic(in_features=4, outputs=2)
    model = Model(net, {"name": "actor-critic"}, data.encoding, data.task)
    few = Episodes("test", "CartPole-v1", (1, 2))
    assert evaluate(model, few)["mean_return"].value > 5
    frame = model.predict(torch.zeros(2, 4).numpy())
    assert list(frame.columns) == ["prediction", "score_0", "score_1"]
    assert set(frame["prediction"]) <= {0, 1}


def test_a_linear_policy_beats_actions_at_random(data: Data) -> None:
    by_chance = random_returns(data, seed=0)
    assert 15 < float(by_chance.mean()) < 30
    found, drawn = best_linear_returns(data, seed=0, deadline=time.monotonic() + 1.0)
    assert drawn >= 1 and float(found.mean()) > float(by_chance.mean())


def test_baselines_say_why_there_are_no_trees(data: Data) -> None:
    found = baselines(data, seconds=1.0)
    assert found["trees"].scores is None and "rows" in found["trees"].reason
    assert found["trivial"].scores is not None and found["linear"].scores is not None
