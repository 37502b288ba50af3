"""Choices: what the rules of `plan/rules/` decide, each with its reason, and what they share."""

import math
from typing import Any

from netwright.plan.members import Members
from netwright.plan.plan import Plan, Recipe

__all__ = ["INIT_REASON", "Choices", "epochs_for", "steps_an_epoch"]

# The initialisation that keeps the signal's variance through an activation (He 2015, Glorot 2010,
# Klambauer 2017).
INIT_REASON = {
    "relu": "He keeps the variance through ReLU",
    "gelu": "He: GELU is a smooth ReLU",
    "silu": "He: SiLU is a smooth ReLU",
    "mish": "He: Mish is a smooth ReLU",
    "tanh": "Xavier keeps the variance through tanh",
    "sigmoid": "Xavier keeps the variance through sigmoid",
    "selu": "LeCun: SELU normalises itself only with variance 1/fan_in",
}


class Choices:
    """Collects fields and their reasons; later choices replace earlier ones."""

    def __init__(self) -> None:
        self._net: dict[str, Any] = {}
        self._recipe: dict[str, Any] = {}
        self._objective: dict[str, Any] = {"name": "supervised"}
        self._members: dict[str, Any] = {}
        self._why: dict[str, str] = {}

    def net(self, name: str, value: Any, why: str) -> None:
        self._net[name] = value
        self._why[f"net.{name}"] = why

    def recipe(self, name: str, value: Any, why: str) -> None:
        self._recipe[name] = value
        self._why[f"recipe.{name}"] = why

    def objective(self, name: str, value: Any, why: str) -> None:
        self._objective[name] = value
        self._why[f"objective.{name}"] = why

    def members(self, name: str, value: Any, why: str) -> None:
        self._members[name] = value
        self._why[f"members.{name}"] = why

    def as_trunk(self) -> None:
        """Take the net chosen so far, name and all, for the argument `trunk` of another."""
        self._net = {"trunk": self._net}
        for field in [name for name in self._why if name.startswith("net.")]:
            self._why[f"net.trunk.{field.removeprefix('net.')}"] = self._why.pop(field)

    def plan(self) -> Plan:
        net = {"name": self._net.pop("name"), **self._net}
        return Plan(
            net=net,
            objective=self._objective,
            recipe=Recipe(**self._recipe),
            members=Members.from_dict(self._members) if self._members else None,
            why=self._why,
        )


def steps_an_epoch(rows: int, batch_size: int) -> int:
    return max(math.ceil(rows / batch_size), 1)


def epochs_for(steps: int, rows: int, batch_size: int, *, low: int, high: int) -> int:
    return int(min(max(steps / steps_an_epoch(rows, batch_size), low), high))
