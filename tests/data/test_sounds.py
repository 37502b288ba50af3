"""Folders of WAV files become Data: one rate, one channel, lengths kept; what cannot be read is
named."""

from pathlib import Path

import numpy as np
import pytest
import torch

from netwright.data.encodings import load_encoding
from netwright.data.ledger import Ledger
from netwright.data.read import read
from netwright.data.samples import read_samples
from netwright.data.sound_encoding import AudioEncoding, hear
from netwright.data.sources import locate
from netwright.errors import DataError, UsageError
from sound_files import RATE, put, tone, wav


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve tones each of two pitches, of unequal lengths, some at another rate."""
    rng = np.random.default_rng(0)
    for name, hertz in (("low", 300), ("high", 1_100)):
        for number in range(12):
            rate = 2 * RATE if number % 4 == 3 else RATE
            seconds = 0.06 + 0.01 * number
            samples = tone(hertz, seconds, rate=rate)
            put(
                tmp_path / name / f"{number}.wav",
                samples + 0.01 * rng.normal(size=len(samples)),
                rate=rate,
            )
    return tmp_path


def noted(data) -> str:
    return "\n".join(str(entry) for entry in data.ledger)


def test_class_folders_of_sounds(folder: Path) -> None:
    data = read(folder)
    assert (data.kind, data.task.name, data.task.form) == (
        "audio",
        "audio-classification",
        "binary",
    )
    assert data.encoding.shapes() == {"sample_rate": RATE, "length": data.encoding.length}
    said = noted(data)
    assert "resampled from 8,000 to 4,000 samples a second (6)" in said
    assert "4,000 samples a second: as most of the files" in said
    samples, lengths = data.train.inputs
    assert samples.dtype == torch.int16 and samples.shape[1] == data.encoding.length
    for row, length in zip(samples, lengths.tolist(), strict=True):
        assert length >= RATE * 0.06
        assert row[length:].eq(0).all() and row.abs().max() > 30_000


def test_what_cannot_be_read_is_left_out_and_named(folder: Path) -> None:
    (folder / "low" / "empty.wav").write_bytes(b"")
    (folder / "high" / "song.mp3").write_bytes(b"ID3" + bytes(60))
    (folder / "high" / "click.wav").write_bytes(wav(tone(300, 0.01)))
    put(folder / "low" / "both.wav", np.stack([tone(300), tone(310)], 1))
    said = noted(read(folder))
    assert "low/empty.wav: the file is empty" in said
    assert "high/song.mp3: it is no WAV file but another format of sound" in said
    assert "high/click.wav: it lasts 0.010 s" in said
    assert "channels averaged into one (1)" in said


def test_folders_of_splits_are_kept(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("divided")
    for split in ("train", "test"):
        for name in ("low", "high"):
            for file in sorted((folder / name).iterdir())[split == "test" :: 2]:
                put(root / split / name / file.name, tone(300 if name == "low" else 900, 0.1))
    (root / "test" / "low" / "bad.wav").write_bytes(b"")
    data = read(root)
    assert len(data.test) == 12 and len(data.train) + len(data.validation) == 12
    assert "sounds that are also among the training ones (12)" in noted(data)


def test_sources_that_cannot_be_used(tmp_path: Path, folder: Path) -> None:
    for name in ("dog", "cat"):
        (tmp_path / "bad" / name).mkdir(parents=True)
        (tmp_path / "bad" / name / "one.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt ")
    with pytest.raises(
        DataError, match=r"None of the 2 sounds in bad can be used: cat/one.wav: it"
    ):
        read(tmp_path / "bad")
    for split in ("train", "test"):
        put(tmp_path / "alone" / split / "dog" / "1.wav", tone(300))
    with pytest.raises(DataError, match="has 1 class folder of sounds"):
        read(tmp_path / "alone")
    with pytest.raises(UsageError, match="--task generation is for tables and pictures"):
        read(folder, task="generation")
    with pytest.raises(UsageError, match="--target 'x' names a column"):
        read(folder, target="x")


def test_more_than_memory_allows_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netwright.data.sounds.data_budget", lambda: 1_000)
    with pytest.raises(DataError, match=r"24 sounds of .* where 0 MB are allowed"):
        read(folder)
    monkeypatch.undo()
    monkeypatch.setattr("netwright.data.sound_encoding.data_budget", lambda: 1_000)
    with pytest.raises(DataError, match=r"sounds of up to 0.2 s take 0 MB"):
        read(folder)


def test_padding_is_no_part_of_a_sound() -> None:
    encoding = AudioEncoding(rate=RATE, length=1_000)
    rows = [(RATE, tone(300, 0.1)), (RATE, tone(300, 0.4))]
    stored = encoding.encode(rows)
    waves, lengths = encoding.prepare(stored)
    assert waves.shape == (2, 1_600) and lengths.tolist() == [400, 1_600]
    alone, length = encoding.prepare(tuple(x[:1] for x in stored))
    assert alone.shape == (1, 400) and length.tolist() == [400]
    torch.testing.assert_close(waves[:1, :400], alone)


def test_a_long_sound_loses_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netwright.data.sound_encoding.LONGEST_SECONDS", 0.1)
    ledger = Ledger()
    samples, lengths = AudioEncoding(rate=RATE, length=100).encode([(RATE, tone(300, 0.4))], ledger)
    assert samples.shape == (1, 400) and lengths.tolist() == [400]
    assert "longer than 0 s, end cut off (1)" in str(ledger.entries[-1])


def test_silence_is_kept_and_said() -> None:
    ledger, raw = Ledger(), [(RATE, np.zeros(800))]
    hear(raw).note(raw, ledger)
    assert "are silence throughout" in str(ledger.entries[0])
    (samples, _) = AudioEncoding(rate=RATE, length=800).encode(raw)
    assert samples.eq(0).all()


def test_rows_that_cannot_be_read_are_named_or_left_out(tmp_path: Path) -> None:
    raw = [put(tmp_path / "good.wav", tone(300)), tmp_path / "bad.wav"]
    raw[1].write_bytes(b"")
    encoding = AudioEncoding(rate=RATE, length=800)
    with pytest.raises(DataError, match=r"1 of 2 sounds cannot be read: .*bad.wav \(the file is"):
        encoding.encode(raw)
    (samples, _), kept = encoding.encode_some(raw)
    assert len(samples) == 1 and kept.tolist() == [0]


def test_the_encoding_is_saved() -> None:
    encoding = AudioEncoding(rate=RATE, length=800)
    assert load_encoding(encoding.to_dict(), encoding.tensors()) == encoding


def test_files_to_predict(folder: Path) -> None:
    one = locate(folder / "low" / "3.wav")
    assert one.kind == "flat-audio"
    assert read_samples(one, "audio", Ledger()) == ([folder / "low" / "3.wav"], None)
    several, labels = read_samples(locate(folder / "low"), "audio", Ledger())
    assert len(several) == 12 and labels is None
    assert read_samples(locate(folder), "audio", Ledger())[1].count("low") == 12
