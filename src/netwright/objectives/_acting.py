"""Actors: several copies of an environment acted in side by side, an episode after the other.

An episode is its seed and its actions: that is all that a checkpoint needs to bring an environment
back to where it stood.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netwright.data.environments import Episodes, open_environment

__all__ = ["Actors", "Step"]


class Step(NamedTuple):
    """What came of one action in each environment. next_states float32 (environments, features):
    before a new episode begins. terminated: the episode has ended by its own rules, nothing more
    can come. cut: it has been ended by a limit of time, more could have come. Both bool
    (environments,)."""

    next_states: Tensor
    rewards: Tensor
    terminated: Tensor
    cut: Tensor


class Actors:
    """`count` environments of a split of episodes. states float32 (environments, features): now.

    steps: taken in all of them together. returns: of the episodes that ended last, at most 100.
    """

    def __init__(self, episodes: Episodes, count: int) -> None:
        self._seeds = episodes.seeds
        self._environments = [open_environment(episodes.environment) for _ in range(count)]
        self._begun = self.steps = 0
        self._seed = [0] * count
        self._actions: list[list[int]] = [[] for _ in range(count)]
        self._return = [0.0] * count
        self.returns: list[float] = []
        self.states = torch.stack([self._begin(at) for at in range(count)])

    def _begin(self, at: int) -> Tensor:
        self._seed[at] = self._seeds[self._begun % len(self._seeds)]
        self._begun += 1
        self._actions[at], self._return[at] = [], 0.0
        return _row(self._environments[at].reset(seed=self._seed[at])[0])

    def act(self, actions: Tensor) -> Step:
        """Take one action (environments,) in each; where an episode ended the next one begins."""
        following, rewards, terminated, cut = [], [], [], []
        now = []
        chosen = actions.tolist()
        for at, environment in enumerate(self._environments):
            state, reward, ended, stopped, _ = environment.step(chosen[at])
            row = _row(state)
            self._actions[at].append(chosen[at])
            self._return[at] += float(reward)
            following.append(row)
            rewards.append(float(reward))
            terminated.append(bool(ended))
            cut.append(bool(stopped) and not ended)
            if ended or stopped:
                self.returns = [*self.returns[-99:], self._return[at]]
                row = self._begin(at)
            now.append(row)
        self.steps += len(chosen)
        self.states = torch.stack(now)
        return Step(
            torch.stack(following),
            torch.tensor(rewards),
            torch.tensor(terminated),
            torch.tensor(cut),
        )

    def packed(self) -> dict[str, Tensor]:
        """Return what `unpack_` brings the environments back from."""
        longest = max(len(actions) for actions in self._actions)
        rows = [actions + [-1] * (longest - len(actions)) for actions in self._actions]
        return {
            "seeds": torch.tensor(self._seed),
            "actions": torch.tensor(rows, dtype=torch.int64).view(len(rows), longest),
            "counts": torch.tensor([self._begun, self.steps]),
            "returns": torch.tensor(self.returns, dtype=torch.float64),
        }

    def unpack_(self, tensors: Mapping[str, Tensor]) -> None:
        """Begin the episodes of before again and act as before, to where they stood."""
        states = []
        for at, (seed, actions) in enumerate(
            zip(tensors["seeds"].tolist(), tensors["actions"].tolist(), strict=True)
        ):
            environment = self._environments[at]
            self._seed[at], self._actions[at] = seed, [a for a in actions if a >= 0]
            state, self._return[at] = environment.reset(seed=seed)[0], 0.0
            for action in self._actions[at]:
                state, reward, *_ = environment.step(action)
                self._return[at] += float(reward)
            states.append(_row(state))
        self.states = torch.stack(states)
        self._begun, self.steps = (int(n) for n in tensors["counts"])
        self.returns = tensors["returns"].tolist()


def _row(state: Any) -> Tensor:
    flat: NDArray[np.float32] = np.asarray(state, dtype=np.float32)
    return torch.from_numpy(flat)
