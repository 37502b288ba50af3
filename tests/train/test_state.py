"""Which epoch's weights are kept: the metric decides, noise does not."""

import pytest

from netwright.train.state import State, until
from netwright.watch.trace import Trace


def test_a_number_is_judged_as_it_is() -> None:
    state = State()
    kept = [state.improves(-rmse, 0.0, shares_of=None) for rmse in (3.0, 2.0, 2.5, 1.9)]
    assert kept == [True, True, False, True]


@pytest.mark.parametrize(
    ("share", "loss", "kept"),
    [
        (0.905, 0.25, True),  # within noise of 0.90 and a lower loss
        (0.905, 0.40, False),  # within noise and a higher loss
        (0.895, 0.20, True),  # a little lower, well within noise, and a lower loss
        (0.80, 0.10, False),  # clearly worse, whatever the loss says
        (0.99, 0.90, True),  # clearly better, whatever the loss says
    ],
)
def test_shares_within_a_standard_error_are_equal(share: float, loss: float, kept: bool) -> None:
    state = State()
    assert state.improves(0.90, 0.30, shares_of=400)  # a standard error is 0.015
    assert state.improves(share, loss, shares_of=400) is kept


def test_the_metric_cannot_drift_down_in_small_steps() -> None:
    state = State()
    assert state.improves(0.90, 1.0, shares_of=400)
    kept = [state.improves(0.90 - 0.01 * n, 1.0 - 0.1 * n, shares_of=400) for n in range(1, 5)]
    assert kept == [True, False, False, False]


def test_what_was_measured_after_a_checkpoint_is_left_out() -> None:
    trace = Trace()
    for step in range(6):
        trace.record("loss", "", step, float(step))
    trace.record("loss.train", "", 4, 1.0)
    in_epoch = until(trace, State(step=4, batch=2))
    assert in_epoch.steps("loss").tolist() == [0, 1, 2, 3]
    assert "loss.train" not in in_epoch.signals()
    after_epoch = until(trace, State(step=4, batch=0))
    assert after_epoch.steps("loss.train").tolist() == [4]
