"""Segmentation end to end: a folder of pictures and masks becomes a run, its report and masks."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mask_folders import disc_folder, disc_pair
from netwright.cli.use import run_predict
from netwright.data.read import read, read_labelled
from netwright.errors import UsageError
from netwright.evaluate.evaluate import evaluate
from netwright.making import Job, make
from netwright.model.loading import load
from netwright.nets.unet import UNet


@pytest.mark.slow
def test_from_a_folder_of_masks_to_masks(tmp_path: Path) -> None:
    source = disc_folder(tmp_path / "discs", 16, sizes=((24, 20), (20, 26)))
    changes = {"net.channels": [8, 16], "recipe.lr": 0.01}
    job = Job(source=str(source), out=str(tmp_path / "run"), epochs=12, changes=changes)
    made = make(job)
    found = made.metrics
    assert found["task"] == "segmentation" and found["primary"]["name"] == "dice"
    assert found["test"]["dice"]["value"] > found["baselines"]["trivial"]["dice"]["value"] + 0.2
    assert found["baselines"]["linear"]["dice"]["value"] > 0.9  # discs are darker
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Pictures, truth and prediction" in page and "worst: test picture" in page

    model = load(tmp_path / "run")
    other = tmp_path / "new"
    other.mkdir()
    picture, truth = disc_pair(np.random.default_rng(9), (33, 29))
    picture.save(other / "seen.png")
    (other / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    out = tmp_path / "masks"
    run_predict(
        str(tmp_path / "run"), str(other), out=str(out), device="cpu", threads=1, as_json=True
    )
    mask = np.asarray(Image.open(out / "seen.png"))
    assert mask.shape == (33, 29) and set(np.unique(mask)) <= {0, 255}
    assert (mask == np.asarray(truth)).mean() > 0.7
    lines = (out / "predictions.csv").read_text().splitlines()
    assert lines[0] == "picture,prediction,share_0,share_255"
    assert lines[1].startswith("new/broken.png,,")  # could not be decoded
    share = float(lines[2].split(",")[3])
    assert share == pytest.approx((mask == 255).mean())

    rows = read_labelled(source, model.encoding, model.task, read(source).ledger)
    assert evaluate(model, rows, resamples=0)["dice"].value > 0.6
    assert json.loads((tmp_path / "run" / "model" / "preprocessing.json").read_text())["codes"] == [
        0, 255,
    ]  # fmt: skip


@pytest.mark.slow
def test_a_net_that_gives_no_maps_is_refused(tmp_path: Path) -> None:
    job = Job(
        source=str(disc_folder(tmp_path / "discs")),
        out=str(tmp_path / "run"),
        changes={"net.name": "cnn"},
    )
    with pytest.raises(UsageError, match=r"answers with outputs.*Nets that do: unet"):
        make(job)


def test_pictures_smaller_than_what_the_net_sees() -> None:
    net = UNet(in_channels=1, outputs=2).eval()
    assert net(torch.randn(1, 1, 3, 5)).shape == (1, 2, 3, 5)
