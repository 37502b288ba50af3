"""Temperature: found where it is known, 1 where nothing is gained, careful with few rows."""

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss as sklearn_log_loss

from netwright.errors import DataError, TrainingError
from netwright.evaluate.calibration import (
    apply_temperature,
    fit_temperature,
    log_loss,
    reliability,
)


def draw(rows: int, classes: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits whose softmax is the true distribution of the targets."""
    rng = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(rows, classes, generator=rng)
    targets = torch.multinomial(logits.softmax(1), 1, generator=rng)[:, 0]
    return logits, targets


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_known_temperature_is_found(true: float) -> None:
    logits, targets = draw(20_000, 5)
    found = fit_temperature(logits * true, targets)
    assert found == pytest.approx(true, rel=0.03)
    back = apply_temperature(logits * true, found)
    assert log_loss(back, targets) <= log_loss(logits * true, targets)
    assert torch.equal(back.argmax(1), logits.argmax(1))


def test_binary_logit_and_two_logits_agree() -> None:
    logits, targets = draw(2000, 2)
    difference = (logits[:, 1] - logits[:, 0]) * 2.5
    both = fit_temperature(logits * 2.5, targets)
    assert fit_temperature(difference, targets) == pytest.approx(both, rel=1e-3)
    assert fit_temperature(difference[:, None], targets) == pytest.approx(both, rel=1e-3)


def test_multilabel() -> None:
    rng = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(5000, 4, generator=rng)
    targets = (torch.rand(5000, 4, generator=rng) < logits.sigmoid()).float()
    assert fit_temperature(logits * 2, targets) == pytest.approx(2, rel=0.05)


def test_ordinal_uses_cumulative_probabilities() -> None:
    rng = torch.Generator().manual_seed(0)
    score = 2 * torch.randn(20_000, 1, generator=rng)
    logits = score - torch.tensor([[-2.0, 0.0, 2.0]])  # P(grade > k)
    draws = torch.rand(20_000, 1, generator=rng)
    targets = (draws < logits.sigmoid()).sum(1)
    assert fit_temperature(logits * 3, targets, form="ordinal") == pytest.approx(3, rel=0.05)


def test_log_loss_is_scikit_learns() -> None:
    logits, targets = draw(300, 4)
    expected = sklearn_log_loss(targets, logits.double().softmax(1))
    assert log_loss(logits, targets) == pytest.approx(expected)


def test_few_rows_that_are_all_right_do_not_make_the_net_certain() -> None:
    targets = torch.arange(24) % 3
    logits = 4 * torch.nn.functional.one_hot(targets, 3).float()
    temperature = fit_temperature(logits, targets)
    assert 0.3 < temperature < 1.0
    # The same said by two thousand rows is believed.
    many = fit_temperature(logits.repeat(100, 1), targets.repeat(100))
    assert many < temperature


def test_a_temperature_that_gains_nothing_is_not_kept() -> None:
    # Every row has equal logits, and no temperature changes them.
    logits = torch.zeros(40, 2)
    assert fit_temperature(logits, torch.arange(40) % 2) == 1.0


def test_what_cannot_be_calibrated_is_refused() -> None:
    logits, targets = draw(10, 3)
    with pytest.raises(DataError, match="validation rows"):
        fit_temperature(logits[:0], targets[:0])
    with pytest.raises(TrainingError, match="diverged"):
        fit_temperature(logits * float("nan"), targets)
    with pytest.raises(ValueError, match="do not fit targets"):
        fit_temperature(logits, targets[:5])


def test_reliability_by_hand() -> None:
    points = reliability(
        np.array([0.2, 0.3, 0.9, 1.0]), np.array([False, True, True, True]), bins=2
    )
    assert points == [
        {"confidence": 0.25, "accuracy": 0.5, "share": 0.5},
        {"confidence": 0.95, "accuracy": 1.0, "share": 0.5},
    ]
