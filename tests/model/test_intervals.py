"""Intervals hold the share of targets that they are made for, and are kept with the model."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import netwright as nw
from netwright.model.intervals import fit_interval, middle_of


def test_new_rows_are_inside_as_often_as_asked() -> None:
    rng = torch.Generator().manual_seed(0)
    noise = torch.randn(4000, 2, generator=rng) * torch.tensor([1.0, 5.0])
    outputs = torch.zeros(4000, 2)
    found = fit_interval(outputs[:2000], noise[:2000])
    low, high = found.ends(outputs[2000:])
    inside = ((low <= noise[2000:]) & (noise[2000:] <= high)).float().mean(0)
    assert found.level == 0.9
    assert inside.tolist() == pytest.approx([0.9, 0.9], abs=0.025)
    assert found.above[1] > 3 * found.above[0]  # each output by itself


def test_quantiles_that_are_too_narrow_are_widened() -> None:
    rng = torch.Generator().manual_seed(0)
    targets = torch.randn(3000, 1, generator=rng)
    outputs = torch.tensor([0.5, 0.0, -0.5]).expand(3000, 3)  # crossed, and too near
    quantiles = (0.1, 0.5, 0.9)
    found = fit_interval(outputs[:1500], targets[:1500], quantiles=quantiles)
    low, high = found.ends(outputs[1500:], quantiles)
    share = ((low <= targets[1500:]) & (targets[1500:] <= high)).float().mean().item()
    assert found.level == pytest.approx(0.8) and share == pytest.approx(0.8, abs=0.03)
    assert (middle_of(outputs, quantiles) == 0).all()


def test_few_rows_take_the_farthest() -> None:
    targets = torch.tensor([[1.0], [float("nan")], [-2.0]])
    found = fit_interval(torch.zeros(3, 1), targets)
    assert (found.below, found.above) == ((2.0,), (1.0,))


def test_a_quantile_net_predicts_its_median_and_an_interval(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 600)
    spread = np.where(x > 0, 2.0, 0.2)  # which a constant width would miss
    frame = pd.DataFrame({"x": x, "y": 3 * x + spread * rng.normal(size=600)})
    data = nw.read(frame, target="y", task="regression")
    settings = {"members": None, "net.name": "mlp", "net.width": 32, "recipe.epochs": 15}
    plan = nw.design(data).with_(settings | {"objective.loss": "quantile", "recipe.lr": 5e-3})
    run = nw.fit(plan, data, num_threads=1)
    scores = nw.evaluate(run, data.test)
    assert scores["interval_coverage"].value == pytest.approx(0.9, abs=0.08)
    run.model.save(tmp_path / "model")
    said = nw.load(tmp_path / "model").predict(pd.DataFrame({"x": [-0.5, 0.5]}))
    assert list(said.columns) == ["prediction", "low", "high"]
    assert (said["low"] <= said["prediction"]).all() and (said["prediction"] <= said["high"]).all()
    width = said["high"] - said["low"]
    assert width[1] > 1.5 * width[0]


def test_members_learn_quantiles_without_those_that_cannot() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 3)), columns=["a", "b", "y"])
    data = nw.read(frame, target="y", task="regression")
    plan = nw.design(data).with_(
        {
            "objective.loss": "quantile",
            "objective.quantiles": [0.25, 0.4, 0.5, 0.75],
            "recipe.epochs": 1,
            "members.count": 2,
            "members.kinds": [{}, {"net.name": "modern-nca"}],
        }
    )
    run = nw.fit(plan, data, num_threads=1)
    assert {kind["name"] for kind in run.model.spec["nets"]} == {plan.net["name"]}
    said = run.model.predict(data.test.raw)
    assert list(said.columns) == ["prediction", "low", "high", "quantile_0.4"]
    assert run.model.interval is not None and run.model.interval.level == pytest.approx(0.5)
