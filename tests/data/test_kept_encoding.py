"""A source is read as the model that is trained on reads: its size of pictures, its vocabulary."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from netwright.data.data import Encoding
from netwright.data.image_encoding import ImageEncoding
from netwright.data.read import read
from netwright.data.text_encoding import TextEncoding
from netwright.errors import DataError


def keep(folder: Path, encoding: Encoding) -> str:
    (folder / "model").mkdir()
    text = json.dumps(encoding.to_dict())
    (folder / "model" / "preprocessing.json").write_text(text, encoding="utf-8")
    return str(folder)


def test_pictures_get_the_size_and_scale_of_the_model(tmp_path: Path) -> None:
    own = read("digits").encoding
    assert isinstance(own, ImageEncoding)
    larger = replace(own, height=12, width=12, mean=(0.5,), std=(0.25,))
    data = read("digits", encoding_of=keep(tmp_path, larger))
    assert data.encoding == larger
    assert data.train.inputs[0].shape[1:] == (1, 12, 12)  # type: ignore[attr-defined]
    assert any("as the model in" in entry.what for entry in data.ledger)


def test_texts_get_the_vocabulary_of_the_model(tmp_path: Path) -> None:
    known = TextEncoding(level="word", vocabulary=("good", "film"), length=6)
    frame = pd.DataFrame({
        "text": [f"a {'good' if at % 2 else 'bad'} film of this year" for at in range(40)],
        "label": ["yes", "no"] * 20,
    })  # fmt: skip
    path = keep(tmp_path, known)
    data = read(frame, target="label", task="text-classification", encoding_of=path)
    assert data.encoding == replace(known, column="text")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read("digits", encoding_of=str(tmp_path / "nothing"))
