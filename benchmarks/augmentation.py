"""How fast a batch of pictures is augmented, beside a DataLoader that opens each one with PIL.

    .venv/bin/python benchmarks/augmentation.py [--rounds 5]

Both mirror half of the pictures, move each by up to 4 pixels and normalise: netwright gathers a
batch of uint8 rows, augments it whole (data/augment.py) and prepares it (data/image_encoding.py);
the other does it picture by picture, as most tutorials. The two take turns, on one thread.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from speed import HERE, machine
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Subset

from netwright.data.augment import augment
from netwright.data.data import Rows
from netwright.data.image_encoding import ImageEncoding

RESULTS = HERE / "results" / "augmentation.json"
BATCH, SHIFT = 128, 4
SHAPES = {"28x28": (28, 28, 1), "32x32x3": (32, 32, 3)}
BARS = {"28x28": 15.0, "32x32x3": 9.0}


class Pictures(Dataset[tuple[Tensor, int]]):
    """uint8 pictures (rows, height, width, channels), one at a time through PIL."""

    def __init__(self, pictures: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
        self.pictures, self.labels = pictures, labels

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        pixels = self.pictures[index]
        size = pixels.shape[0]
        picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
        if random.random() < 0.5:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        picture = ImageOps.expand(picture, SHIFT)
        x, y = random.randint(0, 2 * SHIFT), random.randint(0, 2 * SHIFT)
        values = torch.from_numpy(np.array(picture.crop((x, y, x + size, y + size))))
        values = values[None] if values.dim() == 2 else values.permute(2, 0, 1)
        return values.float().div_(255).sub_(0.5).div_(0.25), int(self.labels[index])


def compare(shape: Sequence[int], *, rows: int, rounds: int) -> dict[str, float]:
    """Return pictures a CPU second of both, and the median of their ratio over rounds."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (rows, *shape), dtype=np.uint8)
    labels = rng.integers(0, 10, rows)

    few = min(rows, 2048)  # by PIL the rest would only take longer
    loader = DataLoader(Subset(Pictures(pictures, labels), range(few)), BATCH, shuffle=True)

    def one_by_one() -> int:
        for _ in loader:
            pass
        return few

    channels = shape[2]
    encoding = ImageEncoding(
        mode="L" if channels == 1 else "RGB",
        height=shape[0],
        width=shape[1],
        mean=(127.5,) * channels,
        std=(63.75,) * channels,
    )
    stored = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous()
    split = Rows("train", (stored,), torch.from_numpy(labels))
    order, draws = torch.Generator().manual_seed(0), torch.Generator().manual_seed(1)
    strength = 8 * SHIFT / shape[0]  # "shift" moves by an eighth of the width at strength 1

    def whole_batches() -> int:
        for inputs, _ in split.batches(BATCH, rng=order):
            changed = augment(inputs, "image", ("flip", "shift"), draws, strength=strength)
            encoding.prepare(changed)
        return rows

    speeds: dict[Callable[[], int], list[float]] = {one_by_one: [], whole_batches: []}
    for work in speeds:
        work()
    for number in range(rounds):
        for work in list(speeds) if number % 2 == 0 else list(speeds)[::-1]:
            begun = time.process_time()
            done = work()
            speeds[work].append(done / (time.process_time() - begun))
    pil, ours = speeds.values()
    return {
        "pil_per_second": round(statistics.median(pil)),
        "netwright_per_second": round(statistics.median(ours)),
        "ratio": round(statistics.median(a / b for a, b in zip(ours, pil, strict=True)), 2),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=12_000)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    results: dict[str, object] = {}
    print("| pictures | DataLoader and PIL | netwright | ratio | bar |\n|---|---|---|---|---|")
    for name, shape in SHAPES.items():
        found = compare(shape, rows=options.rows, rounds=options.rounds)
        results[name] = found | {"bar": BARS[name], "rounds": options.rounds}
        print(
            f"| {name} | {found['pil_per_second']:,}/s | {found['netwright_per_second']:,}/s "
            f"| {found['ratio']:.1f} | {BARS[name]:.0f} |",
            flush=True,
        )
    results["machine"] = machine()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
