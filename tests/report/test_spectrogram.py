"""A sound's picture: high tones above, what comes first to the left, the louder the darker."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from netwright.report.spectrogram import HEIGHT, WIDTH, draw_spectrogram
from sound_files import tone


@pytest.mark.parametrize("rate", [4_000, 16_000])
def test_a_low_tone_then_a_high_one(rate: int) -> None:
    parts = [tone(hertz * rate / 4_000, 0.2, rate=rate) for hertz in (200, 1_500)]
    samples = torch.from_numpy(20_000 * np.concatenate(parts)).to(torch.int16)
    padded = torch.nn.functional.pad(samples, (0, 999))
    drawn = draw_spectrogram(padded, torch.tensor(len(samples)), rate=rate)
    pixels = np.asarray(Image.open(io.BytesIO(drawn)))
    assert pixels.shape == (HEIGHT, WIDTH)
    first, second = pixels[:, WIDTH // 4].argmin(), pixels[:, 3 * WIDTH // 4].argmin()
    assert first > HEIGHT * 0.6 and second < HEIGHT * 0.4


def test_silence_is_drawn() -> None:
    assert draw_spectrogram(torch.zeros(800, dtype=torch.int16), torch.tensor(800), rate=4_000)
