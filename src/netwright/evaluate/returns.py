"""play, score_returns: how much reward a policy brings in whole episodes.

Episodes are judged greedily: the action of the highest value, or the likeliest, is taken.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from netwright.data.environments import Episodes, open_environment
from netwright.data.task import Task
from netwright.evaluate.bootstrap import FEW_ROWS, Array, Measure, interval, replicate
from netwright.evaluate.check_predictions import as_array, check_rows
from netwright.evaluate.scores import Score, Scores, primary_metric
from netwright.model.model import Model

__all__ = ["Policy", "play", "play_with", "score_returns"]

# States (batch, features) -> actions int64 (batch,).
Policy = Callable[[Tensor], Tensor]
LONGEST = 10_000  # steps of an episode that has no limit of time of its own


@torch.no_grad()
def play(model: Model, episodes: Episodes) -> Tensor:
    """Return the return (episodes, 1) of each episode, played greedily by the model's net."""
    device = next(model.net.parameters()).device
    was_training = model.net.training
    model.net.eval()

    def greedy(states: Tensor) -> Tensor:
        return model.combine(model.net(states.to(device))).argmax(1).cpu()

    try:
        return play_with(greedy, episodes)
    finally:
        model.net.train(was_training)


def play_with(policy: Policy, episodes: Episodes) -> Tensor:
    """Return the return (episodes, 1) of each episode, all played side by side."""
    environments = [open_environment(episodes.environment) for _ in episodes.seeds]
    states = {
        at: environment.reset(seed=seed)[0]
        for at, (environment, seed) in enumerate(zip(environments, episodes.seeds, strict=True))
    }
    returns = torch.zeros(len(episodes), 1)
    for _ in range(LONGEST):
        if not states:
            break
        rows = torch.from_numpy(np.stack(list(states.values())).astype(np.float32))
        for at, action in zip(list(states), policy(rows).tolist(), strict=True):
            state, reward, ended, stopped, _ = environments[at].step(action)
            returns[at] += float(reward)
            states[at] = state
            if ended or stopped:
                del states[at]
    for environment in environments:
        environment.close()
    return returns


def score_returns(
    returns: ArrayLike,
    task: Task,
    *,
    metric: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Scores:
    """Score the returns of episodes (episodes,) or (episodes, 1): their mean."""
    found = as_array(returns).astype(np.float64).reshape(-1)
    check_rows(len(found))

    def measure_of(part: "np.ndarray[tuple[int], np.dtype[np.int64]] | None") -> Measure:
        some = found if part is None else found[part]

        def measure(weights: Array) -> dict[str, Array]:
            return {"mean_return": some @ weights / weights.sum(0)}

        return measure

    point, replicates = replicate(measure_of, len(found), resamples=resamples, seed=seed)
    ends = interval(replicates["mean_return"]) if replicates else None
    notes = []
    if resamples:
        notes.append(f"the worst episode brought {found.min():g}, the best {found.max():g}")
        if len(found) < FEW_ROWS:
            notes.append(f"only {len(found)} episodes: the interval is rough")
    return Scores(
        {"mean_return": Score(point["mean_return"], *(ends or ()))},
        primary_metric(task, metric=metric),
        len(found),
        notes=tuple(notes),
        replicates=replicates,
    )
