"""WAV files of every common kind become the same sound; damaged ones say why."""

import struct
from pathlib import Path

import numpy as np
import pytest

from netwright.data.formats.wav import Unheard, read_wav, resample
from sound_files import RATE, tone, wav


@pytest.mark.parametrize(
    ("bits", "real", "near"),
    [(8, False, 0.02), (16, False, 1e-4), (24, False, 1e-6), (32, False, 1e-6), (32, True, 1e-6),
     (64, True, 1e-6)],
)  # fmt: skip
def test_every_way_to_store_a_sound(bits: int, real: bool, near: float, tmp_path: Path) -> None:
    expected = tone(440) / np.abs(tone(440)).max()
    path = tmp_path / "a.wav"
    path.write_bytes(wav(tone(440), bits=bits, real=real))
    sound = read_wav(path)
    assert (sound.rate, sound.channels, sound.ends_early) == (RATE, 1, False)
    np.testing.assert_allclose(sound.samples, expected, atol=near)


def test_channels_become_their_mean(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(np.stack([tone(440), np.zeros_like(tone(440))], 1)))
    sound = read_wav(path)
    assert sound.channels == 2
    np.testing.assert_allclose(sound.samples, tone(440) / np.abs(tone(440)).max(), atol=1e-4)


WHOLE = wav(tone(440))


def changed(at: int, value: bytes) -> bytes:
    return WHOLE[:at] + value + WHOLE[at + len(value) :]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"hello " * 50, "no WAV file but text; convert"),
        (b"fLaC" + bytes(50), "another format of sound"),
        (WHOLE[:30], "damaged"),
        (WHOLE[:44], "lasts 0.000 s"),
        (wav(tone(440, 0.02)), "lasts 0.020 s; at least 0.025"),
        (changed(20, struct.pack("<H", 7)), "coded in a way not known here: .*MULAW"),
        (changed(22, struct.pack("<H", 0)), "damaged"),
        (wav(np.full(400, np.nan), bits=32, real=True), "no finite numbers"),
    ],
)
def test_what_cannot_be_used_says_why(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(Unheard, match=words):
        read_wav(tmp_path / "a.wav")


def test_a_file_that_ends_early_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(WHOLE[:1000])
    sound = read_wav(tmp_path / "a.wav")
    assert sound.ends_early and len(sound.samples) == (1000 - 44) // 2


@pytest.mark.parametrize(("rate", "to"), [(44_100, 16_000), (8_000, 16_000), (22_050, 8_000)])
def test_a_tone_is_the_same_at_another_rate(rate: int, to: int) -> None:
    found = resample(tone(440, 0.5, rate=rate).astype(np.float32), rate, to)
    expected = tone(440, 0.5, rate=to)
    assert len(found) == len(expected)
    middle = slice(to // 10, -to // 10)  # the ends ring
    np.testing.assert_allclose(found[middle], expected[middle], atol=5e-3)


def test_what_the_lower_rate_cannot_hold_is_left_out() -> None:
    found = resample(tone(3_500, 0.5, rate=16_000).astype(np.float32), 16_000, 4_000)
    assert np.abs(found[400:-400]).max() < 0.01
