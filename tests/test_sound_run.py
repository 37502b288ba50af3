"""From sounds to the report: classes are told apart and words recognised, and both are used."""

from pathlib import Path

import numpy as np
import pytest

from netwright.check.check import check
from netwright.data.ledger import Ledger
from netwright.data.read import ReadOptions, read, read_labelled, read_rows
from netwright.evaluate.evaluate import evaluate
from netwright.making import Job, make
from netwright.model.loading import load
from netwright.plan.design import design
from sound_files import RATE, put, tone

HERTZ = {"low": 300, "mid": 700, "high": 1_500}


def classes(root: Path, *, rows: int = 20) -> Path:
    rng = np.random.default_rng(0)
    for name, hertz in HERTZ.items():
        for at in range(rows):
            samples = tone(hertz * rng.uniform(0.9, 1.1), rng.uniform(0.1, 0.2))
            put(root / name / f"{at}.wav", samples + 0.05 * rng.normal(size=len(samples)))
    return root


def strings(root: Path, *, rows: int = 120) -> Path:
    rng = np.random.default_rng(0)
    lines = ["file,text"]
    for at in range(rows):
        said = rng.choice(list(HERTZ), rng.integers(1, 4))
        parts = [np.zeros(200)]
        for word in said:
            parts += [tone(HERTZ[word] * rng.uniform(0.95, 1.05), 0.1), np.zeros(200)]
        samples = np.concatenate(parts)
        put(root / f"{at}.wav", samples + 0.01 * rng.normal(size=len(samples)))
        lines.append(f"{at}.wav,{' '.join(said)}")
    (root / "transcripts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


@pytest.mark.slow
def test_sounds_are_told_apart(tmp_path: Path) -> None:
    source = classes(tmp_path / "tones")
    out = str(tmp_path / "run")
    made = make(Job(source=str(source), options=ReadOptions(), out=out, epochs=15, num_threads=1))
    metrics = made.metrics
    assert metrics["task"] == "audio-classification"
    assert metrics["primary"]["name"] == "accuracy" and metrics["primary"]["value"] > 0.8
    assert metrics["baselines"]["linear"]["accuracy"]["value"] > 0.9
    assert metrics["baselines"]["trees"]["accuracy"]["value"] > 0.5
    model = load(tmp_path / "run")
    new = put(tmp_path / "new" / "a.wav", tone(720, 0.15, rate=2 * RATE), rate=2 * RATE)
    (tmp_path / "new" / "b.wav").write_bytes(b"")
    ledger = Ledger()
    frame = model.predict(read_rows(new.parent, model.encoding, ledger), ledger=ledger)
    assert frame["prediction"].tolist()[0] == "mid" and frame["prediction"].isna()[1]
    assert any("the file is empty" in entry.what for entry in ledger)
    rows = read_labelled(source, model.encoding, model.task, Ledger())
    assert evaluate(model, rows, resamples=20)["accuracy"].value > 0.85


@pytest.mark.slow
def test_what_is_said_is_recognised(tmp_path: Path) -> None:
    source = strings(tmp_path / "strings")
    job = Job(
        source=str(source),
        options=ReadOptions(),
        out=str(tmp_path / "run"),
        epochs=25,
        num_threads=1,
        changes={"net.channels": 24, "net.hidden_size": 24, "recipe.lr": 0.005},
    )
    metrics = make(job).metrics
    assert metrics["primary"]["name"] == "token_error_rate"
    assert (
        metrics["primary"]["value"]
        < 0.2
        < metrics["baselines"]["trivial"]["token_error_rate"]["value"]
    )
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "What it hears in test sounds" in page and "Token error rate" in page
    model = load(tmp_path / "run")
    frame = model.predict(read_rows(source, model.encoding, Ledger()))
    assert frame.columns.tolist() == ["file", "prediction"]
    assert frame["file"][0] == "strings/0.wav" and set(
        " ".join(frame["prediction"]).split()
    ) <= set(HERTZ)
    rows = read_labelled(source, model.encoding, model.task, Ledger())
    assert evaluate(model, rows, resamples=20)["word_error_rate"].value < 0.2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["classes", "strings"])
def test_sounds_are_checked_before_training(kind: str, tmp_path: Path) -> None:
    source = classes(tmp_path) if kind == "classes" else strings(tmp_path, rows=60)
    data = read(source)
    checks = {one.name: one for one in check(data, design(data)).checks}
    assert checks["outputs-and-loss"].status == "passed"
    assert checks["row-independence"].status == "passed"
    assert checks["gradients"].status == "passed"
    assert checks["input-scales"].status == "skipped"
