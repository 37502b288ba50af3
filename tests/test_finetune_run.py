"""From texts without classes to a model that fills words in, and from that to a classifier."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from netwright.data.options import ReadOptions
from netwright.data.read import read
from netwright.errors import UsageError
from netwright.making import Job, make
from netwright.model.model import load

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
