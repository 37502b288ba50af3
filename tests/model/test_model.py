"""Models open from their folder without pickle and give the same answers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_iris

from netwright.data.read import read
from netwright.errors import DataError, UsageError
from netwright.model.combining import mean_of_members
from netwright.model.loading import load
from netwright.model.model import FORMAT, Model
from netwright.plan.design import design
from netwright.train.fit import fit


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    iris = load_iris(as_frame=True)
    return iris.data.assign(species=iris.target_names[iris.target])


@pytest.fixture(scope="module")
def model(frame: pd.DataFrame) -> Model:
    data = read(frame, target="species")
    return fit(design(data), data, epochs=3, num_threads=1).model


def test_a_saved_model_predicts_the_same(model: Model, frame: pd.DataFrame, tmp_path: Path) -> None:
    opened = load(model.save(tmp_path / "model"))
    rows = frame.drop(columns="species")
    pd.testing.assert_frame_equal(opened.predict(rows), model.predict(rows))
    assert opened.temperature == model.temperature


def test_of_no_rows_there_is_a_table_without_rows(model: Model, frame: pd.DataFrame) -> None:
    none = frame.drop(columns="species").iloc[:0]
    said = model.predict(none)
    assert len(said) == 0 and said.columns[0] == "prediction"
    data = read(frame.drop(columns="species"), task="reconstruction")
    rebuilding = fit(design(data), data, epochs=1, num_threads=1).model
    assert rebuilding.predict(none).columns.tolist() == ["error", "absolute_error"]


def test_saving_twice_gives_the_same_bytes(model: Model, tmp_path: Path) -> None:
    first, second = model.save(tmp_path / "a"), model.save(tmp_path / "b")
    for name in ("model.safetensors", "config.json", "preprocessing.json", "README.md"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_probabilities_sum_to_one_and_use_the_temperature(model: Model) -> None:
    logits = torch.tensor([[2.0, 1.0, 0.0]])
    cool = Model(model.net, model.spec, model.encoding, model.task, temperature=10.0)
    np.testing.assert_allclose(cool.probabilities(logits).sum(1), 1, rtol=1e-6)
    assert cool.probabilities(logits).max() < model.probabilities(logits).max()


def test_a_newer_format_and_a_broken_folder_are_said(model: Model, tmp_path: Path) -> None:
    folder = model.save(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"format": FORMAT + 1}))
    with pytest.raises(UsageError, match="Upgrade"):
        load(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(DataError, match="cannot be read"):
        load(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(UsageError, match=r"model\.safetensors missing"):
        load(folder)
    with pytest.raises(UsageError, match="no model folder"):
        load(tmp_path / "absent")


def test_ordinal_probabilities_never_fall_below_zero(model: Model) -> None:
    task = replace(model.task, form="ordinal", outputs=2)
    ordinal = Model(model.net, model.spec, model.encoding, task)
    found = ordinal.probabilities(torch.tensor([[-1.0, 2.0], [3.0, -3.0]]))
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(1), 1, rtol=1e-5)


def test_the_grade_that_is_predicted_is_the_median(model: Model) -> None:
    grades = {"form": "ordinal", "outputs": 2, "classes": ("poor", "fair", "good")}
    ordinal = replace(model, task=replace(model.task, **grades))
    above = torch.tensor([[0.6, 0.3], [0.4, 0.1], [0.9, 0.6]])  # P(grade > poor), P(grade > fair)
    assert ordinal.frame(above.logit(), ())["prediction"].tolist() == ["fair", "poor", "good"]


def test_an_ensemble_of_models_is_saved_and_combined_by_its_weights(
    model: Model, frame: pd.DataFrame, tmp_path: Path
) -> None:
    from netwright import catalogue

    spec = {"name": "ensemble", "nets": [dict(model.spec)] * 2, "weights": [3, 1]}
    arguments = {"nets": spec["nets"], "weights": spec["weights"]}
    net = catalogue.build("netwright.nets", "ensemble", arguments, what="net").eval()
    net.nets[0].load_state_dict(model.net.state_dict())
    both = Model(net, spec, model.encoding, model.task)
    opened = load(both.save(tmp_path / "both"))
    rows = frame.drop(columns="species")
    pd.testing.assert_frame_equal(opened.predict(rows), both.predict(rows))

    inputs = model.encoding.prepare(model.encoding.encode(rows))
    with torch.no_grad():
        first, second = (member(*inputs).softmax(-1).mean(1) for member in net.nets)  # TabM
    expected = 0.75 * first + 0.25 * second
    found = both.predict(rows).filter(like="probability").to_numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("form", ["multiclass", "multilabel", "regression", "language-modelling"])
def test_equal_weights_are_the_plain_mean(form: str) -> None:
    outputs = torch.randn(4, 3, 2, generator=torch.Generator().manual_seed(0))
    plain = mean_of_members(outputs, form)
    weighted = mean_of_members(outputs, form, torch.full((3,), 1 / 3))
    torch.testing.assert_close(plain, weighted)
    probability = {
        "multiclass": outputs.softmax(-1).mean(1),
        "language-modelling": outputs.softmax(-1).mean(1),
        "multilabel": outputs.sigmoid().mean(1),
        "regression": outputs.mean(1),
    }[form]
    back = {"multilabel": plain.sigmoid(), "regression": plain}.get(form, plain.softmax(-1))
    torch.testing.assert_close(back, probability)
