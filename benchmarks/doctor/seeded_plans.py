"""Faults seeded on Plans: small carriers, each fault as a change of plan, and the healthy twin.

What no plan can ask for (weights of standard deviation 3, biases of -8) hides under the name of an
initialisation scheme, `SICK`; any other scheme is a sound start.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from netwright.data.data import Data, Rows
from netwright.data.read import read
from netwright.plan.design import design
from netwright.plan.plan import Plan
from netwright.train import building
from netwright.train.init import initialise_

SICK = "constant"
TABLES = ("breast_cancer", "wine", "diabetes", "moons", "spirals", "checkerboard")
IMAGES = ("digits",)


@dataclass(frozen=True)
class Seeded:
    """fault: that is to be named first. both: changes of sick plan and healthy twin alike. sick:
    the fault itself. start: what SICK does to the first weights. rows: of training, None is all.
    kinds: of carriers that it is seeded on."""

    fault: str
    sick: Mapping[str, Any]
    both: Mapping[str, Any] = field(default_factory=dict)
    start: Mapping[str, float] = field(default_factory=dict)
    rows: int | None = None
    kinds: tuple[str, ...] = ("mlp", "cnn")


MOMENTUM = {"recipe.optimizer": "momentum", "recipe.lr": 0.03}
SEEDED: dict[str, Seeded] = {
    "lr-x300": Seeded("learning-rate-too-high", {"recipe.lr": 0.9}),
    "lr-x300-momentum": Seeded("learning-rate-too-high", {"recipe.lr": 9.0}, MOMENTUM),
    "lr-1/1000": Seeded("learning-rate-too-low", {"recipe.lr": 3e-6}),
    "init-std-3": Seeded("wrong-initialization", {"recipe.init": SICK}, start={"std": 3.0}),
    "init-zero": Seeded("wrong-initialization", {"recipe.init": "zero"}),
    "eight-sigmoids": Seeded(
        "vanishing-gradient",
        {"net.activation": "sigmoid", "net.depth": 8},
        MOMENTUM,
        kinds=("mlp",),
    ),
    "bias-minus-8": Seeded("dying-relu", {"recipe.init": SICK}, start={"bias": -8.0}),
    "decay-30": Seeded("weight-decay-too-strong", {"recipe.weight_decay": 30.0}),
    "epochs-1/10": Seeded(
        "undertrained",
        {"recipe.epochs": 0.1},  # a share of the twin's
        {"recipe.schedule": "constant", "recipe.lr": 1e-3},
    ),
    "by-heart": Seeded(
        "overfitting",
        {"recipe.keep": "last", "net.dropout": 0.0, "recipe.weight_decay": 0.0},
        {"net.width": 256, "recipe.epochs": 80},
        rows=60,
        kinds=("mlp",),
    ),
}


def carrier(source: str) -> tuple[str, Data, Plan]:
    """Return (kind, data, a sound plan) of a built-in source."""
    data = read(source)
    recipe = {
        "recipe.optimizer": "adamw", "recipe.lr": 3e-3, "recipe.schedule": "cosine",
        "recipe.patience": None, "recipe.ema": None, "recipe.label_smoothing": 0.0,
        "recipe.weight_decay": 0.01, "recipe.augment": [], "recipe.clip": None,
        "recipe.compile": "off", "members": None,
    }  # fmt: skip
    if source in IMAGES:
        net = {"net.channels": [8, 16], "net.convs": [1, 1], "net.norm": "none"}
        size = {"recipe.epochs": 10, "recipe.batch_size": 64}
        return "cnn", data, design(data).with_({**net, **recipe, **size}, why="a carrier")
    net = {"net.name": "mlp", "net.width": 64, "net.depth": 2, "net.numeric_embedding": "none"}
    size = {"recipe.epochs": 40, "recipe.batch_size": 32}
    return "mlp", data, design(data).with_({**net, **recipe, **size}, why="a carrier")


def twins(plan: Plan, seeded: Seeded) -> tuple[Plan, Plan]:
    """Return (sick, healthy)."""
    healthy = plan.with_(seeded.both, why="a carrier")
    changes = dict(seeded.sick)
    share = changes.get("recipe.epochs")
    if isinstance(share, float):
        changes["recipe.epochs"] = max(round(healthy.recipe.epochs * share), 1)
    return healthy.with_(changes, why="seeded"), healthy


def fewer_rows(data: Data, rows: int | None) -> Data:
    """Return the data with its first training rows alone."""
    if rows is None or len(data.train) <= rows:
        return data
    assert isinstance(data.train, Rows)
    return replace(data, train=data.train.select(torch.arange(rows)))


@contextmanager
def sick_start(start: Mapping[str, float]) -> Iterator[None]:
    """Let the scheme SICK draw weights of standard deviation `std`, or set hidden biases to `bias`,
    inside the block."""
    before: Callable[..., str] = building.initialise_

    def initialise(net: nn.Module, scheme: str, *, activation: str, rng_seed: int) -> str:
        if scheme != SICK:
            return initialise_(net, scheme, activation=activation, rng_seed=rng_seed)
        initialise_(net, "auto", activation=activation, rng_seed=rng_seed)
        rng = torch.Generator().manual_seed(rng_seed)
        layers = [m for m in net.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
        with torch.no_grad():
            for layer in layers:
                if "std" in start:
                    layer.weight.normal_(0, start["std"], generator=rng)
                if "bias" in start and layer is not layers[-1] and layer.bias is not None:
                    layer.bias.fill_(start["bias"])
        return f"sick: {dict(start)}"

    building.initialise_ = initialise
    try:
        yield
    finally:
        building.initialise_ = before
