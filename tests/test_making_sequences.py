"""From the source to the report: a tagger and a translator learn, and what they learned is used."""

import json
from pathlib import Path

import pandas as pd
import pytest

from netwright.check.check import check
from netwright.data.ledger import Ledger
from netwright.data.read import ReadOptions, read, read_labelled, read_rows
from netwright.evaluate.evaluate import evaluate
from netwright.making import Job, make
from netwright.model.loading import load
from netwright.plan.design import design

NAMES = ("Ann", "Bob", "Cyril", "Dora", "Emil")
PLACES = ("Oslo", "Paris", "Rome", "Lima")


@pytest.mark.slow
def test_a_tagger_learns_names_and_places(tmp_path: Path) -> None:
    source = tmp_path / "people.conll"
    lines = []
    for number in range(200):
        name, place = NAMES[number % 5], PLACES[number % 4]
        lines += [f"{name}\tB-per", "Lee\tI-per", "goes\tO", "to\tO", f"{place}\tB-loc", ".\tO", ""]
    source.write_text("\n".join(lines), encoding="utf-8")
    job = Job(
        source=str(source),
        options=ReadOptions(),
        out=str(tmp_path / "run"),
        epochs=4,
        num_threads=1,
        changes={"recipe.lr": 0.01, "net.buckets": 1024},
    )
    made = make(job)
    assert made.metrics["primary"]["name"] == "entity_f1"
    assert made.metrics["primary"]["value"] > 0.95
    assert made.metrics["baselines"]["trivial"]["entity_f1"]["value"] > 0.95
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Class by class" in page and "Entity recall" in page

    model = load(tmp_path / "run")
    (tmp_path / "new.txt").write_text("Zoe Lee goes to Oslo.\n\n", encoding="utf-8")
    frame = model.predict(read_rows(tmp_path / "new.txt", model.encoding, Ledger()))
    assert frame["token"].tolist() == ["Zoe", "Lee", "goes", "to", "Oslo", "."]
    assert frame["prediction"].tolist()[1:5] == ["I-per", "O", "O", "B-loc"]
    rows = read_labelled(source, model.encoding, model.task, Ledger())
    assert evaluate(model, rows, resamples=20)["entity_f1"].value > 0.95


@pytest.mark.slow
def test_a_translator_learns_a_toy_language(tmp_path: Path) -> None:
    words = {"one": "eins", "two": "zwei", "three": "drei", "four": "vier"}
    english = [f"{a} {b} {c}." for a in words for b in words for c in words for _ in range(4)]
    german = [" ".join(words[w] for w in line[:-1].split()) + "." for line in english]
    for ending, lines in (("en", english), ("de", german)):
        (tmp_path / f"toy.{ending}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    job = Job(
        source=str(tmp_path / "toy.en"),
        options=ReadOptions(),
        out=str(tmp_path / "run"),
        epochs=12,
        num_threads=1,
        changes={"net.width": 32, "net.hidden_size": 48, "recipe.lr": 0.01},
    )
    made = make(job)
    metrics = made.metrics
    assert metrics["primary"]["name"] == "bleu" and metrics["primary"]["value"] > 80
    assert metrics["baselines"]["trivial"]["bleu"]["value"] < 20
    assert metrics["baselines"]["linear"]["bleu"]["value"] > 80
    history = pd.read_csv(tmp_path / "run" / "history.csv")
    assert "nats" in history and "bleu" not in history
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Translations of test texts" in page
    model = load(tmp_path / "run")
    said = model.predict(["one two three.", "four four one."], beam=3)["prediction"].tolist()
    assert said == ["eins zwei drei.", "vier vier eins."]
    ledger = json.loads((tmp_path / "run" / "ledger.json").read_text(encoding="utf-8"))
    assert any("byte-pair pieces" in entry["what"] for entry in ledger)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["tagging", "translation"])
def test_sequences_are_checked_before_training(form: str, tmp_path: Path) -> None:
    source = tmp_path / "small.conll"
    if form == "tagging":
        source.write_text("Ann\tB-per\nis\tO\n\nis\tO\n\n" * 20, encoding="utf-8")
    else:
        source = tmp_path / "small.en"
        for ending, line in (("en", "one two {}."), ("de", "eins zwei {}.")):
            lines = [line.format(number) for number in range(40)]
            (tmp_path / f"small.{ending}").write_text("\n".join(lines), encoding="utf-8")
    data = read(source)
    checks = {one.name: one for one in check(data, design(data)).checks}
    assert checks["outputs-and-loss"].status == "passed"
    assert checks["row-independence"].status == "passed"
    assert checks["gradients"].status == "passed"
