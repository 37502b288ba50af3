"""The five workloads of the speed benchmark: nets in plain PyTorch and made-up data of fixed seed.

Imported by every worker, so it needs torch and numpy alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

LR, WEIGHT_DECAY = 1e-3, 1e-2  # AdamW everywhere


def mlp(features: int, widths: list[int], classes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in widths:
        layers += [nn.Linear(features, width), nn.ReLU()]
        features = width
    return nn.Sequential(*layers, nn.Linear(features, classes))


def cnn() -> nn.Sequential:
    """As most would write it: the activation before the pool, the default memory format."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


class LSTMNet(nn.Module):
    """(batch, time, 32) -> (batch, 10), read from the last step."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(32, 128, batch_first=True)
        self.output = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.lstm(x)[0][:, -1])


class Block(nn.Module):
    """Pre-norm attention and a two-layer net, each added to what came before."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.rise, self.fall = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, time, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(batch, time, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.project(mixed.transpose(1, 2).reshape(batch, time, width))
        return x + self.fall(F.gelu(self.rise(self.norm2(x))))


class LanguageModel(nn.Module):
    """(batch, time) tokens -> (batch, time, vocab): causal, learned positions, tied output."""

    def __init__(self, vocab: int = 96, width: int = 128, depth: int = 4, time: int = 128) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocab, width)
        self.positions = nn.Embedding(time, width)
        self.blocks = nn.ModuleList(Block(width, 4) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        for embedding in (self.tokens, self.positions):
            nn.init.normal_(embedding.weight, std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.tokens(tokens) + self.positions.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), self.tokens.weight)


def token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


Arrays = tuple[NDArray[np.generic], NDArray[np.int64]]


def _table(rows: int) -> Arrays:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, 64), dtype=np.float32)
    w = rng.standard_normal((64, 10), dtype=np.float32)
    return x, (x @ w + 2 * np.sin(2 * x[:, :10])).argmax(1).astype(np.int64)


def _images(rows: int) -> Arrays:
    rng = np.random.default_rng(0)
    centre = rng.standard_normal((10, 1, 28, 28), dtype=np.float32)
    y = rng.integers(0, 10, rows)
    noise = rng.standard_normal((rows, 1, 28, 28), dtype=np.float32)
    return (0.5 * centre[y] + noise).astype(np.float32), y.astype(np.int64)


def _series(rows: int) -> Arrays:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, 64, 32), dtype=np.float32)
    return x, x.sum(1)[:, :10].argmax(1).astype(np.int64)


def _tokens(rows: int) -> Arrays:
    # From 2 on: 0 and 1 are padding and "unknown" in netwright.
    text = np.random.default_rng(0).integers(2, 96, (rows, 129)).astype(np.int64)
    return text[:, :-1].copy(), text[:, 1:].copy()


@dataclass(frozen=True)
class Workload:
    """rows: of one timed epoch. net_spec: the same net by its name in netwright's catalogue."""

    title: str
    kind: str
    make_net: Callable[[], nn.Module]
    make_data: Callable[[int], Arrays]
    rows: int
    batch_size: int
    loss: Callable[[Tensor, Tensor], Tensor]
    net_spec: dict[str, object]


WORKLOADS = {
    "a": Workload(
        "MLP 64-256-256-256-10, batch 256", "table",
        lambda: mlp(64, [256] * 3, 10), _table, 50_000, 256, F.cross_entropy,
        {"name": "mlp", "numeric": 64, "width": 256, "depth": 3},
    ),
    "b": Workload(
        "MLP 64-32-32-10, batch 32", "table",
        lambda: mlp(64, [32] * 2, 10), _table, 20_000, 32, F.cross_entropy,
        {"name": "mlp", "numeric": 64, "width": 32, "depth": 2},
    ),
    "c": Workload(
        "CNN on 28x28 images, batch 128", "image",
        cnn, _images, 6_400, 128, F.cross_entropy,
        {"name": "cnn", "in_channels": 1, "height": 28, "width": 28, "channels": [16, 32]},
    ),
    "d": Workload(
        "LSTM 128, 64 steps of 32 channels, batch 64", "series",
        LSTMNet, _series, 1_280, 64, F.cross_entropy,
        {"name": "lstm", "in_channels": 32, "length": 64, "hidden_size": 128},
    ),
    "e": Workload(
        "causal Transformer 4x128, 128 tokens, batch 32", "text",
        LanguageModel, _tokens, 256, 32, token_loss,
        {"name": "transformer", "vocab": 96, "length": 128, "depth": 4, "causal": True,
         "positions": "learned"},
    ),
}  # fmt: skip


def tensors(workload: Workload) -> tuple[Tensor, Tensor]:
    x, y = workload.make_data(workload.rows)
    return torch.from_numpy(x), torch.from_numpy(y)
