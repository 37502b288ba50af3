"""Q-learning: acts by the values it knows, and learns from what it remembers of acting.

target = r + gamma r' + ... + gamma^n * (0 where the episode has ended by then, else
q'(s, argmax over a of q(s, a)) of the state s that was reached); loss = huber(q(s, a) - target),
q' a copy of the net that follows every `target_every` batches.

Deep Q-network: Mnih et al. 2015, Nature 518. Double: van Hasselt et al. 2016, arXiv:1509.06461; the
duelling net is `net.dueling`. Several rewards before the guess (n steps, as in Hessel et al. 2018,
arXiv:1710.02298) bring news of an end sooner to the states that led to it. Different
from the papers: several environments are acted in side by side, and the first steps are at random.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netwright.data.data import Batch, Data
from netwright.data.environments import Episodes
from netwright.errors import UsageError
from netwright.objectives._acting import Actors, Step
from netwright.objectives._objective import Epoch

__all__ = ["QLearning"]


@dataclass(frozen=True, kw_only=True)
class QLearning:
    """n_step: rewards that are counted before a value is guessed. steps: taken in the environments
    in an epoch. every: steps between two batches. memory: steps
    that are remembered. random_steps: at the start, before the first batch. epsilon: chance of an
    action at random, falling to `epsilon_end` in the first `explore` steps. double: q chooses the
    next action and q' says its value; else q' does both.
    """

    takes: ClassVar[tuple[str, ...]] = ("values of actions",)
    groups: ClassVar[tuple[str, ...]] = ("net",)
    loss: ClassVar[str] = "huber"

    gamma: float = 0.99
    n_step: int = 3
    double: bool = True
    steps: int = 2000
    every: int = 2
    environments: int = 2
    memory: int = 50_000
    random_steps: int = 1000
    epsilon: float = 1.0
    epsilon_end: float = 0.05
    explore: int = 10_000
    target_every: int = 100
    experience: "Memory" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("n_step", "steps", "every", "environments", "target_every"):
            if getattr(self, name) < 1:
                raise UsageError(f"objective.{name} is {getattr(self, name)}; expected at least 1.")
        if self.memory < self.n_step * self.environments:
            raise UsageError(
                f"objective.memory is {self.memory}; expected at least {self.n_step} steps of each "
                f"of {self.environments} environments."
            )
        if self.every % self.environments:
            raise UsageError(
                f"objective.every is {self.every}, but {self.environments} environments are acted "
                "in together. Give a multiple of objective.environments."
            )
        for name in ("gamma", "epsilon", "epsilon_end"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"objective.{name} is {getattr(self, name)}; expected 0 to 1.")
        object.__setattr__(self, "experience", Memory())

    def rows(self, data: Data, batch_size: int) -> int:
        """Return how many rows an epoch has: a batch after every `every` steps."""
        return max(self.steps // self.every, 1) * batch_size

    def batches(self, data: Data, epoch: Epoch) -> Iterator[Batch]:
        """Act with `net` as it now is and yield batches of what is remembered: inputs are states
        and the actions taken, targets the values that these should have."""
        assert epoch.net is not None and isinstance(data.train, Episodes)
        memory = self.experience
        memory.begin(data.train, self, epoch.net)
        while memory.actors.steps < self.random_steps:
            self._act(epoch.net, memory, epoch.order, epoch.device)
        for _ in range(max(self.steps // self.every, 1)):
            for _ in range(self.every // self.environments):
                self._act(epoch.net, memory, epoch.order, epoch.device)
            if memory.batches % self.target_every == 0:
                memory.target.load_state_dict(epoch.net.state_dict())
            memory.batches += 1
            states, actions, rewards, following, discount = (
                x.to(epoch.device) for x in memory.draw(epoch.batch_size, epoch.order, self)
            )
            values = self._targets(epoch.net, memory.target, rewards, following, discount)
            yield Batch((states, actions), values)

    def epsilon_at(self, step: int) -> float:
        """Return the chance of an action at random after so many steps."""
        share = min(step / max(self.explore, 1), 1.0)
        return self.epsilon + (self.epsilon_end - self.epsilon) * share

    @torch.no_grad()
    def _act(
        self, net: nn.Module, memory: "Memory", order: torch.Generator, device: torch.device | None
    ) -> None:
        actors = memory.actors
        best = net(actors.states.to(device))
        count, actions = best.shape
        epsilon = 1.0 if actors.steps < self.random_steps else self.epsilon_at(actors.steps)
        guess = torch.randint(actions, (count,), generator=order)
        at_random = torch.rand(count, generator=order) < epsilon
        chosen = torch.where(at_random, guess, best.argmax(1).cpu())
        before = actors.states
        memory.add(before, chosen, actors.act(chosen))

    @torch.no_grad()
    def _targets(
        self,
        net: nn.Module,
        target: nn.Module,
        rewards: Tensor,
        following: Tensor,
        discount: Tensor,
    ) -> Tensor:
        """Return the rewards (batch,) and what is guessed to follow, times `discount` (batch,),
        which is 0 where the episode has ended."""
        values = target(following)
        best = (net(following) if self.double else values).argmax(1, keepdim=True)
        then = values.gather(1, best).squeeze(1)
        found: Tensor = rewards + discount * then
        return found

    def step(
        self, net: nn.Module, batch: Batch, rng: torch.Generator | None = None
    ) -> dict[str, Tensor]:
        """Return {"net": Huber loss of the values of the actions taken}."""
        states, actions = batch.inputs
        values = net(states).gather(1, actions[:, None]).squeeze(1)
        return {"net": self.compute(values, batch.targets)}

    def compute(
        self, outputs: Tensor, targets: Tensor, *, members: int = 0, smooth: bool = True
    ) -> Tensor:
        """Return the mean Huber loss. outputs, targets: values (batch,)."""
        return F.smooth_l1_loss(outputs, targets)


class Memory:
    """The last `memory` steps as rings of tensors, the copy of the net that targets are made with,
    and the environments: all that goes on from epoch to epoch."""

    def __init__(self) -> None:
        self.actors: Actors
        self.target: nn.Module
        self.count = self.batches = 0
        self.rings: tuple[Tensor, ...] = ()
        self._waiting: Mapping[str, Tensor] = {}

    def begin(self, episodes: Episodes, objective: QLearning, net: nn.Module) -> None:
        """Open the environments in the first epoch, or as `unpack_` found them."""
        if self.rings:
            return
        self.actors = Actors(episodes, objective.environments)
        self.target = copy.deepcopy(net)
        size, states = objective.memory, self.actors.states
        self.rings = (
            states.new_zeros(size, states.shape[1]),
            torch.zeros(size, dtype=torch.int64),
            torch.zeros(size),
            states.new_zeros(size, states.shape[1]),
            torch.zeros(size, dtype=torch.bool),
            torch.zeros(size, dtype=torch.bool),
        )
        if self._waiting:
            self._restore(self._waiting)
            self._waiting = {}

    def add(self, states: Tensor, actions: Tensor, step: Step) -> None:
        """Remember a step of each environment, in the place of the oldest."""
        size = len(self.rings[0])
        places = (torch.arange(len(actions)) + self.count) % size
        new = (states, actions, step.rewards, step.next_states, step.terminated, step.cut)
        for ring, values in zip(self.rings, new, strict=True):
            ring[places] = values
        self.count += len(actions)

    def draw(
        self, batch_size: int, rng: torch.Generator, objective: QLearning
    ) -> tuple[Tensor, ...]:
        """Return a batch at random, with replacement: states, actions, the rewards of the next
        n steps of the same environment (fewer where the episode ended), the state then reached, and
        the discount of what follows it, 0 where nothing does."""
        states, actions, rewards, following, terminated, cut = self.rings
        size, side_by_side = len(states), objective.environments
        known = min(self.count, size)
        # Steps of the environments lie in turn; the last n - 1 of each have no n steps yet.
        later = known - (objective.n_step - 1) * side_by_side
        place = torch.randint(later, (batch_size,), generator=rng) + max(self.count - size, 0)
        first = place % size
        total, discount = torch.zeros(batch_size), torch.ones(batch_size)
        goes_on = torch.ones(batch_size, dtype=torch.bool)
        reached = following[first]
        for ahead in range(objective.n_step):
            at = (place + ahead * side_by_side) % size
            total += torch.where(goes_on, discount * rewards[at], 0.0)
            reached = torch.where(goes_on[:, None], following[at], reached)
            step = torch.where(terminated[at], 0.0, objective.gamma)
            discount = torch.where(goes_on, discount * step, discount)
            goes_on &= ~(terminated[at] | cut[at])
        return states[first], actions[first], total, reached, discount

    def facts(self) -> dict[str, float]:
        """Return what a row of the history holds of acting."""
        return facts_of(self.actors)

    def packed(self) -> dict[str, Tensor]:
        """Return all of it as tensors."""
        known = min(self.count, len(self.rings[0]))
        found = {f"ring.{at}": ring[:known].clone() for at, ring in enumerate(self.rings)}
        found |= {f"actors.{name}": value for name, value in self.actors.packed().items()}
        found |= {f"target.{name}": value for name, value in self.target.state_dict().items()}
        return found | {"counts": torch.tensor([self.count, self.batches])}

    def unpack_(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what `packed` gave, as soon as there are environments to act in."""
        self._waiting = tensors

    def _restore(self, tensors: Mapping[str, Tensor]) -> None:
        for at, ring in enumerate(self.rings):
            known = tensors[f"ring.{at}"]
            ring[: len(known)] = known
        self.actors.unpack_(_under(tensors, "actors."))
        self.target.load_state_dict(_under(tensors, "target."))
        self.count, self.batches = (int(n) for n in tensors["counts"])


def facts_of(actors: Actors) -> dict[str, float]:
    """Return the steps taken so far, and the mean return of the last episodes played."""
    found: dict[str, float] = {"environment_steps": actors.steps}
    if actors.returns:
        found["train_mean_return"] = sum(actors.returns) / len(actors.returns)
    return found


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
