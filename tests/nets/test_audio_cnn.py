"""The audio CNN: mel bands by hand, loudness and padding change nothing, it tells pitches apart."""

import math

import pytest
import torch

from netwright.nets._audio import (
    HideParts,
    LogMel,
    fitting_mels,
    hertz_to_mel,
    mel_filters,
    mel_to_hertz,
)
from netwright.nets.audio_cnn import AudioCNN

SMALL = {"outputs": 3, "sample_rate": 4000, "num_mels": 16, "channels": [4, 8]}


def tone(hertz: float, samples: int = 800, rate: int = 4000) -> torch.Tensor:
    return torch.sin(2 * math.pi * hertz * torch.arange(samples) / rate)


@pytest.mark.parametrize("options", [{}, {"norm": "rms", "activation": "silu"}, {"norm": "none"}])
def test_shape_gradient_and_one_batch(check, rng, options) -> None:
    net = check.build("audio-cnn", SMALL | options)
    waveforms = torch.randn(6, 800, generator=rng)
    assert net(waveforms).shape == (6, 3)
    check.gradient_reaches_every_parameter(net, (waveforms,))
    check.overfits(net, (waveforms,), torch.arange(6) % 3, lr=2e-2, below=0.2)


def test_the_mel_scale_by_hand() -> None:
    # 2595 log10(1 + 700/700) = 2595 * 0.30103; 1 + 6300/700 = 10.
    assert hertz_to_mel(0) == 0
    assert hertz_to_mel(700) == pytest.approx(781.173, abs=1e-3)
    assert hertz_to_mel(6300) == pytest.approx(2595)
    assert hertz_to_mel(1000) == pytest.approx(999.99, abs=0.01)
    assert mel_to_hertz(2595) == pytest.approx(6300)


def test_the_filters_are_triangles_between_equal_steps_of_mel() -> None:
    # 12600 samples a second: the top, 6300 Hz, is 2595 mel. Two bands: points at thirds of it,
    # 700 (10^(1/3) - 1) = 808.1 Hz and 700 (10^(2/3) - 1) = 2549.1 Hz.
    filters = mel_filters(2, n_fft=126, sample_rate=12_600)  # frequencies 100 Hz apart
    assert filters.shape == (2, 64)
    low, high = 808.104, 2549.111
    assert filters[0, 0] == 0 and filters[1, 8] == 0 and filters[1, 63] < 1e-6
    assert filters[0, 4].item() == pytest.approx(400 / low, abs=1e-4)
    assert filters[0, 10].item() == pytest.approx((high - 1000) / (high - low), abs=1e-4)
    assert filters[1, 10].item() == pytest.approx((1000 - low) / (high - low), abs=1e-4)
    assert filters[1, 40].item() == pytest.approx((6300 - 4000) / (6300 - high), abs=1e-4)
    # Between the two centres both bands share a frequency out.
    torch.testing.assert_close(filters[:, 9:26].sum(0), torch.ones(17))


def test_a_tone_is_loudest_in_the_band_of_its_pitch() -> None:
    layer = LogMel(sample_rate=4000, num_mels=20)
    step = hertz_to_mel(2000) / 21
    for hertz in (300, 700, 1500):
        mel, real = layer(tone(hertz)[None])
        assert real is None
        assert mel.shape == (1, 20, 1 + 800 // 40)
        loudest = mel[0, :, 5:15].mean(1).argmax().item()
        assert abs((loudest + 1) * step - hertz_to_mel(hertz)) < step


def test_how_loud_it_was_recorded_changes_nothing(rng) -> None:
    net = AudioCNN(**SMALL).eval()
    waveforms = torch.randn(2, 600, generator=rng)
    torch.testing.assert_close(net(0.01 * waveforms), net(waveforms), rtol=1e-3, atol=1e-4)
    assert torch.isfinite(net(torch.zeros(1, 600))).all()


@pytest.mark.parametrize("norm", ["batch", "rms", "none"])
def test_padding_changes_nothing_whatever_it_holds(norm, rng) -> None:
    torch.manual_seed(0)
    net = AudioCNN(**SMALL, norm=norm).eval()
    lengths = torch.tensor([700, 433, 39, 0])
    waveforms = torch.randn(4, 900, generator=rng)
    together = net(waveforms, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = net(waveforms[row : row + 1, :length])
        torch.testing.assert_close(together[row : row + 1], alone, rtol=1e-4, atol=1e-5)


def test_parts_are_hidden_in_training_alone() -> None:
    torch.manual_seed(0)
    hide = HideParts(time=0.5, bands=0.5)
    mel, counts = torch.ones(400, 10, 40), torch.full((400,), 40)
    counts[200:] = 20
    real = torch.arange(40) < counts[:, None]
    assert hide.eval()(mel, real) is mel and HideParts().train()(mel) is mel
    hidden = hide.train()(mel, real) == 0
    frames, bands = hidden.all(1).sum(1), hidden.all(2).sum(1)
    assert 18 <= frames[:200].max() <= 21 and 8 <= frames[200:].max() <= 11  # half of the real ones
    assert 4 <= bands.max() <= 6 and frames.min() == 0
    assert not hidden.all(1)[200:, 20:].any()
    with pytest.raises(ValueError, match=r"band_mask is 1.0; expected a share"):
        HideParts(bands=1.0)


@pytest.mark.parametrize(("rate", "most"), [(16_000, 40), (8_000, 40), (4_000, 40), (1_000, 8)])
def test_bands_fit_the_rate(rate: int, most: int) -> None:
    num_mels = fitting_mels(rate, most=most)
    assert 1 <= num_mels <= most and (num_mels == 40 or rate < 16_000)
    assert LogMel(sample_rate=rate, num_mels=num_mels)(torch.zeros(1, rate))[0].isfinite().all()


def test_what_is_learned_is_saved_and_nothing_else() -> None:
    assert not [name for name in AudioCNN(**SMALL).state_dict() if name.startswith("log_mel")]


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="num_mels is 200, but the lowest bands hold none"):
        AudioCNN(**(SMALL | {"num_mels": 200}))
    with pytest.raises(ValueError, match="norm is 'layer'"):
        AudioCNN(**SMALL, norm="layer")
