"""Detection end to end: a folder of pictures and boxes becomes a run, its report and boxes."""

import csv
import json
from pathlib import Path

import pytest

from box_folders import scenes
from netwright.cli.use import run_predict
from netwright.data.ledger import Ledger
from netwright.data.read import read
from netwright.data.read_rows import read_labelled
from netwright.evaluate.evaluate import evaluate
from netwright.making import Job, make
from netwright.model.loading import load
from netwright.repairing import RepairJob, repair_folder


@pytest.mark.slow
def test_boxes_that_were_hardly_learned_are_treated(tmp_path: Path) -> None:
    source = scenes(tmp_path / "scenes", 40)
    run = tmp_path / "run"
    made = make(Job(source=str(source), out=str(run), epochs=1, changes={"net.channels": [8, 16]}))
    assert made.run is not None and made.metrics["test"]["map50"]["value"] == 0
    assert "Hardly learned anything" in (run / "report.html").read_text(encoding="utf-8")
    assert [one.fault for one in made.run.findings] == ["undertrained"]
    repaired = repair_folder(RepairJob(run=str(run), out=str(tmp_path / "mended"), num_threads=1))
    assert repaired.proof["faults"] == ["undertrained"]
    assert repaired.proof["screened"] or repaired.proof["remedies"]


@pytest.mark.slow
def test_from_a_folder_of_boxes_to_boxes(tmp_path: Path) -> None:
    source = scenes(tmp_path / "scenes", 160)
    changes = {"net.channels": [16, 32, 32], "recipe.lr": 0.005}
    run = tmp_path / "run"
    made = make(Job(source=str(source), out=str(run), epochs=8, changes=changes))
    found = made.metrics
    assert found["task"] == "detection" and found["primary"]["name"] == "map50"
    assert found["test"]["map50"]["value"] > 0.8 > found["baselines"]["trivial"]["map50"]["value"]
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "Pictures, truth and prediction" in page and ": test picture" in page

    other = scenes(tmp_path / "new", 20, seed=9)
    (other / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for name in ("boxes.csv", "boxes.json"):
        out = str(tmp_path / name)
        run_predict(str(run), str(other), out=out, device="cpu", threads=1, as_json=True)
    with (tmp_path / "boxes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows and list(rows[0]) == ["picture", "prediction", "score", "x1", "y1", "x2", "y2"]
    assert all(0 <= float(row["x1"]) < float(row["x2"]) <= 40 for row in rows)
    coco = json.loads((tmp_path / "boxes.json").read_text())
    assert len(coco["annotations"]) == len(rows)

    model = load(run)
    truth = read_labelled(other, model.encoding, model.task, Ledger())
    assert evaluate(model, truth, resamples=0)["map50"].value > 0.7
    # What was predicted can be learned from: both ways of writing it say the same.
    (other / "annotations.json").write_text((tmp_path / "boxes.json").read_text())
    assert read(other).task.classes == ("bar", "square")
