"""Data: typed rows as tensors, the encoding fitted on the training rows, three splits and a ledger.
Knows no net."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

import torch
from torch import Tensor

from netwright.data.ledger import Ledger
from netwright.data.task import Task

Kind = Literal[
    "table",
    "image",
    "audio",
    "text",
    "series",
    "video",
    "graph",
    "sentence",
    "text-pair",
    "environment",
    "words",
]
PLURALS: dict[Kind, str] = {"series": "series", "audio": "sounds", "words": "words"}


def several(kind: Kind) -> str:
    """Return what many of a kind are called: "images", "sounds"."""
    return PLURALS.get(kind, f"{kind}s")


class Batch(NamedTuple):
    """inputs: what the net is called with, each (batch, ...). targets: (batch,) class ids, or
    (batch, outputs) numbers."""

    inputs: tuple[Tensor, ...]
    targets: Tensor


class Encoding(Protocol):
    """How raw rows become the net's inputs. Fitted on training rows only; part of every saved
    model."""

    @property
    def kind(self) -> Kind: ...

    def encode(self, raw: Any, ledger: Ledger | None = None) -> tuple[Tensor, ...]:
        """Turn raw rows (a DataFrame, images, texts, arrays) into input tensors, each (rows, ...).

        What had to be handled (unseen categories, missing cells) is noted in `ledger`.
        A missing required column raises DataError naming it.
        """
        ...

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Turn a batch of stored inputs into what the net is called with (uint8 images become
        normalised float32).

        Runs on the batch's device, in training after gathering and in prediction; the identity for
        most kinds.
        """
        ...

    def shapes(self) -> Mapping[str, Any]:
        """Return the constructor arguments that data fixes for a net of this kind (see
        docs/design.md)."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form (goes to model/preprocessing.json), with "kind" in it."""
        ...

    def tensors(self) -> dict[str, Tensor]:
        """Return fitted arrays too large for JSON (saved as safetensors)."""
        ...


class Split(Protocol):
    """The rows of one split, in memory or streamed."""

    @property
    def name(self) -> str: ...

    def __len__(self) -> int: ...

    def batches(
        self,
        batch_size: int,
        *,
        rng: torch.Generator | None = None,
        start: int = 0,
        device: torch.device | None = None,
    ) -> Iterator[Batch]:
        """Yield one epoch from batch number `start` on: shuffled by `rng`, or in row order without
        one."""
        ...


@dataclass(frozen=True)
class Rows:
    """A split held in memory: tensors of all its rows, batched by gather.

    inputs: each (rows, ...). targets: (rows,) or (rows, outputs). raw: the same rows as they were
    read (DataFrame, list of str, list of paths, array), for worst examples and baselines. rows:
    their positions in the source. sizes: how long each row is without padding, where shuffled
    batches are to be made of rows of like length.
    """

    name: str
    inputs: tuple[Tensor, ...]
    targets: Tensor
    raw: Any = None
    rows: Tensor | None = None
    sizes: Tensor | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def to(self, device: torch.device) -> "Rows":
        """Return the same rows with their tensors on `device`."""
        return Rows(
            self.name,
            tuple(x.to(device) for x in self.inputs),
            self.targets.to(device),
            self.raw,
            self.rows,
            self.sizes,
        )

    def select(self, index: Tensor, name: str | None = None) -> "Rows":
        """Return some of the rows."""
        raw = self.raw
        if raw is not None:
            where = index.cpu().numpy()
            raw = raw.iloc[where] if hasattr(raw, "iloc") else [raw[i] for i in where]
        rows = self.rows[index] if self.rows is not None else index
        return Rows(
            name or self.name,
            tuple(x[index] for x in self.inputs),
            self.targets[index],
            raw,
            rows,
            None if self.sizes is None else self.sizes[index.cpu()],
        )

    def order(self, batch_size: int, rng: torch.Generator) -> Tensor:
        """Return the order of the rows in one epoch of shuffled batches, int64 (rows,)."""
        order = torch.randperm(len(self), generator=rng)
        if self.sizes is None:
            return order
        return _in_like_sizes(order, self.sizes, batch_size, rng)

    def batches(
        self,
        batch_size: int,
        *,
        rng: torch.Generator | None = None,
        start: int = 0,
        device: torch.device | None = None,
    ) -> Iterator[Batch]:
        """Yield one epoch from batch number `start` on. The order is drawn whole, so `start` skips
        for free."""
        count = len(self)
        where = self.targets.device
        target = device or where
        if rng is None:
            for at in range(start * batch_size, count, batch_size):
                piece = slice(at, at + batch_size)
                yield Batch(
                    tuple(x[piece].to(target) for x in self.inputs), self.targets[piece].to(target)
                )
            return
        order = self.order(batch_size, rng).to(where)
        for at in range(start * batch_size, count, batch_size):
            index = order[at : at + batch_size]
            yield Batch(
                tuple(x.index_select(0, index).to(target) for x in self.inputs),
                self.targets.index_select(0, index).to(target),
            )


# Batches that are sorted by length together: the more, the less padding and the less chance.
POOL = 32


def _in_like_sizes(order: Tensor, sizes: Tensor, batch_size: int, rng: torch.Generator) -> Tensor:
    """Return the shuffled rows so that a batch has rows of like size, the batches in any order."""
    pools = [rows[sizes[rows].argsort(stable=True)] for rows in order.split(POOL * batch_size)]
    batches = torch.cat(pools).split(batch_size) if pools else ()
    whole = [rows for rows in batches if len(rows) == batch_size]
    rest = [rows for rows in batches if len(rows) < batch_size]  # it stays the last
    turns = torch.randperm(len(whole), generator=rng).tolist()
    return torch.cat([*(whole[at] for at in turns), *rest])


@dataclass(frozen=True)
class Source:
    """Where the data came from: a name for run folders, the files and their sha256."""

    name: str
    paths: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Data:
    """Everything a plan can be designed and trained on.

    blocks: of the training and then the validation rows, which block each belongs to. They may be
    divided into folds anew, the rows of one block together. None: they may not, for time or the
    user divided them. unlabelled: rows without a class that train as well, their targets -1.
    """

    kind: Kind
    task: Task
    encoding: Encoding
    train: Split
    validation: Split
    test: Split
    source: Source
    ledger: Ledger = field(default_factory=Ledger)
    class_counts: tuple[int, ...] = ()
    blocks: Tensor | None = None
    unlabelled: Rows | None = None

    def splits(self) -> dict[str, Split]:
        """Return {"train", "validation", "test"}."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def sizes(self) -> dict[str, int]:
        """Return how many rows each split has, and "unlabelled" where there are such rows."""
        found = {name: len(split) for name, split in self.splits().items()}
        return found if self.unlabelled is None else found | {"unlabelled": len(self.unlabelled)}

    def __repr__(self) -> str:
        sizes = ", ".join(f"{count:,} {name}" for name, count in self.sizes().items())
        learned = f"{self.task.form} of {self.task.target!r}"
        return f"Data({self.source.name}: {self.kind}, {learned}; rows: {sizes})"
