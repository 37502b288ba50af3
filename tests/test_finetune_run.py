"""From texts without classes to a model that fills words in, and from that to a classifier; from
pictures of some classes to a model of others."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from sklearn.datasets import load_digits
from typer.testing import CliRunner

from netwright.cli.main import app
from netwright.data.options import ReadOptions
from netwright.data.read import read
from netwright.errors import UsageError
from netwright.making import Job, make
from netwright.model.loading import load

SMALL = {
    "net.width": 16, "net.depth": 1, "net.num_heads": 2, "net.dropout": 0.0, "recipe.lr": 0.01,
}  # fmt: skip
GOOD, BAD = "fine lovely bright".split(), "poor dreary bleak".split()


def sentences(rows: int, seed: int) -> list[tuple[str, str]]:
    rng = np.random.default_rng(seed)
    found = []
    for at in range(rows):
        words = rng.choice(GOOD if at % 2 else BAD, 3)
        found.append(
            (f"a {words[0]} film that is {words[1]} and {words[2]}", "good" if at % 2 else "bad")
        )
    return found


@pytest.mark.slow
def test_from_a_corpus_to_a_classifier(tmp_path: Path) -> None:
    corpus, table = tmp_path / "corpus.txt", tmp_path / "films.csv"
    corpus.write_text("\n".join(text for text, _ in sentences(400, 0)), encoding="utf-8")
    rows = "\n".join(f'"{text}",{label}' for text, label in sentences(80, 1))
    table.write_text(f"text,class\n{rows}\n", encoding="utf-8")
    options = ReadOptions(task="masked-language-modelling")
    job = Job(source=str(corpus), options=options, out=str(tmp_path / "first"), epochs=6,
              changes=SMALL)  # fmt: skip
    first = make(job).metrics
    assert first["task"] == "masked-language-modelling" and first["primary"]["name"] == "nats"
    assert first["test"]["nats"]["value"] < first["baselines"]["trivial"]["nats"]["value"]
    assert first["baselines"]["linear"] is None and first["baselines"]["trees"] is None
    said = load(tmp_path / "first").predict(["a [MASK] film that is poor and bleak"])
    assert said["prediction"][0].startswith("a ") and "[MASK]" not in said["prediction"][0]

    job = Job(source=str(table), init_from=str(tmp_path / "first"), out=str(tmp_path / "then"),
              epochs=3)  # fmt: skip
    then = make(job).metrics
    assert then["task"] == "text-classification"
    plan = yaml.safe_load((tmp_path / "then" / "plan.yaml").read_text())
    assert plan["net"]["name"] == "bert" and plan["net"]["width"] == 16
    ledger = json.loads((tmp_path / "then" / "ledger.json").read_text())
    weights = [entry for entry in ledger if entry["where"] == "weights"]
    assert len(weights) == 1 and "new: output.weight, output.bias" in weights[0]["what"]
    known, own = load(tmp_path / "first").encoding, load(tmp_path / "then").encoding
    assert known.vocabulary == own.vocabulary  # type: ignore[attr-defined]
    assert own.column == "text"  # type: ignore[attr-defined]


def test_a_model_of_other_data_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "preprocessing.json").write_text('{"type": "text"}', encoding="utf-8")
    with pytest.raises(UsageError, match="image data"):
        read("digits", encoding_of=str(tmp_path))
    with pytest.raises(UsageError, match="columns of its own"):
        read("iris", encoding_of=str(tmp_path))


def test_a_table_is_no_text_with_words_to_fill_in() -> None:
    with pytest.raises(UsageError, match="learned from texts"):
        read("iris", task="masked-language-modelling")


def pictures(folder: Path, classes: tuple[int, ...]) -> str:
    digits = load_digits()
    for kind in classes:
        (folder / f"digit {kind}").mkdir(parents=True)
        for at, row in enumerate(digits.images[digits.target == kind][:40]):
            picture = Image.fromarray((row * 15).astype(np.uint8))
            picture.save(folder / f"digit {kind}" / f"{at}.png")
    return str(folder)


@pytest.mark.slow
def test_from_pictures_to_a_head_for_other_classes(tmp_path: Path) -> None:
    old, new = pictures(tmp_path / "old", (0, 1, 5, 6)), pictures(tmp_path / "new", (2, 3, 4))
    first, then = str(tmp_path / "first"), tmp_path / "then"
    command = ["train", old, "--out", first, "--epochs", "15", "--set", "net.name=resnet",
               "--set", "net.channels=[8, 16]", "--set", "recipe.batch_size=8",
               "--set", "recipe.lr=0.01"]  # fmt: skip
    assert CliRunner().invoke(app, command).exit_code == 0
    command = ["finetune", first, new, "--freeze", "--out", str(then), "--epochs", "40"]
    said = CliRunner().invoke(app, command)
    assert said.exit_code == 0, said.output
    assert "all that was taken rests: 51 of" in said.output

    plan = yaml.safe_load((then / "plan.yaml").read_text())
    assert plan["recipe"]["freeze"] == "body" and plan["net"]["outputs"] == 3
    ledger = json.loads((then / "ledger.json").read_text())
    weights = [entry["what"] for entry in ledger if entry["where"] == "weights"]
    assert len(weights) == 2 and "new: fc.weight, fc.bias" in weights[0]
    metrics = json.loads((then / "metrics.json").read_text())
    assert metrics["parameters_trained"] == 51 < metrics["parameters"]
    trivial = metrics["baselines"]["trivial"]["accuracy"]["value"]
    assert metrics["test"]["accuracy"]["value"] > trivial + 0.1
    page = (then / "report.html").read_text()
    assert "all that was taken rests" in page
    assert "of them learned" in page
    before, after = (load(folder).net.state_dict() for folder in (first, then))
    moved = {n for n, x in after.items() if x.shape != before[n].shape or (x != before[n]).any()}
    assert moved == {"fc.weight", "fc.bias"}
    told = load(then).predict(sorted(str(p) for p in Path(new).glob("*/*.png"))[:2])
    assert set(told["prediction"]) <= {"digit 2", "digit 3", "digit 4"}
