"""A small learnable table as Data, made without reading anything."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from netwright.data.data import Data, Rows, Source
from netwright.data.task import Task
from netwright.plan.plan import Plan, Recipe


@dataclass(frozen=True)
class PlainEncoding:
    """Numbers as they are."""

    features: int
    kind: str = "table"

    def encode(self, raw: Any, ledger: Any = None) -> tuple[Tensor, ...]:
        return (torch.as_tensor(raw, dtype=torch.float32),)

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return inputs

    def shapes(self) -> dict[str, Any]:
        return {"numeric": self.features, "cardinalities": []}

    def to_dict(self) -> dict[str, Any]:
        return {"type": "plain", "features": self.features}

    def tensors(self) -> dict[str, Tensor]:
        return {}


def small_data(rows: int = 300, *, seed: int = 0, regression: bool = False) -> Data:
    """Three classes by the largest of three linear maps, or one number linear in the inputs."""
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, 6, generator=rng)
    maps = torch.randn(6, 3, generator=rng)
    if regression:
        y = x @ maps[:, :1] + 0.1 * torch.randn(rows, 1, generator=rng)
        task = Task(
            name="regression", form="regression", target="y", outputs=1, target_names=("y",)
        )
        counts: tuple[int, ...] = ()
    else:
        y = (x @ maps).argmax(1)
        task = Task(
            name="classification", form="multiclass", target="y", classes=("a", "b", "c"), outputs=3
        )
        counts = tuple(torch.bincount(y[: rows // 2], minlength=3).tolist())
    parts = {
        "train": slice(0, rows // 2),
        "validation": slice(rows // 2, 3 * rows // 4),
        "test": slice(3 * rows // 4, rows),
    }
    splits = {
        name: Rows(name, (x[part],), y[part], x[part].numpy()) for name, part in parts.items()
    }
    return Data(
        kind="table",
        task=task,
        encoding=PlainEncoding(6),
        source=Source("small"),
        class_counts=counts,
        **splits,
    )


def small_plan(**recipe: Any) -> Plan:
    """A two-layer net with dropout, so that training draws from torch's stream."""
    fields = {
        "lr": 0.01,
        "epochs": 4,
        "batch_size": 32,
        "patience": None,
        "compile": "off",
    } | recipe
    outputs = fields.pop("outputs", 3)
    loss = fields.pop("loss", "cross-entropy")
    net = {
        "name": "mlp",
        "numeric": 6,
        "cardinalities": [],
        "outputs": outputs,
        "width": 16,
        "depth": 2,
        "dropout": 0.2,
    }
    return Plan(net=net, objective={"name": "supervised", "loss": loss}, recipe=Recipe(**fields))
