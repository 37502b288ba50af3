"""Sounds with a table of what is said in them, or of their classes, become Data."""

from pathlib import Path

import numpy as np
import pytest
import torch

from netwright.data.data import Data, Rows
from netwright.data.encodings import load_encoding
from netwright.data.ledger import Ledger
from netwright.data.read import read
from netwright.data.read_rows import read_labelled, read_rows
from netwright.data.sound_encoding import AudioEncoding
from netwright.data.sources import locate
from netwright.data.speech_encoding import SpeechEncoding, plain_text
from netwright.errors import DataError, UsageError
from sound_files import RATE, put, tone

WORDS = ("one", "two", "three")


def noted(data: Data) -> str:
    return "\n".join(str(entry) for entry in data.ledger)


def folder(root: Path, rows: int = 24, *, header: str = "file,text", wavs: str = "wavs") -> Path:
    """Sounds of two words each, and transcripts.csv beside them."""
    lines = [header] if header else []
    for at in range(rows):
        put(root / wavs / f"s{at}.wav", tone(200 + 10 * at, 0.1 + 0.005 * at))
        lines.append(f"s{at}.wav,{WORDS[at % 3]} {WORDS[at // 3 % 3]}")
    (root / "transcripts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def test_a_table_of_texts_is_speech(tmp_path: Path) -> None:
    data = read(folder(tmp_path))
    assert (data.kind, data.task.name, data.task.target) == ("audio", "speech-recognition", "text")
    encoding = data.encoding
    assert isinstance(encoding, SpeechEncoding) and encoding.by_word is False
    assert encoding.symbols == tuple(" ehnortw") and data.task.outputs == 10
    assert data.encoding.shapes() == {"sample_rate": RATE, "length": encoding.sounds.length}
    file, text = data.train.raw[0]
    at = int(data.train.rows[0])
    assert file.name == f"s{at}.wav" and text == f"{WORDS[at % 3]} {WORDS[at // 3 % 3]}"
    row = data.train.targets[0]
    assert encoding.text_of(row[row >= 0].tolist()) == text and row[row < 0].eq(-100).all()
    assert data.train.inputs[1][0] == round(RATE * (0.1 + 0.005 * at))
    assert len(data.train) + len(data.validation) + len(data.test) == 24
    assert "recognised by 8 letters: 3 words are too many, or too rare" in noted(data)


def test_a_column_of_classes_is_named_to_score_by_it(tmp_path: Path) -> None:
    folder(tmp_path, header="file,text")
    table = tmp_path / "transcripts.csv"
    lines = table.read_text().splitlines()
    kinds = [f"{line},{'ab'[at % 2]},{'ba'[at % 2]}" for at, line in enumerate(lines[1:])]
    table.write_text("\n".join(["file,text,kind,other", *kinds]) + "\n")
    data = read(tmp_path, target="kind", task="audio-classification")

    def targets(name: str) -> list[int]:
        rows = read_labelled(tmp_path, data.encoding, data.task, Ledger(), target=name)
        assert isinstance(rows, Rows)
        return rows.targets.tolist()

    assert targets("kind") == [0, 1] * 12 and targets("other") == [1, 0] * 12


def test_few_words_heard_often_are_learned_whole(tmp_path: Path) -> None:
    data = read(folder(tmp_path, 60))
    assert data.encoding.by_word and data.encoding.symbols == ("one", "three", "two")
    assert "recognised by 3 words: each of 3 words is heard at least 10 times" in noted(data)
    assert data.encoding.text_of([2, 4, 1]) == "one two \ufffd"
    strange = data.encoding.targets(["one four", ""], ledger := Ledger())
    assert strange.tolist() == [[2, 1], [-100, -100]]
    assert "words that training lacks cannot be recognised (1)" in str(ledger.entries[0])


def test_other_names_of_columns(tmp_path: Path) -> None:
    data = read(folder(tmp_path, header="path,sentence"))
    assert "'sentence' holds what is said" in noted(data)
    assert len(data.train) + len(data.validation) + len(data.test) == 24


def test_a_table_without_a_header_or_suffixes(tmp_path: Path) -> None:
    lines = []
    for at in range(20):
        put(tmp_path / "wavs" / f"LJ-{at:03}.wav", tone(200 + 10 * at))
        lines.append(f"LJ-{at:03}|Sentence {'abcdefghijklmnopqrst'[at] * 3} said once.")
    (tmp_path / "metadata.csv").write_text("\n".join(lines), encoding="utf-8")
    data = read(tmp_path)
    assert "no header: its first row names a sound" in noted(data)
    texts = {text for split in data.splits().values() for _, text in split.raw}
    assert len(texts) == 20 and "sentence aaa said once" in texts


def test_rows_and_files_that_do_not_meet_are_counted(tmp_path: Path) -> None:
    folder(tmp_path)
    put(tmp_path / "wavs" / "unnamed.wav", tone(300))
    put(tmp_path / "wavs" / "damaged.wav", tone(300)).write_bytes(b"")
    with (tmp_path / "transcripts.csv").open("a", encoding="utf-8") as file:
        file.write("gone.wav,one\ns1.wav,\ndamaged.wav,one\n")
    said = noted(read(tmp_path))
    assert "files that are not there (1)" in said and "rows without words (1)" in said
    assert "sounds that transcripts.csv says nothing of (1)" in said
    assert "damaged.wav: the file is empty" in said


def test_a_table_for_each_split(tmp_path: Path) -> None:
    for split, rows in (("train", 30), ("test", 12)):
        folder(tmp_path / split, rows)
    data = read(tmp_path)
    assert len(data.test) == 12 and len(data.train) + len(data.validation) == 30
    assert {file.parent.parent.name for file, _ in data.test.raw} == {"test"}


def test_speakers_stay_together(tmp_path: Path) -> None:
    folder(tmp_path, 40)
    lines = (tmp_path / "transcripts.csv").read_text(encoding="utf-8").splitlines()
    spoken = [f"{line},{'speaker' if not at else f'p{at % 8}'}" for at, line in enumerate(lines)]
    (tmp_path / "transcripts.csv").write_text("\n".join(spoken), encoding="utf-8")
    data = read(tmp_path, group="speaker")
    said = [{(int(at) + 1) % 8 for at in split.rows} for split in data.splits().values()]
    assert not (said[0] & said[1] or said[0] & said[2] or said[1] & said[2])
    assert "rows of one 'speaker' together" in noted(data)
    with pytest.raises(UsageError, match=r"--group 'speakr' is no column.*'speaker'"):
        read(tmp_path, group="speakr")


def test_a_table_of_classes(tmp_path: Path) -> None:
    lines = ["file,fold,category"]
    for at in range(24):
        put(tmp_path / "audio" / f"{at}-x.wav", tone(200 + 10 * at))
        lines.append(f"{at}-x.wav,{at % 5},{'dog' if at % 2 else 'cat'}")
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "sounds.csv").write_text("\n".join(lines), encoding="utf-8")
    data = read(tmp_path)
    assert data.task.name == "audio-classification" and data.task.classes == ("cat", "dog")
    assert data.task.target == "category" and isinstance(data.encoding, AudioEncoding)
    assert read(tmp_path, target="fold").task.classes == ("0", "1", "2", "3", "4")
    spelled = read(tmp_path, task="speech-recognition")
    assert isinstance(spelled.encoding, SpeechEncoding)


def test_what_cannot_be_used(tmp_path: Path) -> None:
    folder(tmp_path)
    with pytest.raises(UsageError, match=r"--target 'txt' is no column.*'text'"):
        read(tmp_path, target="txt")
    with pytest.raises(UsageError, match="--task regression does not fit sounds and their words"):
        read(tmp_path, task="regression")
    with pytest.raises(DataError, match="has 4 sounds with words; at least 10"):
        read(folder(tmp_path / "few", 4))
    lone = folder(tmp_path / "lone")
    names = [f"s{at}.wav" for at in range(24)]
    (lone / "transcripts.csv").write_text("\n".join(["file", *names]), encoding="utf-8")
    with pytest.raises(DataError, match=r"no column beside 'file'"):
        read(lone)


def test_sounds_of_another_source(tmp_path: Path) -> None:
    data = read(folder(tmp_path / "a", 60))
    other = folder(tmp_path / "b", 12)
    rows = read_labelled(other, data.encoding, data.task, Ledger())
    assert len(rows) == 12 and rows.raw[3][1] == "one two"
    assert rows.targets[3].tolist() == [2, 4]
    assert read_rows(other, data.encoding, Ledger())[3].name == "s3.wav"
    assert locate(other / "wavs").kind == "flat-audio"
    assert len(read_rows(other / "wavs", data.encoding, Ledger())) == 12
    with pytest.raises(DataError, match="which says nothing of what is heard"):
        read_labelled(other / "wavs", data.encoding, data.task, Ledger())


def test_long_speech_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netwright.data.transcripts.LONGEST_SECONDS", 0.2)
    said = noted(read(folder(tmp_path)))
    assert "longer than 0 s, left out: cut them at pauses (3)" in said


def test_plain_text() -> None:
    assert plain_text("  It’s  FIVE_o'clock – really?! ") == "it's five o'clock really"
    assert plain_text("Ünï 42.") == "ünï 42"


def test_the_encoding_is_saved() -> None:
    sounds = AudioEncoding(rate=RATE, length=800)
    encoding = SpeechEncoding(sounds=sounds, symbols=("a", "b"), by_word=False)
    assert load_encoding(encoding.to_dict(), encoding.tensors()) == encoding
    (samples, lengths), kept = encoding.encode_some([(RATE, np.ones(900)), (RATE, np.ones(3))])
    assert samples.shape == (1, 900) and kept.tolist() == [0]
    assert torch.equal(lengths, torch.tensor([900]))


def test_texts_without_a_word_and_texts_too_long_for_their_sound_are_said(tmp_path: Path) -> None:
    root = folder(tmp_path)
    table = root / "transcripts.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    lines[3] = "s2.wav,..."
    lines[5] = "s4.wav," + "one two " * 9  # in 0.12 s
    table.write_text("\n".join(lines), encoding="utf-8")
    words = noted(read(root))
    assert "transcripts: without a word: read as silence (1)" in words
    assert "transcripts: more than 40 letters a second: they may be of another sound" in words
    encoding = read(root).encoding
    ledger = Ledger()
    rows = read_labelled(root, encoding, read(root).task, ledger)
    assert len(rows) == 24 and "without a word: read as silence (1)" in "".join(map(str, ledger))
    said = [line.partition(",")[0] + ",..." for line in lines[1:]]
    table.write_text("\n".join([lines[0], *said]), encoding="utf-8")
    with pytest.raises(DataError, match=r"No training sound of .* has a word in 'text'"):
        read(root, task="speech-recognition")
