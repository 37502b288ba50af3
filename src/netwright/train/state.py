"""The state of a training run between two steps, and how it is laid into a checkpoint and taken out
again."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from netwright.train.averaging import Average
from netwright.train.checkpoint import optimizer_state, restore_optimizer_
from netwright.watch.trace import Trace

__all__ = ["State", "pack", "under", "unpack_", "until"]

EPOCH_SIGNALS = ("loss.train", "loss.validation", "metric.validation", "non-finite")


@dataclass
class State:
    """What changes while training and is neither weight nor moment: plain numbers, kept as JSON.

    batch: batches of this epoch that are done. total_steps: how long the schedule now runs.
    best_metric, top_metric: of the best epoch and of any, signed so that larger is better.
    reductions: of the rate, by reduce-on-plateau. thawed: the epoch from which layers that rested
    at first have learned; -1 where none has yet.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    total_steps: int = 0
    loss_sum: float = 0.0
    loss_rows: int = 0
    best_metric: float | None = None
    top_metric: float | None = None
    best_loss: float | None = None
    best_epoch: int = -1
    kept_epoch: int = -1
    reductions: int = 0
    thawed: int = -1
    average_updates: int = 0
    seconds: float = 0.0
    stopped: str = ""
    history: list[dict[str, float]] = field(default_factory=list)

    def improves(self, signed: float, loss: float, *, shares_of: int | None) -> bool:
        """Say whether this epoch's weights are to be kept, and remember it.

        signed: the metric, larger is better. shares_of: rows, where the metric is a share of rows;
        shares that differ by less than a standard error are equal, and the loss decides between
        equals. The highest of many noisy shares would be luck.
        """
        noise = 0.0
        if shares_of is not None:
            noise = math.sqrt(max(signed * (1 - signed), 0.0) / max(shares_of, 1))
        self.top_metric = signed if self.top_metric is None else max(signed, self.top_metric)
        if self.best_metric is not None and self.best_loss is not None:
            clearly = signed > self.best_metric + noise
            equal = signed >= self.top_metric - noise and loss < self.best_loss
            if not clearly and not equal:
                return False
        self.best_metric, self.best_loss = signed, loss
        return True


def pack(
    state: State,
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: Average,
    best: dict[str, Tensor],
    rng: torch.Generator,
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return (tensors, plain values) that `unpack_` restores bit for bit."""
    tensors = {f"net.{k}": v for k, v in net.state_dict().items()}
    moments, values = optimizer_state(optimizer)
    tensors |= {f"optimizer.{k}": v for k, v in moments.items()}
    if average.copy is not None:
        tensors |= {f"average.{k}": v for k, v in average.copy.state_dict().items()}
    tensors |= {f"best.{k}": v for k, v in best.items()}
    tensors |= {"rng.torch": torch.get_rng_state(), "rng.work": rng.get_state()}
    device = next(net.parameters()).device
    if device.type == "cuda":
        tensors["rng.cuda"] = torch.cuda.get_rng_state(device)
    return tensors, {
        "state": asdict(state) | {"average_updates": average.updates},
        "optimizer": values,
    }


def unpack_(
    tensors: dict[str, Tensor],
    plain: dict[str, Any],
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: Average,
    rng: torch.Generator,
) -> tuple[State, dict[str, Tensor]]:
    """Put back what `pack` took; return the state and the best weights so far."""

    state = State(**plain["state"])
    net.load_state_dict(under(tensors, "net."))
    restore_optimizer_(optimizer, under(tensors, "optimizer."), plain["optimizer"])
    if average.copy is not None:
        average.copy.load_state_dict(under(tensors, "average."))
        average.updates = state.average_updates
    torch.set_rng_state(tensors["rng.torch"])
    rng.set_state(tensors["rng.work"])
    device = next(net.parameters()).device
    if "rng.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["rng.cuda"], device)
    return state, {name: value.to(device) for name, value in under(tensors, "best.").items()}


def under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with the prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def until(trace: Trace, state: State) -> Trace:
    """Leave out what was measured after the checkpoint: it will be measured again."""
    kept = Trace()
    for signal in trace.signals():
        for place in trace.places(signal):
            pairs = zip(trace.steps(signal, place), trace.values(signal, place), strict=True)
            for step, value in pairs:
                # An epoch's own figures stand at the step it ended with.
                ended = step == state.step and state.batch == 0 and signal in EPOCH_SIGNALS
                if step < state.step or ended:
                    kept.record(signal, place, int(step), float(value))
    return kept
