"""ModernNCA: a differentiable nearest neighbour, whose answer is a mean of training rows' targets.

p(y | x) = sum_i y_i exp(-|h(x) - h(x_i)|) / sum_i exp(-|h(x) - h(x_i)|), where h is learned:
h = BatchNorm(blocks(W [embed(numeric), embed(categorical)])), a block being
x + V dropout(relu(U BatchNorm(x))). A training step looks at its own batch and a random share of
the other training rows, never at the row itself; an evaluation looks at all of them.

Goldberger et al. 2004, "Neighbourhood Components Analysis", NeurIPS; Ye, Liu and Chao 2024,
"Revisiting Nearest Neighbor for Tabular Data: A Deep Tabular Baseline Two Decades Later" (ICLR
2025), arXiv:2407.03257. Different from the release: blocks are residual, categories are embedded.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import Dropout, positive
from netwright.nets._tabular import (
    CategoryEmbedding,
    PiecewiseLinearEmbedding,
    numeric_embedding_layer,
)

__all__ = ["ModernNCA"]

_CHUNK = 16_000_000  # distances that are held at once


class ModernNCA(nn.Module):
    """numeric (batch, numeric), categorical int64 (batch, columns) -> (batch, outputs): logarithms
    of probabilities for classes, means for numbers.

    Needs `remember_` before training. A trained net holds its rows' places h(x_i) and targets (not
    the rows) and answers without the data. width: of h. depth: blocks, each with 2 * width hidden
    units. candidates: share of the training rows that a training step looks at. The other arguments
    are the MLP's.
    """

    keys: Tensor
    values: Tensor
    of_classes: Tensor

    def __init__(
        self,
        *,
        numeric: int,
        outputs: int,
        cardinalities: Sequence[int] = (),
        width: int = 128,
        depth: int = 1,
        dropout: float = 0.1,
        candidates: float = 0.3,
        numeric_embedding: str = "periodic",
        embedding_size: int = 16,
        frequencies: int = 32,
        frequency_scale: float = 0.1,
        num_bins: int = 48,
        bins: Sequence[Sequence[float]] | None = None,
        categorical_embedding: int = 8,
    ) -> None:
        super().__init__()
        positive(outputs=outputs, width=width)
        if not 0 < candidates <= 1:
            raise ValueError(
                f"candidates is {candidates}; expected a share of the training rows, above 0 and "
                "at most 1."
            )
        if numeric == 0 and not cardinalities:
            raise ValueError(
                "ModernNCA has no inputs: numeric is 0 and cardinalities is empty. "
                "Give it at least one column."
            )
        self.outputs, self.candidates = outputs, candidates
        self.embed_numeric = numeric_embedding_layer(
            numeric_embedding,
            numeric,
            size=embedding_size,
            frequencies=frequencies,
            frequency_scale=frequency_scale,
            num_bins=num_bins,
            bins=bins,
        )
        self.embed_categories = (
            CategoryEmbedding(cardinalities, size=categorical_embedding) if cardinalities else None
        )
        features = numeric if self.embed_numeric is None else self.embed_numeric.out_features
        if self.embed_categories is not None:
            features += self.embed_categories.out_features
        self.place = nn.Linear(features, width)
        self.blocks = nn.Sequential(*(_Block(width, dropout) for _ in range(depth)))
        self.norm = nn.BatchNorm1d(width)
        self.register_buffer("keys", torch.zeros(0, width))
        self.register_buffer("values", torch.zeros(0, outputs))
        self.register_buffer("of_classes", torch.tensor(False))
        self._rows: tuple[Tensor, ...] = ()  # the training rows, while there are any
        self._marks = torch.zeros(0, dtype=torch.int64)  # of the rows, on the CPU
        self._sorted, self._order = self._marks.sort()
        self._made_by: tuple[tuple[int, int], ...] = ()  # what the tensors were that made the keys

    def remember_(self, inputs: Sequence[Tensor], targets: Tensor) -> None:
        """Take the training rows: inputs as for `forward`, each (rows, ...); targets (rows,) class
        ids or (rows, outputs) numbers."""
        classes = not targets.is_floating_point()
        if classes:
            values = F.one_hot(targets, self.outputs).float()
        else:
            values = targets.reshape(len(targets), -1).float()
        if values.shape[1] != self.outputs or len(values) < 2:
            raise ValueError(
                f"remember_ got targets of shape {tuple(targets.shape)}; expected at least 2 rows "
                f"of {self.outputs} numbers, or (rows,) class ids."
            )
        self._rows = tuple(inputs)
        self._marks = _marks(self._rows).cpu()
        self._sorted, self._order = self._marks.sort()
        self._made_by = ()
        self.keys = self.keys.new_zeros(len(values), self.keys.shape[1])
        self.values = values.to(self.values)
        self.of_classes.fill_(classes)

    def forward(self, numeric: Tensor, categorical: Tensor | None = None) -> Tensor:
        if self.embed_categories is not None and categorical is None:
            raise ValueError(
                "This ModernNCA has categorical columns, but was called with numeric inputs alone. "
                "Call it as net(numeric, categorical)."
            )
        if not len(self.values):
            raise ValueError(
                "This ModernNCA knows no training rows. Call remember_(inputs, targets) first."
            )
        inputs = (numeric,) if categorical is None else (numeric, categorical)
        return self._among_others(inputs) if self.training else self._among_all(inputs)

    def _among_others(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Answer from a random share of the training rows that are not the batch's own."""
        if not self._rows:
            raise ValueError(
                "This ModernNCA was opened without its training rows, so it cannot be trained on. "
                "Call remember_(inputs, targets) first."
            )
        device, batch = self.values.device, len(inputs[0])
        marks = _marks(inputs).cpu()
        at = torch.searchsorted(self._sorted, marks).clamp_max(len(self._marks) - 1)
        known = self._sorted[at] == marks
        own = self._order[at]
        total = len(self._marks)
        free = torch.ones(total, dtype=torch.bool)
        free[own[known]] = False
        drawn = torch.randperm(total)[: max(round(self.candidates * total), 1)]
        drawn = drawn[free[drawn]]
        # One pass, so that batch norm sees both alike.
        near = self._rows_at(drawn)
        both = tuple(torch.cat(pair) for pair in zip(inputs, near, strict=True))
        places = self._place(both)
        others = torch.cat([marks, self._marks[drawn]])
        hidden = marks[:, None] == others  # a row's own value, and that of its copies
        hidden[:, :batch] |= ~known  # rows whose values are not known tell nobody anything
        hidden[hidden.all(1)] = False  # who has no other row takes what there is
        values = self.values[torch.cat([own, drawn]).to(device)]
        return self._mean(places[:batch], places, values, hidden.to(device))

    def _among_all(self, inputs: tuple[Tensor, ...]) -> Tensor:
        made_by = tuple((t.data_ptr(), t._version) for t in self._makers())
        if self._rows and made_by != self._made_by:
            with torch.no_grad():
                parts = torch.arange(len(self.values)).split(4096)
                self.keys = torch.cat([self._place(self._rows_at(rows)) for rows in parts])
            self._made_by = made_by
        rows = max(_CHUNK // len(self.keys), 1)
        places = self._place(inputs).split(rows)
        return torch.cat([self._mean(part, self.keys, self.values) for part in places])

    def _makers(self) -> list[Tensor]:
        """The tensors that the keys depend on."""
        own = {id(t) for t in (self.keys, self.values, self.of_classes)}
        return [*self.parameters(), *(b for b in self.buffers() if id(b) not in own)]

    def _rows_at(self, rows: Tensor) -> tuple[Tensor, ...]:
        device = self.values.device
        return tuple(x[rows.to(x.device)].to(device) for x in self._rows)

    def _place(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """(rows, ...) each -> (rows, width)."""
        numeric = inputs[0]
        x = numeric if self.embed_numeric is None else self.embed_numeric(numeric)
        if self.embed_categories is not None:
            x = torch.cat([x, self.embed_categories(inputs[1])], 1)
        placed: Tensor = self.norm(self.blocks(self.place(x)))
        return placed

    def _mean(
        self, at: Tensor, keys: Tensor, values: Tensor, hidden: Tensor | None = None
    ) -> Tensor:
        """(batch, width), (keys, width), (keys, outputs), (batch, keys) -> (batch, outputs)."""
        distances = torch.cdist(at, keys)
        if hidden is not None:
            distances = distances.masked_fill(hidden, torch.inf)
        found = torch.softmax(-distances, 1) @ values
        return found.clamp_min(1e-6).log() if self.of_classes else found

    def fit_bins_(self, numeric: Tensor) -> None:
        """Set piecewise-linear bins from training rows (rows, numeric), if there are any."""
        if isinstance(self.embed_numeric, PiecewiseLinearEmbedding):
            self.embed_numeric.fit_bins_(numeric)

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *arguments: object
    ) -> None:
        """Take keys and values of whatever number of rows."""
        for name in ("keys", "values"):
            given, own = state_dict.get(f"{prefix}{name}"), getattr(self, name)
            if given is not None and given.shape[1:] == own.shape[1:]:
                setattr(self, name, own.new_zeros(given.shape))
        super()._load_from_state_dict(state_dict, prefix, *arguments)
        self._made_by = ()


class _Block(nn.Module):
    """(rows, width) -> the same shape."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm1d(width),
            nn.Linear(width, 2 * width),
            nn.ReLU(),
            Dropout(dropout),
            nn.Linear(2 * width, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = x + self.layers(x)
        return found


def _marks(inputs: Sequence[Tensor]) -> Tensor:
    """Return a number (rows,) for each row, the same for equal rows and for no others but by chance
    (2^-64 a pair): sums of whole numbers, so that a batch gives what the whole table gave."""
    parts = [
        (x.float().contiguous().view(torch.int32) if x.is_floating_point() else x)
        .long()
        .reshape(len(x), -1)
        for x in inputs
        if x.numel()
    ]
    bits = torch.cat(parts, 1)
    factors = torch.Generator().manual_seed(0)
    odd = torch.randint(-(2**62), 2**62, (bits.shape[1],), generator=factors) * 2 + 1
    mixed = bits * 0x9E3779B97F4A7C1
    mixed = mixed ^ (mixed >> 32)  # round numbers end in zeros: bring what differs to the low end
    return (mixed * odd.to(bits.device)).sum(1)
