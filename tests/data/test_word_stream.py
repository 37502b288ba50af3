"""A corpus as a stream of words: windows, held-out questions, pairs, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch

from netwright.data.data import Data, Rows
from netwright.data.ledger import Ledger
from netwright.data.read import read
from netwright.data.word_encoding import WordEncoding
from netwright.data.word_stream import CHOICES, PAIRS, WordStream, around_of
from netwright.errors import DataError


def corpus(folder: Path, *, words: int = 400, lines: int = 600) -> Path:
    rng = np.random.default_rng(0)
    ids = rng.integers(0, words, size=(lines, 12))
    text = "\n".join(" ".join(f"w{at}x" for at in row) for row in ids)
    path = folder / "corpus.txt"
    path.write_text(text, encoding="utf-8")
    return path


def built(folder: Path, **more: object) -> Data:
    return read(corpus(folder), task="embedding", **more)  # type: ignore[arg-type]


def test_a_corpus_is_split_by_position(tmp_path: Path) -> None:
    data = built(tmp_path)
    assert (data.kind, data.task.form) == ("words", "embedding")
    assert isinstance(data.train, WordStream) and len(data.train) == 540 * 12
    assert data.encoding.shapes()["vocab"] == 401
    for split in (data.validation, data.test):
        assert isinstance(split, Rows)
        given, asked = split.inputs
        assert given.ndim == 1 and asked.shape == (len(given), CHOICES)
        assert int(given.min()) > 0 and int(asked.min()) > 0


def test_neighbours_stay_in_their_line() -> None:
    ids, lines = torch.tensor([1, 2, 3, 4, 5]), torch.tensor([0, 0, 0, 1, 1])
    found = around_of(ids, lines, torch.tensor([0, 2, 3]), 2)
    assert found.tolist() == [[0, 0, 2, 3], [1, 2, 0, 0], [0, 0, 5, 0]]
    near = around_of(ids, lines, torch.tensor([2]), 2, torch.tensor([1]))
    assert near.tolist() == [[0, 2, 0, 0]]


def test_a_stream_gives_words_and_those_around_them(tmp_path: Path) -> None:
    stream = built(tmp_path).train
    batch = next(iter(stream.batches(7)))
    assert batch.inputs[0].shape == (7,) and batch.inputs[1].shape == (7, 10)
    assert batch.targets[0].tolist() == [0] * 5 + [1] * 5  # the first word of a line


def test_too_few_words_are_refused(tmp_path: Path) -> None:
    path = corpus(tmp_path, words=50)
    with pytest.raises(DataError, match="50 different words"):
        read(path, task="embedding")


def test_frequent_words_are_left_out_and_drawn_less() -> None:
    encoding = WordEncoding(vocabulary=("the", "cat"), counts=(9_990, 10))
    chance = encoding.kept(1e-3)
    assert chance[1] == pytest.approx(np.sqrt(1e-3 / 0.999) + 1e-3 / 0.999) and chance[2] == 1.0
    assert encoding.kept(0).tolist() == [1.0, 1.0, 1.0]
    assert encoding.noise[0] == 0 and encoding.noise.sum() == pytest.approx(1.0)
    assert encoding.noise[1] / encoding.noise[2] == pytest.approx(999**0.75)


def test_pairs_become_the_test(tmp_path: Path) -> None:
    lines = ["# a comment", "Word 1\tWord 2\tHuman (mean)", "zebra\tw1x\t3"]
    lines += [f"W{at}x\tw{at + 1}x\t{at}" for at in range(12)]
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("\n".join(lines), encoding="utf-8")
    data = built(tmp_path, test=pairs)
    assert isinstance(data.test, Rows) and data.test.name == PAIRS
    assert data.test.targets.tolist() == list(range(12))
    assert len(data.train) == 570 * 12  # no text is held out for a test
    assert any("pairs with a word that the corpus lacks" in entry.what for entry in data.ledger)
    pairs.write_text("zebra\tlion\t5\n", encoding="utf-8")
    with pytest.raises(DataError, match="of 1 pairs 0 have words"):
        built(tmp_path, test=pairs)
    pairs.write_text("nothing here\n", encoding="utf-8")
    with pytest.raises(DataError, match="holds no pairs"):
        built(tmp_path, test=pairs)


def test_sums_of_words_are_read() -> None:
    encoding = WordEncoding(vocabulary=("king", "man", "woman"), counts=(3, 2, 1))
    ledger = Ledger()
    ids, signs = encoding.encode(["King - man + woman", "king queen", "", "woman"], ledger)
    assert ids[0, :4].tolist() == [1, 2, 3, 0] and signs[0, :4].tolist() == [1, -1, 1, 0]
    assert not ids[1].any() and not ids[2].any() and ids[3, 0] == 3
    (said,) = (entry for entry in ledger if entry.action == "warned")
    assert said.count == 2 and "queen" in said.what


def test_a_text_that_is_one_line_is_cut_into_pieces(tmp_path: Path) -> None:
    path = corpus(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("\n", " "), encoding="utf-8")
    data = read(path, task="embedding")
    assert isinstance(data.train, WordStream)
    assert len(data.train) == 6_000 and int(data.train.lines[-1]) == 5  # of 7,200 words
    assert "lines cut into pieces of 1,000 words (1)" in "".join(map(str, data.ledger))
