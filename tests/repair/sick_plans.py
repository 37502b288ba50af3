"""A small table as Data and a plan that trains on it in a fraction of a second, to be made sick."""

from typing import Any

import torch
from torch import Tensor

from netwright.data.data import Data, Rows, Source
from netwright.data.task import Task
from netwright.plan.plan import Plan, Recipe

CLASSES = ("a", "b", "c")


class AsTheyAre:
    """An encoding of numbers as they are."""

    kind = "table"

    def encode(self, raw: Any, ledger: Any = None) -> tuple[Tensor, ...]:
        return (torch.as_tensor(raw, dtype=torch.float32),)

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return inputs

    def shapes(self) -> dict[str, Any]:
        return {"numeric": 8, "cardinalities": []}

    def to_dict(self) -> dict[str, Any]:
        return {"type": "plain"}

    def tensors(self) -> dict[str, Tensor]:
        return {}


def blobs(rows: int = 400, *, spread: float = 1.0, shares: tuple[float, ...] = (1, 1, 1)) -> Data:
    """Three overlapping clusters in eight numbers; half of the rows train, half validate."""
    rng = torch.Generator().manual_seed(0)
    centres = torch.randn(3, 8, generator=rng)
    y = torch.multinomial(
        torch.tensor(shares, dtype=torch.float), 2 * rows, replacement=True, generator=rng
    )
    x = centres[y] + spread * torch.randn(2 * rows, 8, generator=rng)
    task = Task(name="classification", form="multiclass", target="y", classes=CLASSES, outputs=3)
    counts = tuple(torch.bincount(y[:rows], minlength=3).tolist())
    return as_data(x, y, rows, task, counts)


def waves(rows: int = 300) -> Data:
    """A number that is a smooth function of the first three of eight, standardised."""
    rng = torch.Generator().manual_seed(1)
    x = torch.rand(2 * rows, 8, generator=rng) * 4 - 2
    y = torch.sin(2 * x[:, :1]) + 0.5 * x[:, 1:2] * x[:, 2:3]
    y = (y - y.mean()) / y.std()
    task = Task(name="regression", form="regression", target="y", outputs=1, target_names=("y",))
    return as_data(x, y, rows, task, ())


def as_data(x: Tensor, y: Tensor, rows: int, task: Task, counts: tuple[int, ...]) -> Data:
    parts = {"train": slice(0, rows), "validation": slice(rows, None), "test": slice(rows, None)}
    splits = {name: Rows(name, (x[p],), y[p], x[p].numpy()) for name, p in parts.items()}
    return Data(
        kind="table", task=task, encoding=AsTheyAre(), source=Source("small"),
        class_counts=counts, **splits,
    )  # fmt: skip


def plan(data: Data, **changes: Any) -> Plan:
    """A plan that is sound as it stands. changes: dotted fields with two underscores for a dot."""
    regression = data.task.form == "regression"
    sound = Plan(
        net={
            "name": "mlp", "numeric": 8, "cardinalities": [], "outputs": data.task.outputs,
            "width": 24, "depth": 2,
        },
        objective={"name": "supervised", "loss": "mse" if regression else "cross-entropy"},
        recipe=Recipe(
            lr=0.01, epochs=20, batch_size=32, patience=None, compile="off", weight_decay=0.01
        ),
    )  # fmt: skip
    return sound.with_({name.replace("__", "."): value for name, value in changes.items()})
