"""Two line-aligned texts become Data."""

import gzip
from pathlib import Path

import pytest
import torch

from netwright.data.encodings import load_encoding
from netwright.data.ledger import Ledger
from netwright.data.pieces import END, START, UNKNOWN, Pieces, fit_pieces, split_text
from netwright.data.read import read, read_labelled, read_rows
from netwright.errors import DataError, UsageError

ENGLISH = [f"A man sees {n} dogs, and it's fun." for n in range(40)]
GERMAN = [f"Ein Mann sieht {n} Hunde – und es macht Spaß." for n in range(40)]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "dogs_en_de"
    folder.mkdir()
    write(folder / "train.en", ENGLISH)
    with gzip.open(folder / "train.de.gz", "wt", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in GERMAN)
    for part in ("val", "test"):
        write(folder / f"{part}.en", ENGLISH[:3])
        write(folder / f"{part}.de", GERMAN[:3])
    return folder


def test_a_folder_of_pairs_goes_the_way_that_its_name_says(folder: Path) -> None:
    data = read(folder)
    assert (data.task.source, data.task.target, data.task.form) == ("en", "de", "translation")
    assert [len(split) for split in data.splits().values()] == [40, 3, 3]
    assert data.validation.raw[0] == (ENGLISH[0], GERMAN[0])


def test_target_turns_it_round_and_another_is_refused(folder: Path) -> None:
    assert read(folder, target="en").task.source == "de"
    with pytest.raises(UsageError, match="'fr' is no side"):
        read(folder, target="fr")


def test_a_file_is_read_with_the_one_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "corpus.de", GERMAN)
    path = write(tmp_path / "corpus.en", ENGLISH)
    data = read(path)
    assert (data.task.source, data.task.target) == ("en", "de")
    assert sum(len(split) for split in data.splits().values()) == 40
    assert "split test: held out: at random (seed 0) (8)" in map(str, data.ledger)


def test_the_target_moves_one_step_to_the_right(folder: Path) -> None:
    data = read(folder)
    source, given = data.train.inputs
    asked = data.train.targets
    pieces = data.encoding.target.encode(GERMAN[0])
    size = len(pieces)
    assert given[0, : size + 1].tolist() == [START, *pieces]
    assert asked[0, : size + 1].tolist() == [*pieces, END]
    assert bool((given[0, size + 1 :] == 0).all()) and bool((asked[0, size + 1 :] == -100).all())
    assert int(source[0].ne(0).sum()) == len(data.encoding.source.encode(ENGLISH[0])) + 1


def test_unequally_many_lines_are_refused_with_both_counts(folder: Path) -> None:
    write(folder / "test.de", GERMAN[:2])
    with pytest.raises(DataError, match=r"test\.en has 3 lines and test\.de has 2"):
        read(folder)


def test_pairs_with_an_empty_line_are_dropped_and_counted(folder: Path) -> None:
    write(folder / "train.en", ["", *ENGLISH[1:]])
    data = read(folder)
    assert len(data.train) == 39
    assert [e.count for e in data.ledger if "empty line" in e.what] == [1]


def test_too_few_pairs_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.en", ENGLISH[:5])
    write(tmp_path / "a.de", GERMAN[:5])
    with pytest.raises(DataError, match="5 pairs of lines"):
        read(tmp_path)


def test_another_task_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="one translates the other"):
        read(folder, task="text-classification")


def test_rows_to_predict_and_to_score(folder: Path) -> None:
    data = read(folder)
    assert read_rows(folder / "test.en", data.encoding, Ledger()) == ENGLISH[:3]
    text = write(folder.parent / "new.txt", ["A man.", "", "Fun!"])
    assert read_rows(text, data.encoding, Ledger()) == ["A man.", "", "Fun!"]
    rows = read_labelled(folder / "test.en", data.encoding, data.task, Ledger())
    assert torch.equal(rows.targets, data.test.targets)
    with pytest.raises(DataError, match="no pair of texts in en and de"):
        read_labelled(text, data.encoding, data.task, Ledger())


def test_pieces_are_texts_again() -> None:
    pieces = fit_pieces(GERMAN, 120)
    text = GERMAN[7]
    assert pieces.decode([*pieces.encode(text), END, 5]) == text
    assert len(pieces.encode(text)) < 0.5 * len(text)
    assert pieces.encode("") == [] and pieces.decode([]) == ""


def test_frequent_pairs_are_joined_first() -> None:
    pieces = fit_pieces(["low lower lowest", "low low"], 12)
    assert pieces.merges[:3] == (("▁", "l"), ("▁l", "o"), ("▁lo", "w"))  # 5 times; "er" once
    assert "▁low" in pieces.vocabulary and ("e", "r") not in pieces.merges
    assert fit_pieces(["ab"], 50).merges == ()


def test_letters_that_training_lacks_are_unknown() -> None:
    pieces = fit_pieces(["ab ab"], 50)
    assert UNKNOWN in pieces.encode("aж") and pieces.decode([UNKNOWN]) == ""


def test_words_keep_their_blank_and_runs_of_blanks_are_one() -> None:
    assert split_text("It's  42!") == ["▁It", "'", "s", "▁4", "2", "!"]


def test_a_saved_encoding_opens_as_it_was(folder: Path) -> None:
    encoding = read(folder).encoding
    opened = load_encoding(encoding.to_dict(), {})
    assert opened == encoding and isinstance(opened.source, Pieces)


def test_a_longer_text_than_all_training_ones_is_kept(folder: Path) -> None:
    encoding = read(folder).encoding
    (source,) = encoding.encode([" ".join(ENGLISH)])
    assert source.shape[1] > encoding.length
