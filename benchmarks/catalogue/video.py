"""Garments that move: which way, in nine frames of 32 x 32 pixels, none of which shows it.

    python benchmarks/catalogue/video.py [--seeds 0 1 2] [--data ../shared/data] [--time 12h]

A garment of Fashion-MNIST visits each place of a grid of three by three once: row by row to the
right or to the left, or column by column down or up, from any place on, over and over. All four
classes so have the same frames in another order, and the mean of a clip's frames says nothing.
Clips of training are made of Fashion-MNIST's training pictures, those of the test of its test
pictures, once and for all seeds. A cell (seed) is one run of `netwright train` with its defaults,
cached under benchmarks/cache, so an interrupted table resumes; the table goes to
benchmarks/results/catalogue_video.json.
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np
from garments import Pixels, composed, load_garments, run_cell
from PIL import Image

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_video.json"
CACHE = HERE / "cache" / "catalogue_video"
CLIPS = {"train": 1600, "test": 800}
WAYS = ("right", "left", "down", "up")
SIDE, THING, STEP, GRID = 32, 14, 8, 3  # pixels, and places along a side


def main() -> None:
    """Run the cells asked for and rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    parser.add_argument("--time", default="12h", help="Bound on each run.")
    given = parser.parse_args()
    source = composed(CACHE / "clips", lambda folder: compose(folder, given.data))
    known = json.loads(RESULTS.read_text())["seeds"] if RESULTS.is_file() else {}
    for seed in given.seeds:
        known[str(seed)] = run_cell(source, seed, CACHE, ["--time", given.time])
        table = summary(known)
        RESULTS.write_text(json.dumps(table, indent=2) + "\n")
        print(seed, table["values"][-1], "mean frame", table["mean_frame"], flush=True)


def summary(cells: dict[str, Any]) -> dict[str, Any]:
    """Return the table of all seeds. mean_frame: the best of the linear models and trees."""
    values = [cell["test"]["accuracy"]["value"] for cell in cells.values()]
    beside = [
        cell["baselines"][name]["accuracy"]["value"]
        for cell in cells.values()
        for name in ("linear", "trees")
        if cell["baselines"][name]
    ]
    return {
        "measure": f"accuracy, {CLIPS['test']:,} test clips of four ways to move",
        "asked": 0.95,
        "values": values,
        "mean": statistics.fmean(values),
        "mean_frame": max(beside),
        "reached": min(values) >= 0.95 and max(beside) < 0.5,
        "seeds": cells,
    }


def compose(folder: Path, data: Path) -> None:
    """Write train/ and test/, each with a folder of clips for each way."""
    for number, (split, count) in enumerate(CLIPS.items()):
        rng = np.random.default_rng(number)
        pixels, _ = load_garments(data, split)
        for way in WAYS:
            (folder / split / way).mkdir(parents=True)
        for at in range(count):
            way = WAYS[at % len(WAYS)]
            garment = pixels[int(rng.integers(len(pixels)))]
            np.save(folder / split / way / f"{at:05}.npy", draw_clip(rng, garment, way))


def draw_clip(rng: np.random.Generator, garment: Pixels, way: str) -> Pixels:
    """Return nine frames (9, SIDE, SIDE) of a garment that moves."""
    small = np.asarray(Image.fromarray(garment).resize((THING, THING)), dtype=np.float64)
    order = np.roll(np.arange(GRID**2), int(rng.integers(GRID**2)))
    order = order[::-1] if way in ("left", "up") else order
    slow, fast = order // GRID, order % GRID
    rows, columns = (slow, fast) if way in ("left", "right") else (fast, slow)
    top, left = rng.integers(SIDE - THING - STEP * (GRID - 1) + 1, size=2)
    frames = rng.normal(rng.uniform(10, 60), rng.uniform(2, 15), (GRID**2, SIDE, SIDE))
    for frame, row, column in zip(frames, rows, columns, strict=True):
        y, x = top + STEP * row, left + STEP * column
        place = frame[y : y + THING, x : x + THING]
        np.maximum(place, small, out=place)
    return frames.clip(0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
