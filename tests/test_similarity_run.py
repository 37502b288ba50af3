"""Similarity end to end: class folders become a run; new pictures are named by the nearest."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

from netwright.cli.use import run_predict
from netwright.data.image_encoding import ImageEncoding
from netwright.data.ledger import Ledger
from netwright.data.read import read_labelled
from netwright.data.task import Task
from netwright.errors import UsageError
from netwright.evaluate.evaluate import evaluate
from netwright.making import Job, make
from netwright.model.gallery import Gallery, nearest
from netwright.model.loading import load
from netwright.model.model import Model


def draw_classes(root: Path, names: str, rows: int, seed: int) -> Path:
    """Each class is a square somewhere, moved by a pixel or so, on noise."""
    rng = np.random.default_rng(seed)
    for name in names:
        (root / name).mkdir(parents=True)
        top, left = rng.integers(1, 9, 2)
        for at in range(rows):
            pixels = rng.normal(60, 20, (16, 16))
            y, x = top + rng.integers(-1, 2), left + rng.integers(-1, 2)
            pixels[y : y + 6, x : x + 6] += 150
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / name / f"{at}.png")
    return root


@pytest.mark.slow
def test_from_class_folders_to_the_nearest_of_new_classes(tmp_path: Path) -> None:
    source = draw_classes(tmp_path / "set", "abcdefghijkl", 6, 0)
    job = Job(source=str(source), out=str(tmp_path / "run"), epochs=4)
    job = replace(job, options=replace(job.options, task="similarity"))
    made = make(job)
    found = made.metrics
    assert found["task"] == "similarity" and found["primary"]["name"] == "one_shot_accuracy"
    assert found["baselines"]["trivial"]["one_shot_accuracy"]["value"] == pytest.approx(1 / 2)
    assert found["baselines"]["linear"]["roc_auc"]["value"] > 0.5
    assert found["baselines"]["trees"] is None
    assert "no new ones" in found["baseline_models"]["trees"]["reason"]

    model = load(tmp_path / "run")
    assert model.gallery is not None
    assert len(model.gallery.labels) == found["rows"]["train"]
    own = model.predict([source / name / "0.png" for name in sorted(set(model.gallery.labels))])
    assert own["distance"].max() < 1e-3  # training rows are their own nearest
    assert (own["nearest"] == own["prediction"] + "/0.png").all()

    support = draw_classes(tmp_path / "support", "xyz", 1, 5)
    out = tmp_path / "said.csv"
    rest = {"out": str(out), "device": "cpu", "threads": 1, "as_json": False}
    run_predict(str(tmp_path / "run"), str(support), support=str(support), **rest)  # type: ignore[arg-type]
    said = pd.read_csv(out)
    assert said["prediction"].tolist() == ["x", "y", "z"]
    assert list(said.columns) == [
        "prediction", "distance", "nearest", "class_2", "distance_2", "class_3", "distance_3",
    ]  # fmt: skip

    other = draw_classes(tmp_path / "other", "mnopq", 4, 7)
    rows = read_labelled(other, model.encoding, model.task, Ledger())
    assert evaluate(model, rows, resamples=0)["one_shot_accuracy"].value > 0.3


@pytest.mark.slow
def test_examples_are_of_no_use_to_a_classifier(tmp_path: Path) -> None:
    source = draw_classes(tmp_path / "set", "ab", 10, 0)
    make(Job(source=str(source), out=str(tmp_path / "run"), epochs=1))
    with pytest.raises(UsageError, match="trained with --task similarity; this one learned image"):
        run_predict(
            str(tmp_path / "run"), str(source), out=None, device="cpu", threads=1, as_json=True,
            support=str(source),
        )  # fmt: skip


@pytest.mark.slow
def test_pictures_smaller_than_the_net_asks_for_are_refused(tmp_path: Path) -> None:
    source = draw_classes(tmp_path / "set", "abcdefgh", 3, 0)
    job = Job(
        source=str(source),
        out=str(tmp_path / "run"),
        changes={"net.channels": [4, 4, 4, 4, 4]},
    )
    job = replace(job, options=replace(job.options, task="similarity"))
    with pytest.raises(UsageError, match="Pictures of 16x16 cannot be halved 5 times"):
        make(job)


def test_the_nearest_by_hand() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(1, 1, bias=False))
    nn.init.ones_(net[1].weight)  # type: ignore[arg-type]
    encoding = ImageEncoding(mode="L", height=1, width=1, mean=(0.0,), std=(1.0,))
    model = Model(net, {}, encoding, Task(name="similarity", form="similarity", target="class"))
    gallery = Gallery(torch.tensor([[0.0], [10.0], [12.0]]), ("a", "b", "b"), ("p", "q", "r"))
    found = nearest(model, gallery, np.array([[[7]], [[11]], [[2]]], dtype=np.uint8))
    assert found["prediction"].tolist() == ["b", "b", "a"]
    assert found["distance"].tolist() == [3.0, 1.0, 2.0]
    assert found["nearest"].tolist() == ["q", "q", "p"]
    assert found["class_2"].tolist() == ["a", "a", "b"]
    assert found["distance_2"].tolist() == [7.0, 11.0, 8.0]
