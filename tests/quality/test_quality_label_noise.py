"""Confident learning on probabilities that are known."""

import numpy as np
import pytest

from netwright.quality.label_noise import disagreement, information, noise_floor

RNG = np.random.default_rng(0)


def _probabilities(count: int, sure: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and probabilities that name them with a certainty around `sure`."""
    labels = RNG.integers(0, 3, count)
    p = np.full((count, 3), 0.0)
    own = np.clip(sure + 0.03 * RNG.normal(size=count), 0.4, 0.999)
    p[:] = ((1 - own) / 2)[:, None]
    p[np.arange(count), labels] = own
    return p, labels


def test_rows_labelled_otherwise_come_first() -> None:
    p, labels = _probabilities(500)
    given = labels.copy()
    p[[3, 77]] = np.where(p[[3, 77]] > 0.5, 0.999, 0.0005)
    given[[3, 77]] = (given[[3, 77]] + 1) % 3
    found = disagreement(p, given)
    assert {3, 77} <= set(found.rows[:2].tolist())
    assert (found.counts_as == labels[found.rows]).all()


def test_a_floor_is_the_share_of_wrong_labels() -> None:
    p, labels = _probabilities(3000)
    wrong = RNG.uniform(size=3000) < 0.2
    given = np.where(wrong, (labels + 1) % 3, labels)
    found = noise_floor(p, given)
    assert found.notable and found.surest == pytest.approx(0.2, abs=0.03)
    assert not noise_floor(p, labels).notable


def test_errors_that_sureness_foretells_are_no_noise() -> None:
    """Calibrated probabilities between 0.5 and 1: less sure rows are wrong more often."""
    own = RNG.uniform(0.5, 1, 4000)
    labels = (RNG.uniform(size=4000) > own).astype(np.int64)
    found = noise_floor(np.stack([own, 1 - own], 1), labels)
    assert found.overall > 0.2 and not found.notable


def test_information_of_chance_is_nothing_and_of_truth_is_all() -> None:
    p, labels = _probabilities(2000)
    assert information(p, labels) > 0.7
    assert information(p, RNG.permutation(labels)) < 0.011
