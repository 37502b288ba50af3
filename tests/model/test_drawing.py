"""Rows drawn from noise: the same for a seed, of the class asked for, in the source's units."""

import numpy as np
import pandas as pd
import pytest
import torch

import netwright as nw
from netwright import catalogue
from netwright.data.data import Data
from netwright.errors import UsageError
from netwright.model.drawing import as_raw, draw, example_noise
from netwright.model.loading import load
from netwright.model.model import Model


def model_of(data: Data, name: str, **options: object) -> Model:
    torch.manual_seed(0)
    spec = {"name": name, **data.encoding.shapes(), **options}
    arguments = {k: v for k, v in spec.items() if k != "name"}
    net = catalogue.build("netwright.nets", name, arguments, what="net").eval()
    return Model(net=net, spec=spec, encoding=data.encoding, task=data.task)


def test_a_seed_draws_the_same_rows_and_leaves_the_net_as_it_was() -> None:
    model = model_of(nw.read("digits", task="generation"), "dcgan")
    model.net.train()
    first = draw(model, 600, seed=3)
    assert first.shape == (600, 1, 8, 8) and first.abs().max() <= 1 and model.net.training
    assert torch.equal(draw(model, 600, seed=3), first)
    assert not torch.equal(draw(model, 600, seed=4), first)
    pictures = as_raw(model, first)
    assert pictures.dtype == torch.uint8 and pictures.shape == first.shape


def test_a_class_decides_what_is_drawn() -> None:
    model = model_of(nw.read("moons", task="generation"), "gan", classes=2)
    evenly = draw(model, 6)
    ones = draw(model, 6, classes=torch.ones(6, dtype=torch.int64))
    assert torch.equal(evenly[1::2], ones[1::2]) and not torch.equal(evenly[::2], ones[::2])
    assert model.net(*example_noise(model.net)).shape == (1, 2)


def test_a_table_comes_back_in_its_own_units(tmp_path) -> None:
    x = np.random.default_rng(0).normal(50, 25, 100)
    table = pd.DataFrame({"length": x, "width": x * 0.5 + 7})
    data = nw.read(table, task="generation")
    model = model_of(data, "variational-autoencoder", code_size=2, widths=[8])
    drawn = as_raw(model, draw(model, 50))
    assert list(drawn.columns) == ["length", "width"]
    assert drawn["length"].mean() == pytest.approx(table["length"].mean(), abs=30)
    again = load(model.save(tmp_path / "model"))
    pd.testing.assert_frame_equal(as_raw(again, draw(again, 50)), drawn)


def test_a_net_without_noise_draws_nothing_and_a_drawing_model_predicts_nothing() -> None:
    data = nw.read("8-gaussians")
    with pytest.raises(UsageError, match="'autoencoder' draws no rows"):
        draw(model_of(data, "autoencoder", code_size=2), 3)
    with pytest.raises(UsageError, match="netwright generate"):
        model_of(data, "gan").predict(pd.DataFrame({"x1": [0.0], "x2": [0.0]}))
