"""Policy gradient: makes actions likelier that brought more reward than was expected.

advantage of a step: sum over k of (gamma lambda)^k delta, delta = r + gamma v(s') - v(s) (GAE).
reinforce: - log p(a | s) * advantage, with lambda 1: the return, less the critic as a baseline.
ppo: - min(ratio * advantage, clip(ratio, 1 - e, 1 + e) * advantage), ratio = p(a | s) / p then.
The critic learns the returns by their squared error; an entropy bonus keeps actions
from settling.

Williams 1992 (REINFORCE), Machine Learning 8; Schulman et al. 2016 (GAE), arXiv:1506.02438, and
2017 (PPO), arXiv:1707.06347. Different from Williams: what an unfinished episode would still have
brought is the critic's guess.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netwright.data.data import Batch, Data
from netwright.data.environments import Episodes
from netwright.errors import UsageError, did_you_mean
from netwright.objectives._acting import Actors
from netwright.objectives._objective import Epoch
from netwright.objectives.q_learning import facts_of

__all__ = ["METHODS", "PolicyGradient", "advantages_of"]

METHODS = ("ppo", "reinforce")


@dataclass(frozen=True, kw_only=True)
class PolicyGradient:
    """steps: taken in an epoch, in all `environments` together; an epoch learns from these alone.
    passes: of an epoch's steps, with ppo (reinforce takes one). clip: of the ratio, with ppo.
    value_weight, entropy: of the critic's loss and of the bonus beside the policy's loss.
    """

    takes: ClassVar[tuple[str, ...]] = ("policies",)
    groups: ClassVar[tuple[str, ...]] = ("net",)

    method: str = "ppo"
    gamma: float = 0.99
    gae_lambda: float = 0.95
    clip: float = 0.2
    passes: int = 10
    steps: int = 2048
    environments: int = 8
    value_weight: float = 0.5
    entropy: float = 0.0
    experience: "Rollouts" = field(init=False, repr=False, compare=False)

    @property
    def loss(self) -> str:
        """What is minimised, in a word."""
        return self.method

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UsageError(
                f"objective.method is {self.method!r}.{did_you_mean(self.method, METHODS)}"
            )
        for name in ("passes", "steps", "environments"):
            if getattr(self, name) < 1:
                raise UsageError(f"objective.{name} is {getattr(self, name)}; expected at least 1.")
        if self.steps % self.environments:
            raise UsageError(
                f"objective.steps is {self.steps}, but {self.environments} environments are acted "
                "in together. Give a multiple of objective.environments."
            )
        for name in ("gamma", "gae_lambda"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"objective.{name} is {getattr(self, name)}; expected 0 to 1.")
        object.__setattr__(self, "experience", Rollouts())

    def rows(self, data: Data, batch_size: int) -> int:
        """Return how many rows an epoch has: its steps, so many times as there are passes."""
        whole = -(-self.steps // min(batch_size, self.steps)) * min(batch_size, self.steps)
        return whole * (self.passes if self.method == "ppo" else 1)

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
        """Act with `net` as it now is, then yield these steps in batches: inputs are states,
        actions, log p(a | s) as it was and advantages, targets the returns."""
        assert epoch.net is not None and isinstance(data.train, Episodes)
        self.experience.begin(data.train, self.environments)
        rows = self._act(epoch.net, epoch.order, epoch.device)
        *inputs, returns = (x.to(epoch.device) for x in rows)
        for _ in range(self.passes if self.method == "ppo" else 1):
            for index in torch.randperm(self.steps, generator=epoch.order).split(epoch.batch_size):
                yield Batch(tuple(x[index] for x in inputs), returns[index])

    @torch.no_grad()
    def _act(
        self, net: nn.Module, order: torch.Generator, device: torch.device | None
    ) -> tuple[Tensor, ...]:
        """Take an epoch's steps -> states, actions, log p(a | s), advantages, returns, each
        (steps, ...)."""
        actors, taken = self.experience.actors, []
        for _ in range(self.steps // self.environments):
            states = actors.states
            logits, values = (x.cpu() for x in net(states.to(device)))
            logs = logits.log_softmax(1)
            actions = torch.multinomial(logs.exp(), 1, generator=order)
            step = actors.act(actions.squeeze(1))
            rewards = step.rewards
            if bool(step.cut.any()):
                # More could have come after the limit of time: as much as the critic says.
                then = net(step.next_states.to(device))[1].cpu()
                rewards = rewards + self.gamma * then * step.cut
            log = logs.gather(1, actions).squeeze(1)
            ended = step.terminated | step.cut
            taken.append((states, actions.squeeze(1), log, values, rewards, ended))
        states, actions, log, values, rewards, ended = map(torch.stack, zip(*taken, strict=True))
        last = net(actors.states.to(device))[1].cpu()
        trace = self.gae_lambda if self.method == "ppo" else 1.0
        advantages = advantages_of(rewards, values, ended, last, gamma=self.gamma, trace=trace)
        found = (states, actions, log, advantages, advantages + values)
        return tuple(x.flatten(0, 1) for x in found)

    def step(
        self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return {"net": loss of the policy, of the critic and the entropy bonus together}."""
        states, actions, before, advantages = batch.inputs
        logits, values = net(states)
        logs = logits.log_softmax(1)
        log = logs.gather(1, actions[:, None]).squeeze(1)
        if len(advantages) > 1:
            advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        if self.method == "ppo":
            ratio = (log - before).exp()
            bounded = ratio.clamp(1 - self.clip, 1 + self.clip)
            policy = -torch.minimum(ratio * advantages, bounded * advantages).mean()
        else:
            policy = -(log * advantages).mean()
        critic = self.compute(values, batch.targets)
        entropy = -(logs.exp() * logs).sum(1).mean()
        return {"net": policy + self.value_weight * critic - self.entropy * entropy}

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the critic's mean squared error. outputs, targets: values (batch,)."""
        return F.mse_loss(outputs, targets)


def advantages_of(
    rewards: Tensor, values: Tensor, ended: Tensor, last: Tensor, *, gamma: float, trace: float
) -> Tensor:
    """Return the advantages (steps, environments) of steps that followed each other. ended: an
    episode ended with this step. last: the value (environments,) of where they all stopped."""
    found = torch.zeros_like(rewards)
    following, advantage = last, torch.zeros_like(last)
    for at in range(len(rewards) - 1, -1, -1):
        goes_on = (~ended[at]).to(rewards.dtype)
        delta = rewards[at] + gamma * following * goes_on - values[at]
        advantage = delta + gamma * trace * goes_on * advantage
        found[at], following = advantage, values[at]
    return found


class Rollouts:
    """The environments that are acted in: all that goes on from epoch to epoch."""

    def __init__(self) -> None:
        self.actors: Actors
        self._open = False
        self._waiting: Mapping[str, Tensor] = {}

    def begin(self, episodes: Episodes, environments: int) -> None:
        """Open the environments in the first epoch, or as `unpack_` found them."""
        if self._open:
            return
        self.actors, self._open = Actors(episodes, environments), True
        if self._waiting:
            self.actors.unpack_(self._waiting)
            self._waiting = {}

    def facts(self) -> dict[str, float]:
        """Return what a row of the history holds of acting."""
        return facts_of(self.actors)

    def packed(self) -> dict[str, Tensor]:
        """Return all of it as tensors."""
        return self.actors.packed()

    def unpack_(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what `packed` gave, as soon as there are environments to act in."""
        self._waiting = tensors
