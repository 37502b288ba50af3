"""Tagged sentences become Data."""

from pathlib import Path

import pytest
import torch

from netwright.data.encodings import load_encoding
from netwright.data.ledger import Ledger
from netwright.data.read import read, read_labelled
from netwright.data.sentence_encoding import case_of, fit_sentence_encoding
from netwright.errors import DataError, UsageError


def write(path: Path, sentences: list[str]) -> None:
    lines = [line for one in sentences for line in [*one.split(), ""]]
    path.write_text("\n".join(lines).replace("/", "\t"), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "train.conll", ["Ann/B-per is/O here/O", "is/O Ann/B-per Lee/I-per"] * 6)
    write(tmp_path / "dev.conll", ["Bob/B-per is/O"])
    write(tmp_path / "test.conll", ["here/O is/O Oslo/B-loc"])
    return tmp_path


def test_files_named_for_splits_are_the_splits(folder: Path) -> None:
    data = read(folder)
    assert {name: len(split) for name, split in data.splits().items()} == {
        "train": 12, "validation": 1, "test": 1,
    }  # fmt: skip
    assert data.task.classes == ("O", "B-per", "I-per")
    assert data.class_counts == (18, 12, 6)


def test_targets_are_asked_of_known_tags_of_real_tokens_alone(folder: Path) -> None:
    data = read(folder)
    assert data.validation.targets.tolist() == [[1, 0, -100]]
    assert data.test.targets.tolist() == [[0, 0, -100]]
    assert any("B-loc" in entry.what for entry in data.ledger if entry.action == "warned")


def test_one_file_is_divided(tmp_path: Path) -> None:
    write(tmp_path / "a.conll", [f"w{i}/O Ann/B-per" for i in range(50)])
    data = read(tmp_path / "a.conll")
    assert [len(split) for split in data.splits().values()] == [32, 8, 10]
    assert "split test: held out: at random (seed 0) (10)" in map(str, data.ledger)
    rows = torch.cat([split.rows for split in data.splits().values()])
    assert rows.sort().values.tolist() == list(range(50))


def test_tokens_without_tags_cannot_be_trained_on(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("a\nb\n\nc\n", encoding="utf-8")
    with pytest.raises(DataError, match="tokens without tags"):
        read(tmp_path / "a.conll")


def test_one_tag_teaches_nothing(tmp_path: Path) -> None:
    write(tmp_path / "a.conll", ["a/O b/O"] * 20)
    with pytest.raises(DataError, match="at least two tags"):
        read(tmp_path / "a.conll")


def test_another_task_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="a tag for every token"):
        read(folder, task="regression")


def test_evaluated_sentences_are_encoded_as_the_training_ones(folder: Path) -> None:
    data = read(folder)
    rows = read_labelled(folder / "dev.conll", data.encoding, data.task, Ledger())
    for ours, theirs in zip(rows.inputs, data.validation.inputs, strict=True):
        assert torch.equal(ours, theirs)
    assert torch.equal(rows.targets, data.validation.targets)


def test_case_of_says_how_a_token_is_written() -> None:
    written = [case_of(token) for token in ("is", "Ann", "NASA", "iPhone", "42", "B2", "...", "I")]
    assert written == [1, 2, 3, 4, 5, 6, 7, 2]


def test_unseen_words_and_letters_are_unknown_and_empty_sentences_padding() -> None:
    encoding = fit_sentence_encoding([["it", "is"], ["is", "it"]], length=3)
    ledger = Ledger()
    words, cases, letters = encoding.encode([["it", "Zü"], []], ledger)
    assert words.tolist() == [[encoding.word_ids["it"], 1, 0], [0, 0, 0]]
    assert cases.tolist() == [[1, 2, 0], [0, 0, 0]]
    assert letters[0, 1, :3].tolist() == [1, 1, 0]
    assert {entry.where for entry in ledger} == {"sentences", "tokens"}


def test_a_sentence_longer_than_all_training_ones_keeps_its_tokens() -> None:
    encoding = fit_sentence_encoding([["a", "a"]], length=2)
    assert encoding.encode([["a"] * 5])[0].tolist() == [[2] * 5]


def test_a_saved_encoding_opens_as_it_was() -> None:
    encoding = fit_sentence_encoding([["it", "is", "it", "is"]], length=4)
    assert load_encoding(encoding.to_dict(), {}) == encoding


def test_plain_text_is_split_into_tokens() -> None:
    encoding = fit_sentence_encoding([["do", "do"]], length=2)
    words, _, _ = encoding.encode(["@ann don't go to St.Ives!"])
    assert int((words != 0).sum()) == 7  # @ann do n't go to St.Ives !


def test_wnut17(shared_data: Path) -> None:
    data = read(shared_data / "token_tagging" / "wnut17")
    assert [len(split) for split in data.splits().values()] == [3394, 1009, 1287]
    assert len(data.task.classes) == 13 and sum(data.class_counts) == 62_730
