"""Concluding: what the test rows say of the net stands among the findings as in the report."""

import time

import numpy as np
import pandas as pd
import pytest

import netwright as nw
from netwright.concluding import Conclusion, conclude


def concluded(rate: float, epochs: int) -> Conclusion:
    """A small net on a target that the inputs give, beside baselines."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 2)), columns=["a", "b"])
    data = nw.read(frame.assign(value=3 * frame["a"] + frame["b"]), target="value")
    changes = {"members": None, "net.name": "mlp", "recipe.lr": rate, "recipe.epochs": epochs}
    run = nw.fit(nw.design(data).with_(changes), data, num_threads=1)
    assert not [one for one in run.findings if one.severity != "info"]
    return conclude(run, data, bound=120, begun=time.monotonic(), metric=None, seed=0)


def test_a_net_that_is_no_better_than_a_guess_has_a_finding() -> None:
    done = concluded(1e-6, 2)
    assert "Hardly learned anything" in done.page
    assert done.findings["verdict"] == "faulty"
    alarm = done.run.findings[0]
    assert (alarm.fault, alarm.severity) == ("undertrained", "warning")
    assert alarm.explanation in done.page
    trace, test, beside = done.run.trace, done.metrics["test"], done.metrics["baselines"]
    assert trace.last("score.least") == pytest.approx(-test["rmse"]["high"])
    assert trace.last("score.constant") == pytest.approx(-beside["trivial"]["rmse"]["value"])
    assert trace.last("score.simple") == pytest.approx(
        max(-beside[name]["rmse"]["high"] for name in ("linear", "trees"))
    )


def test_a_net_that_learned_has_none() -> None:
    done = concluded(0.01, 30)
    assert "Hardly learned anything" not in done.page
    assert done.findings["verdict"] == "healthy"


def test_a_trivial_guess_that_looks_at_its_input_may_be_as_good() -> None:
    """The distance from the mean row finds anomalies that lie far off."""
    rng = np.random.default_rng(0)
    odd = rng.random(400) < 0.05
    rows = rng.normal(size=(400, 3)) + 9 * odd[:, None]
    frame = pd.DataFrame(rows, columns=["a", "b", "c"]).assign(fraud=odd.astype(int))
    data = nw.read(frame, target="fraud", task="reconstruction")
    run = nw.fit(nw.design(data).with_({"recipe.epochs": 20}), data, num_threads=1)
    done = conclude(run, data, bound=120, begun=time.monotonic(), metric=None, seed=0)
    assert done.metrics["test"]["roc_auc"]["value"] > 0.99
    assert "Hardly learned anything" not in done.page
    assert "No better than the trivial guess (the mean of the training rows)" in done.page
    assert not done.run.trace.places("score.least")
