"""Members: the part of a plan that makes it an ensemble - how many, drawn from what, selected
how."""

import dataclasses
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

from netwright.errors import UsageError, did_you_mean
from netwright.plan.distributions import Distribution, read_distribution

__all__ = ["MEMBER_FIELDS", "Members", "with_count"]

Selection = Literal["greedy", "all"]


@dataclass(frozen=True, kw_only=True)
class Members:
    """count: of nets that are trained. space: dotted plan field -> distribution, in which they
    differ (see `Space`); empty: in their random start alone, a deep ensemble. seed: of what is
    drawn from the space. selection: "greedy" takes on validation rows the members that are best
    together, "all" takes each once; greedy by default where there is a space. folds: None, or into
    how many the training and validation rows are divided: each member is then that many nets, each
    trained without one fold and stopped by it, and is judged on all rows, each answered by the net
    that did not train on it. kinds: changes of the plan, such as {"net.name": "modern-nca"},
    that the members have in turn: member i the changes i modulo their number. What a kind sets is
    not drawn.
    """

    count: int
    space: Mapping[str, Distribution] = field(default_factory=dict)
    seed: int = 0
    selection: Selection | None = None
    folds: int | None = None
    kinds: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        for name, least in (("count", 1), ("seed", 0), ("folds", 2)):
            value = getattr(self, name)
            if value is None and name == "folds":
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise UsageError(
                    f"members.{name} is {value!r}; expected a whole number of at least {least}."
                )
        if not isinstance(self.kinds, list | tuple) or not all(
            isinstance(kind, Mapping) for kind in self.kinds
        ):
            raise UsageError(
                f"members.kinds is {self.kinds!r}; expected a list of plan fields and their values,"
                " such as [{}, {net.name: modern-nca}]."
            )
        kinds = tuple(MappingProxyType({str(k): v for k, v in kind.items()}) for kind in self.kinds)
        object.__setattr__(self, "kinds", kinds)
        if not isinstance(self.space, Mapping):
            raise UsageError(
                f"members.space is {self.space!r}; expected plan fields, such as "
                "{recipe.lr: {log: [0.0001, 0.1]}}."
            )
        space = {str(name): _distribution(name, value) for name, value in self.space.items()}
        object.__setattr__(self, "space", MappingProxyType(space))
        if self.selection is None:
            unlike = bool(space) or len(kinds) > 1
            object.__setattr__(self, "selection", "greedy" if unlike else "all")
        elif self.selection not in get_args(Selection):
            raise UsageError(
                f"members.selection is {self.selection!r}."
                f"{did_you_mean(str(self.selection), get_args(Selection))}"
            )

    def sample(self, number: int) -> dict[str, Any]:
        """Return the changes of member `number`, from 0: its kind's, and what it draws, which
        depends on seed and number alone."""
        if not 0 <= number < self.count:
            raise UsageError(
                f"There is no member {number}; the plan's members are 0 to {self.count - 1}."
            )
        rng = random.Random(f"{self.seed}, {number}")
        drawn = {name: found.at(rng.random()) for name, found in self.space.items()}
        return drawn | (dict(self.kinds[number % len(self.kinds)]) if self.kinds else {})

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form that YAML and JSON hold."""
        space = {name: found.to_plain() for name, found in self.space.items()}
        return {
            "count": self.count,
            "space": space,
            "seed": self.seed,
            "selection": self.selection,
            **({} if self.folds is None else {"folds": self.folds}),
            **({"kinds": [dict(kind) for kind in self.kinds]} if self.kinds else {}),
        }

    @classmethod
    def from_dict(cls, values: Any) -> "Members":
        """Read the plain form; unknown keys are errors with "did you mean"."""
        if not isinstance(values, Mapping) or "count" not in values:
            raise UsageError(f"A plan's members are {values!r}; expected {{count: 8, ...}}.")
        for key in values:
            if key not in MEMBER_FIELDS:
                raise UsageError(
                    f"A plan's members have no field {key!r}.{did_you_mean(key, MEMBER_FIELDS)}"
                )
        return cls(**values)


def with_count(count: int) -> dict[str, Any]:
    """Return the change (see `Plan.with_`) that makes a plan one of `count` nets; 1 is the plan's
    own net alone."""
    return {"members": None} if count == 1 else {"members.count": count}


MEMBER_FIELDS = [f.name for f in dataclasses.fields(Members)]


def _distribution(name: str, value: Any) -> Distribution:
    try:
        return read_distribution(value)
    except UsageError as error:
        raise UsageError(f"members.space's {name}: {error}") from error
