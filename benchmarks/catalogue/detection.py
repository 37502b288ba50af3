"""Garments to be found in composed scenes: 64 x 64 pixels, up to four of 14 to 28 pixels, clutter.

    python benchmarks/catalogue/detection.py [--seeds 0 1 2] [--data ../shared/data] [--time 12h]

Scenes of training are composed of Fashion-MNIST's training pictures, those of the test of its test
pictures, once and for all seeds; a seed divides off other validation scenes. A cell (seed) is one
run of `netwright train` with its defaults, cached under benchmarks/cache, so an interrupted table
resumes; the table goes to benchmarks/results/catalogue_detection.json.
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np
from garments import CLASSES, Pixels, composed, load_garments, run_cell
from numpy.typing import NDArray
from PIL import Image

HERE = Path(__file__).resolve().parents[1]
RESULTS = HERE / "results" / "catalogue_detection.json"
CACHE = HERE / "cache" / "catalogue_detection"
SCENES = {"train": 5000, "test": 1000}
SIDE = 64
MOST = 4  # garments of a scene
SIZES = (14, 28)  # of a garment's longer side, in pixels
INK = 25  # of 255, from which on a pixel is part of a garment
SHARED = 0.1  # of the smaller of two boxes that may be common to both
Box = tuple[int, int, int, int]


def main() -> None:
    """Run the cells asked for and rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    parser.add_argument("--time", default="12h", help="Bound on each run.")
    given = parser.parse_args()
    source = composed(CACHE / "scenes", lambda folder: compose(folder, given.data))
    known = json.loads(RESULTS.read_text())["seeds"] if RESULTS.is_file() else {}
    for seed in given.seeds:
        known[str(seed)] = run_cell(source, seed, CACHE, ["--time", given.time])
        table = summary(known)
        RESULTS.write_text(json.dumps(table, indent=2) + "\n")
        print(seed, table["values"][-1], "trivial", table["trivial"], flush=True)


def summary(cells: dict[str, Any]) -> dict[str, Any]:
    """Return the table of all seeds."""
    values = [cell["test"]["map50"]["value"] for cell in cells.values()]
    return {
        "measure": f"mAP@.5, {SCENES['test']:,} test scenes of 64 x 64 pixels",
        "asked": 0.80,
        "values": values,
        "mean": statistics.fmean(values),
        "map": [cell["test"]["map"]["value"] for cell in cells.values()],
        "trivial": max(c["baselines"]["trivial"]["map50"]["value"] for c in cells.values()),
        "reached": min(values) >= 0.80,
        "seeds": cells,
    }


def compose(folder: Path, data: Path) -> None:
    """Write train/ and test/, each with pictures and COCO's annotations.json."""
    for number, (split, count) in enumerate(SCENES.items()):
        rng = np.random.default_rng(number)
        pixels, labels = load_garments(data, split)
        inside = folder / split
        inside.mkdir()
        images, annotations = [], []
        for at in range(count):
            scene, found = draw_scene(rng, pixels, labels)
            images.append({"id": at, "file_name": f"{at:05}.png", "height": SIDE, "width": SIDE})
            Image.fromarray(scene).save(inside / f"{at:05}.png")
            for kind, (left, top, right, bottom) in found:
                box = [left, top, right - left, bottom - top]
                one = {"id": len(annotations), "image_id": at, "category_id": kind, "bbox": box}
                annotations.append(one)
        categories = [{"id": at, "name": name} for at, name in enumerate(CLASSES)]
        value = {"images": images, "annotations": annotations, "categories": categories}
        (inside / "annotations.json").write_text(json.dumps(value))


def draw_scene(
    rng: np.random.Generator, pixels: Pixels, labels: NDArray[np.int64]
) -> tuple[Pixels, list[tuple[int, Box]]]:
    """Return a scene and the class and box of each garment, none to MOST of them."""
    scene = clutter(rng)
    found: list[tuple[int, Box]] = []
    for _ in range(int(rng.integers(0, MOST + 1))):
        row = int(rng.integers(len(pixels)))
        garment = scaled(pixels[row], int(rng.integers(SIZES[0], SIZES[1] + 1)))
        tall, wide = garment.shape
        for _ in range(20):  # until it lies beside the others, or is left out
            left, top = int(rng.integers(SIDE - wide + 1)), int(rng.integers(SIDE - tall + 1))
            box = (left, top, left + wide, top + tall)
            if all(common(box, other) <= SHARED for _, other in found):
                place = scene[top : top + tall, left : left + wide]
                np.copyto(place, garment, where=garment >= INK)
                found.append((int(labels[row]), box))
                break
    return scene, found


def scaled(picture: Pixels, side: int) -> Pixels:
    """Return the garment alone, its longer side of `side` pixels."""
    rows, columns = (np.flatnonzero((picture >= INK).any(axis)) for axis in (1, 0))
    cut = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    factor = side / max(cut.shape)
    size = max(round(cut.shape[1] * factor), 2), max(round(cut.shape[0] * factor), 2)
    return np.asarray(Image.fromarray(cut).resize(size, Image.Resampling.BILINEAR))


def clutter(rng: np.random.Generator) -> Pixels:
    """Return a ground of noise with bars and spots that are nothing."""
    ground = rng.normal(rng.uniform(10, 40), rng.uniform(2, 12), (SIDE, SIDE))
    for _ in range(int(rng.integers(2, 7))):
        tall, wide = (int(size) for size in rng.integers(2, 12, 2))
        top, left = int(rng.integers(SIDE - tall)), int(rng.integers(SIDE - wide))
        ground[top : top + tall, left : left + wide] = rng.uniform(40, 220)
    y, x = np.mgrid[:SIDE, :SIDE]
    for _ in range(int(rng.integers(0, 3))):
        angle, where = rng.uniform(0, np.pi), rng.uniform(0, SIDE, 2)
        off = np.abs((x - where[0]) * np.sin(angle) - (y - where[1]) * np.cos(angle))
        ground[off < rng.uniform(0.5, 1.2)] = rng.uniform(60, 200)
    return ground.clip(0, 255).astype(np.uint8)


def common(first: Box, second: Box) -> float:
    """Return what two boxes share, of the smaller one."""
    wide = min(first[2], second[2]) - max(first[0], second[0])
    tall = min(first[3], second[3]) - max(first[1], second[1])
    sizes = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return max(wide, 0) * max(tall, 0) / min(sizes)


if __name__ == "__main__":
    main()
