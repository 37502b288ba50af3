"""No row is predicted by a model that saw it."""

import numpy as np
import pytest

from netwright.evaluate.baseline_inputs import Sample
from netwright.evaluate.out_of_fold import out_of_fold

RNG = np.random.default_rng(0)


def _sample(x: np.ndarray, y: np.ndarray, raw: list[str] | None = None) -> Sample:
    return Sample((x.astype(np.float32),), y, raw, len(y))


def test_chance_labels_are_not_known_to_it() -> None:
    """Trees know their own rows by heart: only out of fold is chance seen as chance."""
    sample = _sample(RNG.normal(size=(300, 5)), RNG.integers(0, 2, 300))
    found = out_of_fold(sample, "table", classes=2, seconds=2.0)
    assert found is not None
    assert found.predictions.shape == (300, 2)
    assert found.predictions.sum(1) == pytest.approx(1.0)
    right = (found.predictions.argmax(1) == sample.targets).mean()
    assert 0.35 < right < 0.65


def test_what_can_be_learned_is_learned() -> None:
    x = RNG.normal(size=(400, 4))
    found = out_of_fold(_sample(x, (x[:, 0] > 0).astype(np.int64)), "table", classes=2, seconds=2.0)
    assert found is not None
    assert (found.predictions.argmax(1) == (x[:, 0] > 0)).mean() > 0.9
    numbers = out_of_fold(_sample(x, x[:, :2]), "table", classes=0, seconds=2.0)
    assert numbers is not None and numbers.predictions.shape == (400, 2)
    assert np.corrcoef(numbers.predictions[:, 0], x[:, 0])[0, 1] > 0.8


def test_texts_are_read_by_their_words() -> None:
    y = np.arange(120) % 2
    texts = [f"{'good' if k else 'bad'} film number {n} of many" for n, k in enumerate(y)]
    found = out_of_fold(_sample(np.ones((120, 3)), y, texts), "text", classes=2, seconds=3.0)
    assert found is not None
    assert (found.predictions.argmax(1) == y).all() and "logistic" in found.words


def test_few_rows_have_no_folds() -> None:
    sample = _sample(RNG.normal(size=(5, 2)), np.arange(5) % 2)
    assert out_of_fold(sample, "table", classes=2, seconds=1.0) is None
