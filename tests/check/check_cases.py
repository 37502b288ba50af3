"""Cases made by hand: small tables and nets, healthy until a test makes them sick."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from netwright.check.build import batch_order
from netwright.check.case import Case, Part, Step
from netwright.data.data import Batch
from netwright.data.task import Form
from netwright.evaluate.baseline_inputs import Sample

FEATURES, CLASSES = 6, 3


def part(name: str, x: NDArray[Any], y: NDArray[Any], raw: Any = None) -> Part:
    """Rows of a split, all of one array of numbers."""
    x = x.astype(np.float32)
    return Part(name, Sample((x,), y, None, len(y)), x, np.arange(len(y)), raw)


def rows(count: int, *, seed: int = 0, form: Form = "multiclass") -> tuple[Any, Any]:
    """Inputs, and the largest of three linear maps of them as class, or one map as number."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, FEATURES)).astype(np.float32)
    maps = np.random.default_rng(99).normal(size=(FEATURES, CLASSES))
    if form == "regression":
        y = x @ maps[:, :1]
        return x, ((y - y.mean()) / y.std()).astype(np.float32)
    return x, (x @ maps).argmax(1)


def mlp(width: int = 32, *, outputs: int = CLASSES, features: int = FEATURES) -> nn.Sequential:
    """A net with one hidden layer, always the same."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Linear(width, outputs))


def step(
    net: nn.Module,
    x: NDArray[Any],
    y: NDArray[Any],
    criterion: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    name: str = "cross-entropy",
) -> Step:
    """A net on rows of a table."""
    order = batch_order(y, 64, seed=0)
    few = Batch((torch.from_numpy(x[order]).float(),), torch.from_numpy(y[order]))
    many = Batch((torch.from_numpy(x[:512]).float(),), torch.from_numpy(y[:512]))
    return Step(net, few, many, criterion, name)


def case(
    train: tuple[Any, Any] | None = None,
    test: tuple[Any, Any] | None = None,
    *,
    net: nn.Module | None = None,
    form: Form = "multiclass",
    raw: tuple[Any, Any] = (None, None),
) -> Case:
    """A case with a training and a test split; healthy unless told otherwise."""
    train = train or rows(400, form=form)
    test = test or rows(150, seed=1, form=form)
    classes = tuple("abcdefghij"[: int(train[1].max()) + 1]) if form != "regression" else ()
    names = tuple(f"x{k}" for k in range(train[0].shape[1]))
    loss = (F.mse_loss, "mse") if form == "regression" else (F.cross_entropy, "cross-entropy")
    outputs = 1 if form == "regression" else len(classes)
    return Case(
        kind="table",
        form=form,
        parts={
            "train": part("train", *train, raw[0]),
            "test": part("test", *test, raw[1]),
        },
        classes=classes,
        names=(names, ()),
        step=step(net or mlp(outputs=outputs, features=train[0].shape[1]), *train, *loss),
    )
