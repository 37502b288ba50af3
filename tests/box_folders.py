"""Small folders of pictures with boxes: bright squares and dark bars on a grey ground."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Box = tuple[float, float, float, float]
CLASSES = ("square", "bar")


def scene(
    rng: np.random.Generator, size: tuple[int, int] = (32, 40), most: int = 2
) -> tuple[Image.Image, list[tuple[str, Box]]]:
    """A picture (height, width) and the boxes of up to `most` things that do not touch."""
    height, width = size
    pixels = rng.normal(120, 8, size)
    found: list[tuple[str, Box]] = []
    taken = np.zeros(size, dtype=bool)
    for _ in range(int(rng.integers(0, most + 1))):
        kind = CLASSES[int(rng.integers(2))]
        side = int(rng.integers(8, 12))
        tall, wide = (side, side) if kind == "square" else (5, side + 4)
        top, left = int(rng.integers(0, height - tall)), int(rng.integers(0, width - wide))
        inside = (slice(top, top + tall), slice(left, left + wide))
        if taken[inside].any():
            continue
        taken[inside] = True
        pixels[inside] = 230 if kind == "square" else 20
        found.append((kind, (left, top, left + wide, top + tall)))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), found


def coco(names: list[str], marked: list[list[tuple[str, Box]]], **more: Any) -> dict[str, Any]:
    """COCO's JSON of pictures and their boxes."""
    annotations = [
        {
            "id": len(names) * row + at,
            "image_id": row + 7,
            "category_id": 3 + CLASSES.index(kind),
            "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]],
        }
        for row, boxes in enumerate(marked)
        for at, (kind, box) in enumerate(boxes)
    ]
    return {
        "images": [{"id": row + 7, "file_name": name} for row, name in enumerate(names)],
        "annotations": annotations,
        "categories": [{"id": 3 + at, "name": name} for at, name in enumerate(CLASSES)],
        **more,
    }


def scenes(root: Path, count: int, *, size: tuple[int, int] = (32, 40), seed: int = 0) -> Path:
    """A folder of pictures with COCO's annotations.json beside them."""
    root.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    names, marked = [], []
    for at in range(count):
        picture, boxes = scene(rng, size)
        names.append(f"{at:03}.png")
        marked.append(boxes)
        picture.save(root / names[-1])
    (root / "annotations.json").write_text(json.dumps(coco(names, marked)))
    return root
