"""netwright's contestant: `netwright.fit` as users call it, one epoch for each "go".

netwright_worker.py netwright|netwright-unwatched WORKLOAD. The second one never looks at a layer;
what it saves is what watching costs. An epoch includes all that fit does: schedule, watched steps,
judging the (small) validation split, keeping the best weights.
"""

import os
import sys
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from worker import Reporter, quiet_output
from workloads import LR, WEIGHT_DECAY, WORKLOADS, Workload, tensors

import netwright as nw
from netwright.data.data import Data, Rows, Source
from netwright.data.task import Task
from netwright.plan.plan import Plan, Recipe
from netwright.watch.probe import Probe


@dataclass(frozen=True)
class AsItIs:
    """The encoding of made-up numbers: none."""

    kind: Any

    def encode(self, raw: Any, ledger: Any = None) -> tuple[Tensor, ...]:
        return (torch.as_tensor(raw),)

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return inputs

    def shapes(self) -> dict[str, Any]:
        return {}

    def to_dict(self) -> dict[str, Any]:
        return {}

    def tensors(self) -> dict[str, Tensor]:
        return {}


class NoMore(Exception):
    """The benchmark has all it needs."""


class OneEpochAtATime:
    """fit's progress: after each epoch it reports and waits."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter

    def start(self, total_epochs: int, metric_name: str) -> None: ...
    def message(self, text: str) -> None: ...
    def stop(self, reason: str, kept: int | None = None) -> None: ...

    def epoch(self, number: int, row: dict[str, float]) -> None:
        if not self.reporter.next():
            raise NoMore


def data_of(w: Workload) -> Data:
    x, y = tensors(w)
    few = slice(0, max(4, len(x) // 100))  # the others judge nothing: 1 % of the rows
    language = w.kind == "text"
    classes = tuple(str(i) for i in range(96 if language else 10))
    task = Task(
        name="language-modelling" if language else "classification",
        form="language-modelling" if language else "multiclass",
        target="y",
        classes=classes,
        outputs=len(classes),
    )
    return Data(
        kind=w.kind,  # type: ignore[arg-type]
        task=task,
        encoding=AsItIs(w.kind),
        train=Rows("train", (x,), y),
        validation=Rows("validation", (x[few],), y[few]),
        test=Rows("test", (x[few],), y[few]),
        source=Source(w.title),
        class_counts=tuple(torch.bincount(y.flatten(), minlength=len(classes)).tolist()),
    )


def plan_of(w: Workload) -> Plan:
    net = dict(w.net_spec)
    if w.kind != "text":
        net["outputs"] = 10
    return Plan(
        net=net,
        recipe=Recipe(
            optimizer="adamw",
            lr=LR,
            weight_decay=WEIGHT_DECAY,
            schedule="constant",
            warmup=0.0,
            epochs=10_000,
            batch_size=w.batch_size,
            patience=None,
            init="default",
            compile="off",
        ),
    )


def main() -> None:
    name, workload = sys.argv[1:3]
    out = quiet_output()
    w = WORKLOADS[workload]
    if name == "netwright-unwatched":
        Probe.sample = lambda self, step: nullcontext()  # type: ignore[method-assign,assignment]
    data, plan = data_of(w), plan_of(w)
    progress = OneEpochAtATime(Reporter(out, w.rows))
    threads = int(os.environ["OMP_NUM_THREADS"])
    with suppress(NoMore):
        nw.fit(plan, data, num_threads=threads, progress=progress, device="cpu")


if __name__ == "__main__":
    main()
