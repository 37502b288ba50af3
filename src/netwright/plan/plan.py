"""Plan and Recipe: everything a training run is, as a frozen value that round-trips through
YAML."""

import dataclasses
import functools
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml

from netwright import catalogue
from netwright.errors import UsageError, did_you_mean
from netwright.plan.fields import PlanLoader, check_value, fields_of, set_in_, short
from netwright.plan.members import MEMBER_FIELDS, Members

FIXED = "fixed by the data"  # the reason of what no other choice could be
BY_USER = "set by the user"

Optimizer = Literal["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "muon"]
Schedule = Literal["constant", "step", "exponential", "cosine", "one-cycle", "reduce-on-plateau"]
Init = Literal[
    "auto", "default", "xavier-uniform", "xavier-normal", "he-uniform", "he-normal",
    "lecun-uniform", "lecun-normal", "orthogonal", "zero", "constant",
]  # fmt: skip
Freeze = Literal["none", "body", "early", "at-first"]
Augment = Literal[
    "flip",
    "shift",
    "turn",
    "rotate",
    "crop",
    "elastic",
    "brightness",
    "noise",
    "mixup",
    "cutmix",
    "erase",
    "token-dropout",
    "speed",
    "jitter",
    "scale",
    "warp",
]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a net is trained. Ratios are 0..1; 0 or None switches a thing off.

    lr: "auto" is resolved by `fit` with a range test on a copy. batch_size: a number (1 is
    single-sample descent) or "full". weight_decay: decoupled for adamw and muon, torch's coupled L2
    otherwise. l1, l2: penalties added to the loss (both together: elastic net). clip: largest
    gradient norm; clip_value: largest gradient entry. warmup: share of all steps. schedule_gamma,
    schedule_every: factor and epochs of step and exponential decay, factor of reduce-on-plateau.
    init_from: a model or run folder, whose weights the net begins with where names and shapes fit.
    freeze: what of those weights rests: the "body" (only the head learns), its "early" layers (the
    last stage learns too), or the body "at-first", for a fifth of the steps.
    patience: epochs without a better validation score before early stopping. keep: the weights of
    the best epoch, or of the last, where validation rows are too few to tell. ema: decay of the
    moving average of weights. swa: share of training after which weights are averaged. snapshots:
    of one training, whose schedule then starts anew so many times; the nets at the ends of its
    cycles answer together (Huang et al. 2017, arXiv:1704.00109), and patience does not count.
    """

    optimizer: Optimizer = "adamw"
    lr: float | Literal["auto"] = "auto"
    momentum: float = 0.9
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    schedule: Schedule = "cosine"
    warmup: float = 0.05
    schedule_gamma: float = 0.5
    schedule_every: int = 10
    final_lr: float = 0.0
    epochs: int = 50
    batch_size: int | Literal["full"] = 128
    accumulate: int = 1
    clip: float | None = None
    clip_value: float | None = None
    label_smoothing: float = 0.0
    class_weights: Literal["none", "balanced"] = "none"
    sampling: Literal["none", "balanced"] = "none"
    augment: tuple[Augment, ...] = ()
    augment_strength: float = 1.0
    init: Init = "auto"
    init_from: str | None = None
    freeze: Freeze = "none"
    patience: int | None = 10
    keep: Literal["best", "last"] = "best"
    ema: float | None = None
    swa: float | None = None
    snapshots: int = 1
    precision: Literal["auto", "float32", "bf16", "fp16"] = "auto"
    compile: Literal["auto", "on", "off"] = "auto"

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            check_value(f"recipe.{name}", value, _recipe_hints()[name])
        for name, hint in _recipe_hints().items():
            check_value(f"recipe.{name}", getattr(self, name), hint)
        if isinstance(self.lr, float) and self.lr < 0:
            raise UsageError(f"recipe.lr is {self.lr}; expected a number >= 0 or 'auto'.")
        for name in ("epochs", "accumulate", "schedule_every", "snapshots"):
            if getattr(self, name) < 1:
                raise UsageError(f"recipe.{name} is {getattr(self, name)}; expected at least 1.")
        if self.freeze != "none" and self.init_from is None:
            raise UsageError(
                f"recipe.freeze is {self.freeze!r}, but recipe.init_from names no model: layers "
                "would rest at their random start. Give a model, as `netwright finetune` does, or "
                "set recipe.freeze to none."
            )
        if self.snapshots > self.epochs:
            raise UsageError(
                f"recipe.snapshots is {self.snapshots} in {self.epochs} epochs; expected at least "
                "an epoch for each. Take fewer snapshots or more epochs."
            )
        if isinstance(self.batch_size, int) and self.batch_size < 1:
            raise UsageError(
                f"recipe.batch_size is {self.batch_size}; expected at least 1, or 'full'."
            )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A net by catalogue name and arguments, an objective, a recipe, and the reason for each
    choice.

    net and objective hold "name" and the constructor's arguments. why maps a dotted field
    ("net.width") to its reason. members: None, or what makes it the plan of an ensemble, each of
    whose members is a Plan itself (`member`).
    """

    net: Mapping[str, Any]
    objective: Mapping[str, Any] = field(default_factory=lambda: {"name": "supervised"})
    recipe: Recipe = field(default_factory=Recipe)
    why: Mapping[str, str] = field(default_factory=dict)
    members: Members | None = None

    def __post_init__(self) -> None:
        for part in ("net", "objective"):
            if "name" not in getattr(self, part):
                raise UsageError(
                    f"The plan's {part} has no 'name'. Give one, such as {part}: {{name: ...}}."
                )
        for part in ("net", "objective", "why"):
            object.__setattr__(self, part, MappingProxyType(dict(getattr(self, part))))

    def __reduce__(self) -> tuple[Any, ...]:
        # Read-only views cannot be copied or pickled; the plain form can.
        return Plan.from_dict, (self.to_dict(),)

    def with_(self, changes: Mapping[str, Any], *, why: str = BY_USER) -> "Plan":
        """Return the plan with dotted fields changed: {"recipe.lr": 0.01, "net.width": 64}. Unknown
        ones are errors. Another net.name or objective.name drops the settings that the new one does
        not have, and another net an ensemble that the user did not ask for.
        "members.count" makes it an ensemble's; {"members": None} a single net's."""
        net, objective, reasons = dict(self.net), dict(self.objective), dict(self.why)
        recipe: dict[str, Any] = {}
        members = self.members.to_dict() if self.members else None
        for path, value in changes.items():
            part, _, name = path.partition(".")
            if part == "recipe" and name in _recipe_fields():
                recipe[name] = tuple(value) if isinstance(value, list) else value
            elif part in ("net", "objective") and name:
                set_in_(net if part == "net" else objective, name, value)
            elif part == "members" and name in MEMBER_FIELDS:
                members = (members or {}) | {name: value}
            elif path == "members" and (value is None or isinstance(value, Mapping)):
                members = None if value is None else dict(value)
                reasons = {k: v for k, v in reasons.items() if not k.startswith("members.")}
                continue
            else:
                fields = (
                    [f"recipe.{n}" for n in _recipe_fields()]
                    + [f"members.{n}" for n in MEMBER_FIELDS]
                    + [f"net.{n}" for n in net]
                    + [f"objective.{n}" for n in objective]
                )
                raise UsageError(f"A plan has no field {path!r}.{did_you_mean(path, fields)}")
            reasons[path] = why
        if objective["name"] != self.objective["name"]:
            package, name = "netwright.objectives", objective["name"]
            known = catalogue.parameters(package, name, what="objective")
            for field in [n for n in objective if n not in ("name", *known)]:
                if f"objective.{field}" not in changes:
                    del objective[field]
                    reasons.pop(f"objective.{field}", None)
        if net["name"] != self.net["name"]:
            # What was chosen for the other net and means nothing to this one goes; what the data
            # fixes stays, so that a net for other data is refused.
            known = catalogue.parameters("netwright.nets", net["name"], what="net")
            for name in [n for n in net if n not in ("name", *known)]:
                if f"net.{name}" not in changes and reasons.get(f"net.{name}") != FIXED:
                    del net[name]
                    reasons.pop(f"net.{name}", None)
            foreign = {f"net.{n}" for n in _net_fields(members) if n not in known}
            changes = dict.fromkeys(foreign) | dict(changes)
        if members and isinstance(members.get("space"), Mapping):
            # What is set, or is over, is no longer drawn.
            drawn = {n: found for n, found in members["space"].items() if n not in changes}
            members = members | {"space": drawn}
        if members and "net.name" in changes:
            # This net and no other: the designer's ensemble is over, the user's has it throughout.
            if self.why.get("members.count", BY_USER) != BY_USER:
                asked = {k: v for k, v in members.items() if f"members.{k}" in changes}
                members = asked if "count" in asked else None
            elif "members.kinds" not in changes:
                members.pop("kinds", None)
        if members and members.get("kinds") and "members.kinds" not in changes:
            kinds = [{k: v for k, v in kind.items() if k not in changes}
                     for kind in members["kinds"]]  # fmt: skip
            members = members | {"kinds": kinds}
        return Plan(
            net=net,
            objective=objective,
            recipe=dataclasses.replace(self.recipe, **recipe),
            why=reasons,
            members=None if members is None else Members.from_dict(members),
        )

    def member(self, number: int) -> "Plan":
        """Return the plan of member `number`, from 0, which has no members: this plan with what
        the member draws from the space. It does not depend on how many members there are."""
        if self.members is None:
            raise UsageError("The plan has no members. Give it some with members.count.")
        alone = self.with_({"members": None})
        return alone.with_(self.members.sample(number), why=f"sampled by member {number}")

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form that YAML and JSON hold."""
        recipe = {
            k: list(v) if isinstance(v, tuple) else v
            for k, v in dataclasses.asdict(self.recipe).items()
        }
        return {
            "net": dict(self.net),
            "objective": dict(self.objective),
            "recipe": recipe,
            **({"members": self.members.to_dict()} if self.members else {}),
            "why": dict(self.why),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Plan":
        """Read the plain form; unknown keys are errors with "did you mean"."""
        keys = [f.name for f in dataclasses.fields(cls)]
        for key in values:
            if key not in keys:
                raise UsageError(f"A plan has no key {key!r}.{did_you_mean(key, keys)}")
        if "net" not in values:
            raise UsageError("A plan needs 'net: {name: ...}'; it is missing.")
        recipe = dict(values.get("recipe") or {})
        for key in recipe:
            if key not in _recipe_fields():
                raise UsageError(
                    f"A recipe has no field {key!r}.{did_you_mean(key, _recipe_fields())}"
                )
        recipe = {k: tuple(v) if isinstance(v, list) else v for k, v in recipe.items()}
        return cls(
            net=values["net"],
            objective=values.get("objective") or {"name": "supervised"},
            recipe=Recipe(**recipe),
            why=values.get("why") or {},
            members=Members.from_dict(values["members"]) if values.get("members") else None,
        )

    def to_yaml(self) -> str:
        """Return the text of plan.yaml."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True, width=110)

    @classmethod
    def from_yaml(cls, text: str) -> "Plan":
        """Read the text of a plan.yaml."""
        try:
            values = yaml.load(text, PlanLoader)
        except yaml.YAMLError as error:
            raise UsageError(f"The plan is not valid YAML: {error}") from error
        if not isinstance(values, dict):
            raise UsageError(
                "A plan is a YAML mapping with net, objective, recipe; got "
                f"{type(values).__name__}."
            )
        return cls.from_dict(values)

    @classmethod
    def load(cls, path: str | Path) -> "Plan":
        """Read a plan.yaml file."""
        file = Path(path)
        if not file.is_file():
            raise UsageError(
                f"There is no plan file {str(path)!r}. Make one with: netwright plan SOURCE > "
                "plan.yaml"
            )
        return cls.from_yaml(file.read_text(encoding="utf-8"))

    def __str__(self) -> str:
        """Every choice on a line, with its reason."""
        lines = []
        plain = self.to_dict()
        members = plain.setdefault("members", {})
        members |= {f"space.{n}": found for n, found in members.pop("space", {}).items()}
        for part in ("net", "objective", "recipe", "members"):
            for name, value in fields_of(plain[part]).items():
                reason = self.why.get(f"{part}.{name}")
                default = part == "recipe" and getattr(Recipe(), name) == getattr(self.recipe, name)
                if reason or not default:
                    lines.append(
                        f"{f'{part}.{name}':<26} {short(value):<22} {reason or ''}".rstrip()
                    )
        return "\n".join(lines)


@functools.cache
def _recipe_hints() -> dict[str, Any]:
    return typing.get_type_hints(Recipe)  # half a millisecond: too long for each of many members


def _recipe_fields() -> list[str]:
    return [f.name for f in dataclasses.fields(Recipe)]


def _net_fields(members: Mapping[str, Any] | None) -> list[str]:
    """Return the net's arguments that members draw."""
    space = members.get("space") if members else None
    if not isinstance(space, Mapping):
        return []
    return [name.removeprefix("net.") for name in space if name.startswith("net.")]
