"""Texts for masked language modelling: rows of words, and what is asked of them."""

from pathlib import Path

import pytest
import torch

from netwright.data.data import Rows
from netwright.data.masked_texts import NOT_ASKED, take_out
from netwright.data.read import read
from netwright.data.text_encoding import TextEncoding
from netwright.errors import DataError

WORDS = ("the cat sat on a mat and the dog ran by a red house near some old tree").split()


def corpus(path: Path, lines: int = 60) -> Path:
    text = "\n\n".join(" ".join(WORDS[at % 7 : at % 7 + 9]) for at in range(lines))
    path.write_text(text + "\n", encoding="utf-8")
    return path


def test_lines_of_a_corpus_are_rows_of_words(tmp_path: Path) -> None:
    data = read(corpus(tmp_path / "a.txt"), task="masked-language-modelling")
    assert data.task.form == "masked-language-modelling" and data.kind == "text"
    assert isinstance(data.encoding, TextEncoding) and data.encoding.level == "word"
    assert data.task.outputs == data.encoding.vocab == len(data.task.classes)
    assert {n: len(s) for n, s in data.splits().items()} == {
        "train": 54, "validation": 3, "test": 3,
    }  # fmt: skip
    train, test = data.train, data.test
    assert isinstance(train, Rows) and isinstance(test, Rows)
    assert torch.equal(train.targets.clamp_min(0), train.inputs[0].long())
    asked = test.targets != NOT_ASKED
    assert asked.any() and not asked.all()
    again = read(tmp_path / "a.txt", task="masked-language-modelling").test
    assert isinstance(again, Rows) and torch.equal(again.inputs[0], test.inputs[0])


def test_long_texts_are_cut_into_rows(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for at in range(10):
            (tmp_path / name / f"{at}.txt").write_text(" ".join(WORDS * 10), encoding="utf-8")
    data = read(tmp_path, task="masked-language-modelling")
    assert isinstance(data.train, Rows)
    assert data.train.inputs[0].shape == (18 * 3, 64)  # 180 words are 64, 64 and 52
    assert "classes are set aside" in "\n".join(map(str, data.ledger))


def test_what_is_taken_out() -> None:
    tokens = torch.randint(2, 50, (400, 50), generator=torch.Generator().manual_seed(0))
    tokens[:, 40:], tokens[:, 0] = 0, 1
    given, targets = take_out(tokens, 50, torch.Generator().manual_seed(1))
    asked = targets != NOT_ASKED
    assert torch.equal(targets[asked], tokens[asked])
    assert torch.equal(given[~asked], tokens[~asked])
    assert not asked[:, 40:].any() and not asked[:, 0].any()  # padding, unknown
    assert float(asked[:, 1:40].float().mean()) == pytest.approx(0.15, abs=0.01)
    assert float((given[asked] == 50).float().mean()) == pytest.approx(0.8, abs=0.02)
    same = float((given[asked] == tokens[asked]).float().mean())
    assert same == pytest.approx(0.1 + 0.1 / 48, abs=0.02)
    assert int(given.max()) == 50


def test_too_few_texts_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one line\nand another\n", encoding="utf-8")
    with pytest.raises(DataError, match="2 texts or lines"):
        read(tmp_path / "a.txt", task="masked-language-modelling")
