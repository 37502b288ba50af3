"""What the benchmarks of detection and video are made of: boxes hold their garments, and a mean
frame says nothing of the motion."""

import sys
from pathlib import Path

import numpy as np
import pytest

CATALOGUE = Path(__file__).resolve().parents[1] / "benchmarks" / "catalogue"


@pytest.fixture(autouse=True)
def catalogue_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(CATALOGUE))
    for name in ("detection", "video", "garments"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_boxes_are_tight_apart_and_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    import detection

    dark = np.zeros((detection.SIDE, detection.SIDE), dtype=np.uint8)
    monkeypatch.setattr(detection, "clutter", lambda rng: dark.copy())
    pixels = np.zeros((2, 28, 28), dtype=np.uint8)
    pixels[0, 5:20, 8:12], pixels[1, 3:9, 2:27] = 255, 255
    rng = np.random.default_rng(0)
    counts = []
    for _ in range(60):
        scene, found = detection.draw_scene(rng, pixels, np.array([3, 7]))
        counts.append(len(found))
        boxes = [box for _, box in found]
        inside = np.zeros(scene.shape, dtype=bool)
        for kind, (left, top, right, bottom) in found:
            inside[top:bottom, left:right] = True
            assert (right - left > bottom - top) == (kind == 7)
            part = scene[top:bottom, left:right] > 0
            assert part[0].any() and part[-1].any() and part[:, 0].any() and part[:, -1].any()
        assert not scene[~inside].any()
        for at, one in enumerate(boxes):
            assert all(detection.common(one, other) <= 0.1 for other in boxes[:at])
    assert set(counts) == {0, 1, 2, 3, 4}
    assert detection.common((0, 0, 4, 4), (2, 0, 12, 4)) == 0.5


def test_all_ways_visit_the_same_places_in_their_own_order() -> None:
    import video

    garment = np.full((28, 28), 255, dtype=np.uint8)
    steps = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}
    for way, step in steps.items():
        frames = video.draw_clip(np.random.default_rng(5), garment, way)
        assert frames.shape == (9, 32, 32)
        places = []
        for frame in frames:
            rows, columns = np.nonzero(frame > 200)
            assert (np.ptp(rows), np.ptp(columns)) == (13, 13)
            places.append((int(rows.min()), int(columns.min())))
        assert len(set(places)) == 9
        moved = np.diff(np.array(places), axis=0) / video.STEP
        assert (moved == step).all(1).sum() >= 5  # the rest goes on to the next row or column
        if way == "right":
            first = set(places)
        assert set(places) == first
