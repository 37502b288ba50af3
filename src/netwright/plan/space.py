"""Space: plan fields and the distributions their values are drawn from, both ways through YAML.

recipe.lr: {log: [1e-4, 1e-1]}                even in the logarithm; uniform: evenly
net.width: {log_int: [32, 512]}               whole numbers, both ends included; int: evenly
net.dropout: {zero_or: {uniform: [0, 0.5]}}   0 with probability a half (TabPack's "?uniform")
net.depth: [2, 3, 4]                          a choice, as {choice: [2, 3, 4]}
"""

import inspect
import itertools
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import yaml

from netwright import catalogue
from netwright.errors import UsageError, did_you_mean
from netwright.plan.distributions import Distribution, read_distribution
from netwright.plan.plan import FIXED, Plan

__all__ = ["RandomStream", "Space"]


class RandomStream(Protocol):
    """What a Space draws with: `random.Random` or `numpy.random.Generator`."""

    def random(self) -> float:
        """Return a number of [0, 1)."""


class Space(Mapping[str, Distribution]):
    """Dotted plan field -> distribution; frozen.

    Values are distributions, lists (a choice) or the plain form of the module's docstring. Raises
    UsageError for an unknown distribution, an empty or a contradictory range.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        if not fields:
            raise UsageError(
                "The space is empty; expected fields, such as recipe.lr: {log: [1e-4, 1e-1]}."
            )
        self._fields = {str(name): _distribution(name, value) for name, value in fields.items()}

    def __getitem__(self, field: str) -> Distribution:
        return self._fields[field]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Space({self.to_dict()!r})"

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Space":
        """Read the plain form."""
        return cls(values)

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form that YAML and JSON hold."""
        return {name: found.to_plain() for name, found in self._fields.items()}

    @classmethod
    def from_yaml(cls, text: str) -> "Space":
        """Read the text of a space.yaml."""
        try:
            values = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise UsageError(f"The space is not valid YAML: {error}") from error
        if values is not None and not isinstance(values, dict):
            raise UsageError(
                "A space is a YAML mapping of plan fields, such as recipe.lr: {log: [1e-4, 1e-1]}; "
                f"got {type(values).__name__}."
            )
        return cls(_numbers(values or {}))

    def to_yaml(self) -> str:
        """Return the text of space.yaml."""
        lines = yaml.safe_dump(self.to_dict(), sort_keys=False, default_flow_style=None, width=110)
        return str(lines)

    @classmethod
    def load(cls, path: str | Path) -> "Space":
        """Read a space.yaml file."""
        file = Path(path)
        if not file.is_file():
            raise UsageError(
                f"There is no space file {str(path)!r}; expected YAML with lines such as "
                "recipe.lr: {log: [1e-4, 1e-1]}."
            )
        return cls.from_yaml(file.read_text(encoding="utf-8"))

    def sample(self, rng: RandomStream) -> dict[str, Any]:
        """Draw a value for each field: what `Plan.with_` takes."""
        return {name: found.at(float(rng.random())) for name, found in self._fields.items()}

    def grid(self, points: int) -> Iterator[dict[str, Any]]:
        """Yield every combination, the last field varying fastest; a range gives `points`
        values."""
        axes = [found.grid(points) for found in self._fields.values()]
        return (dict(zip(self._fields, values, strict=True)) for values in itertools.product(*axes))

    def check(self, plan: Plan) -> None:
        """Raise UsageError unless each field is one of the plan's and may take its values."""
        names = self._fields.get("net.name")
        nets = names.grid(2) if names else [plan.net["name"]]
        known = _known_fields(plan, nets)
        for field, found in self._fields.items():
            if field not in known:
                raise UsageError(
                    f"The space names {field!r}, which the plan does not have."
                    f"{did_you_mean(field, known)}"
                )
            if plan.why.get(field) == FIXED:
                raise UsageError(
                    f"The space names {field!r}, which the data fixes. Take it out of the space."
                )
            for value in found.grid(2):
                _check_number(field, value, known[field])
                plan.with_({field: value})


def _distribution(field: str, value: Any) -> Distribution:
    try:
        return read_distribution(value)
    except UsageError as error:
        raise UsageError(f"The space's {field}: {error}") from error


def _numbers(value: Any) -> Any:
    """Read 1e-4, which YAML 1.1 takes for text, as the number it is."""
    if isinstance(value, Mapping):
        return {name: _numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_numbers(inner) for inner in value]
    if isinstance(value, str) and re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+", value):
        return float(value)
    return value


def _known_fields(plan: Plan, nets: Sequence[str]) -> dict[str, Any]:
    """Map each field that a space may name to its type: of the recipe, of every net on offer and
    of the objective."""
    hints: dict[str, Any] = {"net.name": str}
    recipe = typing.get_type_hints(type(plan.recipe))
    hints |= {f"recipe.{name}": hint for name, hint in recipe.items()}
    offered = [_arguments("netwright.nets", name, what="net") for name in nets]
    shared = set.intersection(*(set(one) for one in offered))
    hints |= {f"net.{name}": hint for name, hint in offered[0].items() if name in shared}
    name = plan.objective["name"]
    arguments = _arguments("netwright.objectives", name, what="objective")
    return hints | {f"objective.{name}": hint for name, hint in arguments.items()}


def _arguments(package: str, name: str, *, what: str) -> dict[str, Any]:
    thing = catalogue.find(package, name, what=what)
    return {k: p.annotation for k, p in inspect.signature(thing).parameters.items() if k != "self"}


def _check_number(field: str, value: Any, hint: Any) -> None:
    """A net's arguments are not checked by the plan: see that numbers meet numbers."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if hint is int and not whole:
        raise UsageError(
            f"The space gives {field} the value {value!r}; expected whole numbers, as from int, "
            "log_int or a list."
        )
    if hint is float and not (whole or isinstance(value, float)):
        raise UsageError(f"The space gives {field} the value {value!r}; expected numbers.")
