"""Baselines of maps: the best threshold, grey values of several classes, trees on surroundings."""

import time

import numpy as np
import pytest

from netwright.evaluate.baseline_inputs import Sample
from netwright.evaluate.baseline_maps import by_grey_value, by_surroundings, most_frequent


def sample(pixels: np.ndarray, targets: np.ndarray) -> Sample:
    return Sample((pixels.astype(np.uint8)[:, None],), targets.astype(np.int16), None, len(pixels))


def test_the_threshold_is_found_whichever_side_is_dark() -> None:
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 2, (3, 8, 8))
    for light in (0, 1):
        pixels = np.where(ids == light, 150, 90) + rng.integers(-20, 20, ids.shape)
        train, test = sample(pixels[:2], ids[:2]), sample(pixels[2:], ids[2:])
        said, words = by_grey_value(train, test, 2)
        assert (said == ids[2:]).all()
        level = int(words.split(", ")[1].split(" ")[0])
        assert 110 <= level <= 130
    assert (most_frequent(train, test, 2) == np.bincount(ids[:2].ravel()).argmax()).all()


def test_several_classes_go_by_their_grey_value_and_void_is_not_learned() -> None:
    ids = np.array([[[0, 1, 2, -100]]])
    train = sample(np.array([[[10, 20, 30, 40]]]), ids)
    said, words = by_grey_value(train, sample(np.array([[[30, 20, 10, 99]]]), ids), 3)
    assert said[0, 0, :3].tolist() == [2, 1, 0]
    assert "most frequent class" in words


@pytest.mark.slow
def test_trees_see_the_surroundings() -> None:
    rng = np.random.default_rng(0)
    ids = np.zeros((4, 32, 32), np.int64)
    ids[:, :, 16:] = 1  # rough on the right, smooth on the left, equally light
    pixels = np.where(ids == 1, rng.integers(60, 180, ids.shape), 120)
    train, test = sample(pixels[:3], ids[:3]), sample(pixels[3:], ids[3:])
    said, cut = by_surroundings(train, test, 2, deadline=time.monotonic() + 60, seed=0)
    assert (said == ids[3:]).mean() > 0.9 and not cut
