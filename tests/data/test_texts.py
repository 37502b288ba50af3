"""Texts as Data: folders of files, files of lines, tables' columns and one long corpus."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from netwright.data.data import Data, Source
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.read_rows import note_found
from netwright.data.sources import locate
from netwright.data.texts import read_texts, text_data
from netwright.errors import DataError


def said(data: Data) -> str:
    return "\n".join(str(entry) for entry in data.ledger)


def build(texts: list[str], labels: list[str], **more: object) -> Data:
    return text_data(
        texts, labels, source=Source("toy"), options=ReadOptions(), ledger=Ledger(), **more  # type: ignore[arg-type]
    )  # fmt: skip


def test_rows_keep_their_texts_and_labels() -> None:
    texts = [f"{word} thing number {at}" for at in range(30) for word in ("good", "bad")]
    data = build(texts, ["pos", "neg"] * 30)
    assert data.kind == "text"
    assert (data.task.name, data.task.form) == ("text-classification", "binary")
    for split in data.splits().values():
        for text, target in zip(split.raw, split.targets.tolist(), strict=True):  # type: ignore[attr-defined]
            assert ("good" in text) == (data.task.classes[target] == "pos")
    assert data.encoding.shapes()["vocab"] > 4


def test_vocabulary_is_of_training_rows_only() -> None:
    texts = [f"a common sentence with word{at}" for at in range(20)]
    given = {"train": np.arange(10), "validation": np.arange(10, 15), "test": np.arange(15, 20)}
    encoding = build(texts, ["a", "b"] * 10, given=given).encoding
    known = set(encoding.vocabulary)  # type: ignore[attr-defined]
    assert "word3" in known and "word12" not in known and "word17" not in known


def test_empty_texts_are_kept_and_said() -> None:
    data = build(["", "  ", *["some words here"] * 18], ["a", "b"] * 10)
    assert sum(len(s) for s in data.splits().values()) == 20
    assert "rows without any text (2)" in said(data)


def test_copies_across_splits_are_told() -> None:
    texts = [f"text number {at % 15}" for at in range(30)]
    given = {"train": np.arange(15), "test": np.arange(15, 30)}
    assert "also among the training ones (" in said(build(texts, ["a", "b", "a"] * 10, given=given))


def test_folder_of_classes(tmp_path: Path) -> None:
    for label in ("neg", "pos"):
        folder = tmp_path / "reviews" / label
        folder.mkdir(parents=True)
        for at in range(20):
            (folder / f"{at}.txt").write_text(f"a {label} review, número {at}", encoding="latin-1")
    data = read_texts(locate(tmp_path), ReadOptions(), Ledger())
    assert data.task.classes == ("neg", "pos")
    assert "número 3" in " ".join(data.train.raw + data.validation.raw + data.test.raw)  # type: ignore[attr-defined]
    assert "text encoding" in said(data)


def test_files_of_lines(tmp_path: Path) -> None:
    (tmp_path / "Irish.txt").write_text("\n".join(f"O'{n}y" for n in "abcdefghijkl") + "\n\n")
    (tmp_path / "Greek.txt").write_text("\n".join(f"{n}poulos" for n in "abcdefghijkl"))
    data = read_texts(locate(tmp_path), ReadOptions(), Ledger())
    assert data.task.classes == ("Greek", "Irish")
    (tmp_path / "Welsh.txt").write_text("")
    ledger = Ledger()
    note_found(locate(tmp_path), ledger)
    assert "left out: Welsh.txt (1)" in "".join(map(str, ledger))
    assert sum(len(s) for s in data.splits().values()) == 24
    assert data.encoding.level == "character"  # type: ignore[attr-defined]


def test_numbers_as_classes_are_in_order_of_numbers() -> None:
    labels = [str(at % 12) for at in range(120)]
    data = build([f"text of class {label}" for label in labels], labels)
    assert data.task.classes == tuple(str(at) for at in range(12))


def test_split_told_by_a_file(tmp_path: Path) -> None:
    words = ["train"] * 20 + ["validation"] * 5 + ["test"] * 5
    file = tmp_path / "split.txt"
    file.write_text("\n".join(words))
    data = text_data(
        [f"text {at}" for at in range(30)],
        ["a", "b"] * 15,
        source=Source("toy"),
        options=ReadOptions(split=str(file)),
        ledger=Ledger(),
    )
    assert [len(s) for s in data.splits().values()] == [20, 5, 5]


def test_corpus_asks_for_the_next_character(tmp_path: Path) -> None:
    text = "".join(chr(97 + at % 26) for at in range(5000))
    file = tmp_path / "book.txt"
    file.write_text(text)
    data = read_texts(locate(file), ReadOptions(), Ledger())
    assert data.task.form == "language-modelling"
    assert data.task.outputs == data.encoding.shapes()["vocab"] == 28
    (x,), y = next(iter(data.train.batches(4)))
    assert x.shape == y.shape
    assert torch.equal(x[:, 1:].long(), y[:, :-1])
    sizes = [split.targets.numel() for split in data.splits().values()]  # type: ignore[attr-defined]
    assert sizes[0] > 3800 and 300 < sizes[1] <= 500 and 300 < sizes[2] <= 500
    assert "by position" in said(data)
    # Windows follow each other: the last target of one is the first input of the next.
    assert torch.equal(y[:-1, -1], x[1:, 0].long())


def test_corpus_in_gzip_with_its_own_test(tmp_path: Path) -> None:
    for name, letters in (("train", "abc "), ("test", "abcd ")):
        text = (letters * 2000)[:4000]
        (tmp_path / f"{name}.txt.gz").write_bytes(gzip.compress(text.encode()))
    data = read_texts(locate(tmp_path), ReadOptions(), Ledger())
    assert "characters that training lacks" in said(data)


def test_a_corpus_of_a_few_words_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("hello")
    with pytest.raises(DataError, match="5 characters"):
        read_texts(locate(file), ReadOptions(), Ledger())


def test_tiny_shakespeare(shared_data: Path) -> None:
    found = locate(shared_data / "language_modelling" / "tinyshakespeare")
    data = read_texts(found, ReadOptions(), Ledger())
    assert data.encoding.shapes()["vocab"] == 67


def test_surnames(shared_data: Path) -> None:
    found = locate(shared_data / "text_classification" / "surnames_18lang")
    data = read_texts(found, ReadOptions(), Ledger())
    assert len(data.task.classes) == 18
    assert sum(len(s) for s in data.splits().values()) == 20_050


@pytest.mark.parametrize(("short", "other"), [("train", "test"), ("test", "train")])
def test_a_corpus_with_a_part_of_a_few_letters_is_refused(
    tmp_path: Path, short: str, other: str
) -> None:
    (tmp_path / f"{other}.txt").write_text("abc def ghi.\n" * 200)
    (tmp_path / f"{short}.txt").write_text("abc")
    with pytest.raises(DataError, match=f"The {short} text of .* Give a longer {short} text"):
        read_texts(locate(tmp_path), ReadOptions(), Ledger())
