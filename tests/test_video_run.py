"""Video end to end: a folder of clips becomes a run that sees motion, which no mean frame shows."""

from pathlib import Path

import pandas as pd
import pytest

from netwright.cli.use import run_predict
from netwright.making import Job, make
from video_folders import clip_folder


@pytest.mark.slow
def test_from_a_folder_of_clips_to_predictions(tmp_path: Path) -> None:
    source = clip_folder(tmp_path / "clips", 80)
    run = tmp_path / "run"
    job = Job(source=str(source), out=str(run), epochs=12, changes={"net.channels": [8, 16]})
    found = make(job).metrics
    assert found["task"] == "video-classification" and found["primary"]["name"] == "accuracy"
    assert found["test"]["accuracy"]["value"] > 0.9
    assert found["baselines"]["linear"]["accuracy"]["value"] < 0.8
    assert "the mean of the frames" in found["baseline_models"]["linear"]["model"]
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "Tell left from right, given a clip" in page

    out = tmp_path / "predictions.csv"
    new = clip_folder(tmp_path / "new", 5, style="gif")
    run_predict(str(run), str(new), out=str(out), device="cpu", threads=1, as_json=True)
    frame = pd.read_csv(out)
    assert list(frame) == ["prediction", "probability_left", "probability_right"]
    assert (frame["prediction"] == ["left"] * 5 + ["right"] * 5).mean() >= 0.8
