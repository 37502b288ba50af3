"""An environment to act in becomes Data: its splits are seeds, each of which begins an episode.

    gym:CartPole-v1     any environment of Gymnasium (Towers et al. 2024, arXiv:2407.17032) whose
                        states are numbers and whose actions can be counted

Gymnasium is an optional dependency: pip install 'netwright[control]'.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from netwright.data.data import Batch, Data, Kind, Source
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.sources import Found
from netwright.data.task import Task
from netwright.errors import DataError, UsageError, did_you_mean

__all__ = [
    "EnvironmentEncoding",
    "Episodes",
    "environment_data",
    "episodes_for",
    "open_environment",
]

# Seeds of Gymnasium are shared out: training never begins an episode that is judged.
TRAIN, VALIDATION, TEST = 10_000, 20, 100
FEWEST_SEEDS = 1_000_000  # between two seeds of --seed


@dataclass(frozen=True, kw_only=True)
class EnvironmentEncoding:
    """states: the names of the numbers of a state. actions: how many there are to choose from."""

    environment: str
    states: tuple[str, ...]
    actions: int

    @property
    def kind(self) -> Kind:
        return "environment"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table of states."""
        return self.states

    def encode(self, raw: Any, ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn states, a DataFrame or (rows, in_features) numbers, into (float32 (rows,
        in_features),)."""
        if isinstance(raw, pd.DataFrame):
            missing = [name for name in self.states if name not in raw.columns]
            if missing:
                raise DataError(
                    f"The table of states has no column {missing[0]!r}; a state of "
                    f"{self.environment} is {', '.join(self.states)}. Name the columns so."
                )
            raw = raw[list(self.states)].apply(pd.to_numeric, errors="coerce").to_numpy()
        values = np.asarray(raw, dtype=np.float32)
        if values.ndim != 2 or values.shape[1] != len(self.states):
            raise DataError(
                f"States of shape {values.shape} were given; a state of {self.environment} is "
                f"{len(self.states)} numbers. Give rows of them."
            )
        wrong = ~np.isfinite(values).all(1)
        if wrong.any():
            raise DataError(
                f"The state in row {int(wrong.argmax()) + 1} holds what is no finite number. A "
                "state has no missing parts: fill it, or leave the row out."
            )
        return (torch.from_numpy(values),)

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return inputs

    def shapes(self) -> Mapping[str, Any]:
        return {"in_features": len(self.states)}

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "environment",
            "kind": "environment",
            "environment": self.environment,
            "states": list(self.states),
            "actions": self.actions,
        }

    def tensors(self) -> dict[str, Tensor]:
        return {}

    @classmethod
    def from_dict(
        cls, values: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> "EnvironmentEncoding":
        """Read the JSON form."""
        return cls(
            environment=values["environment"],
            states=tuple(values["states"]),
            actions=values["actions"],
        )


@dataclass(frozen=True)
class Episodes:
    """A split of an environment: a seed for each episode. As batches it gives the states that the
    episodes begin with, and nothing to aim at."""

    name: str
    environment: str
    seeds: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.seeds)

    def batches(
        self,
        batch_size: int,
        *,
        rng: torch.Generator | None = None,
        start: int = 0,
        device: torch.device | None = None,
    ) -> Iterator[Batch]:
        """Yield first states (batch, in_features), with targets of 0."""
        seeds = torch.tensor(self.seeds)
        if rng is not None:
            seeds = seeds[torch.randperm(len(seeds), generator=rng)]
        environment = open_environment(self.environment)
        for piece in seeds.split(batch_size)[start:]:
            first = np.stack([environment.reset(seed=int(seed))[0] for seed in piece])
            states = torch.from_numpy(first.astype(np.float32)).to(device)
            yield Batch((states,), torch.zeros(len(piece), device=device))


def environment_data(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """Build Data from an environment: 10,000 episodes that training may begin, 20 that judge it
    between epochs and 100 for the end, no two of one seed."""
    _refuse_options(options, found.name)
    name = str(found.detail["env"])
    encoding = _encoding(name)
    ledger.note("read", name, f"a state is {', '.join(encoding.states)}", len(encoding.states))
    ledger.note("read", name, "actions to choose from", encoding.actions)
    what = (
        f"by seed: {TRAIN:,} episodes that training may begin, {VALIDATION} that judge it between "
        f"epochs, {TEST} for the end"
    )
    ledger.note("split", "episodes", what)
    return Data(
        kind="environment",
        task=Task(name="control", form="control", target="return", outputs=encoding.actions),
        encoding=encoding,
        train=_episodes("train", name, options.seed),
        validation=_episodes("validation", name, options.seed),
        test=_episodes("test", name, options.seed),
        source=Source(found.name),
        ledger=ledger,
    )


def episodes_for(encoding: EnvironmentEncoding, found: Found, ledger: Ledger) -> Episodes:
    """Return 100 test episodes of an environment for a model that learned to act in it, or in one
    of equal states and actions."""
    if found.kind != "gym":
        raise DataError(
            f"{found.name!r} holds {found.kind}; the model acts in {encoding.environment}. Score "
            f"it in an environment: gym:{encoding.environment}."
        )
    name = str(found.detail["env"])
    other = _encoding(name)
    if (len(other.states), other.actions) != (len(encoding.states), encoding.actions):
        raise DataError(
            f"{name} has states of {len(other.states)} numbers and {other.actions} actions; the "
            f"model was trained on {encoding.environment} with {len(encoding.states)} and "
            f"{encoding.actions}. Score it in an environment of that shape."
        )
    ledger.note("read", name, "episodes played greedily, with seeds of test episodes", TEST)
    return _episodes("test", name, 0)


def _episodes(name: str, environment: str, seed: int) -> Episodes:
    counts = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
    first = (seed * FEWEST_SEEDS) % 2**31
    for other, count in counts.items():
        if other == name:
            break
        first += count
    return Episodes(name, environment, tuple(range(first, first + counts[name])))


def open_environment(name: str) -> Any:
    """Make the Gymnasium environment `name`, whose states are rows of numbers and whose actions are
    0, 1, ...; any other is a DataError that says what it has."""
    try:
        import gymnasium as gym
    except ImportError as error:
        raise UsageError(
            f"gym:{name} needs Gymnasium, which is not installed. Install it with: pip install "
            "'netwright[control]'"
        ) from error
    try:
        environment: Any = gym.make(name)
    except (gym.error.UnregisteredEnv, gym.error.DeprecatedEnv) as error:
        # Those of its own that need no further package.
        known = [n for n, one in gym.registry.items() if "classic" in str(one.entry_point)]
        near = did_you_mean(
            name, [*gym.registry] if get_close_matches(name, gym.registry) else known
        )
        raise DataError(f"Gymnasium has no environment {name!r}.{near}") from error
    except (gym.error.Error, ImportError) as error:
        raise DataError(f"The environment {name!r} cannot be made: {error}") from error
    spaces = gym.spaces
    actions, states = environment.action_space, environment.observation_space
    if not isinstance(actions, spaces.Discrete):
        raise DataError(
            f"{name} has actions {actions}; q-learning and policy-gradient choose one of several "
            "actions that can be counted (Discrete). Take such an environment, or divide the "
            "actions into steps in an environment of your own."
        )
    if int(actions.start):
        raise DataError(
            f"The actions of {name} begin at {int(actions.start)}; expected 0. Wrap the "
            "environment so that they do."
        )
    if isinstance(states, spaces.Box) and len(states.shape) == 1:
        return environment
    if isinstance(states, spaces.Box) and len(states.shape) > 1:
        raise DataError(
            f"The states of {name} have shape {states.shape}, as pictures have; expected rows of "
            "numbers. Take an environment that gives its state as numbers."
        )
    try:
        flat: Any = gym.wrappers.FlattenObservation(environment)
    except NotImplementedError as error:  # gymnasium's word for spaces that have no flat form
        raise DataError(
            f"The states of {name} are {states}, which cannot be laid out as a row of numbers. "
            "Take an environment that gives its state as numbers."
        ) from error
    return flat


def _encoding(name: str) -> EnvironmentEncoding:
    environment = open_environment(name)
    count = int(environment.observation_space.shape[0])
    states = tuple(f"state_{at}" for at in range(1, count + 1))
    actions = int(environment.action_space.n)
    environment.close()
    return EnvironmentEncoding(environment=name, states=states, actions=actions)


def _refuse_options(options: ReadOptions, name: str) -> None:
    if options.task not in (None, "control"):
        raise UsageError(
            f"--task {options.task} needs rows to learn from, but {name} is an environment to act "
            "in. Leave --task out, or write control."
        )
    said: Iterable[str] = ("target", "time_column", "group", "horizon", "split", "test")
    for option in said:
        if getattr(options, option) is not None:
            raise UsageError(
                f"--{option.replace('_', '-')} is about rows, but {name} is an environment to act "
                "in: it has none. Leave it out."
            )
