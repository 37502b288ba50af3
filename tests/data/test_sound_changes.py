"""Changes of sounds keep silence after a sound's end, are drawn anew and change what they say."""

import pytest
import torch

from netwright.data.augment import augment
from netwright.data.sound_changes import SOUND_CHANGES
from netwright.errors import UsageError
from sound_files import tone


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    samples = torch.zeros(3, 900, dtype=torch.int16)
    lengths = torch.tensor([800, 500, 120])
    for row, length in zip(samples, lengths.tolist(), strict=True):
        row[:length] = torch.from_numpy(60_000 * tone(300, length / 4_000)).to(torch.int16)
    return samples, lengths


@pytest.mark.parametrize("name", SOUND_CHANGES)
@pytest.mark.parametrize("strength", [1.0, 3.0])
def test_after_the_end_there_is_silence(name: str, strength: float, rng: torch.Generator) -> None:
    given, before = batch()
    samples, lengths = augment((given, before), "audio", [name], rng, strength=strength)
    for row, length, old in zip(samples, lengths.tolist(), before.tolist(), strict=True):
        assert row[length:].eq(0).all()
        assert (length == old) == (name != "speed")
        assert abs(length / old - 1) < 0.12 * strength**2
    assert not torch.equal(samples[:, :120], given[:, :120].float())
    assert given.equal(batch()[0])  # what is stored stays


def test_noise_is_as_far_below_the_sound_as_said(rng: torch.Generator) -> None:
    given, lengths = batch()
    samples, _ = augment((given, lengths), "audio", ["noise"], rng)
    noise = samples - given[:, :800]
    for row in range(3):
        own = given[row, : lengths[row]].float().square().mean()
        ratio = 10 * torch.log10(own / noise[row, : lengths[row]].square().mean())
        assert 9 < ratio < 41


def test_a_shift_moves_whole_sounds(rng: torch.Generator) -> None:
    samples = torch.zeros(200, 100, dtype=torch.int16)
    samples[:, 50] = 7
    moved, _ = augment((samples, torch.full((200,), 100)), "audio", ["shift"], rng)
    places = moved.argmax(1)
    assert moved.sum(1).eq(7).all() and 40 < places.min() < 45 and 55 < places.max() < 60


def test_speed_moves_the_pitch(rng: torch.Generator) -> None:
    samples = torch.from_numpy(tone(300, 1.0))[None].repeat(50, 1)
    lengths = torch.full((50,), 4_000)
    faster, longer = augment((samples, lengths), "audio", ["speed"], rng)
    for row, length in zip(faster, longer.tolist(), strict=True):
        crossings = (row[:length].sign().diff() != 0).sum().item()
        assert crossings == pytest.approx(600, abs=4)  # as many waves in another time
    assert longer.min() < 3_800 and longer.max() > 4_200


def test_names_and_no_strength(rng: torch.Generator) -> None:
    with pytest.raises(UsageError, match=r"audio data has no augmentation 'nois'.*'noise'"):
        augment(batch(), "audio", ["nois"], rng)
    given = batch()
    assert augment(given, "audio", ["noise"], rng, strength=0)[0] is given[0]
