"""The speech recogniser: what comes after a row's end changes nothing; symbols are collapsed."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.ctc import CTC, collapse, real_frames

SIZES = {"outputs": 4, "in_channels": 3, "channels": 8, "kernel_size": 3, "hidden_size": 8}


@pytest.mark.parametrize("norm", ["rms", "none"])
@pytest.mark.parametrize("strides", [(2, 1), (2, 2), (3,), ()])
def test_rows_of_unequal_lengths_answer_as_if_alone(rng, strides, norm) -> None:
    net = CTC(**SIZES, strides=strides, norm=norm).eval()
    series = 9 * torch.randn(3, 13, 3, generator=rng)
    lengths = torch.tensor([13, 7, 0])
    outputs, frames = net(series, lengths), net.frames(lengths).tolist()
    assert outputs.shape == (3, frames[0], 4) and outputs.isfinite().all()
    assert frames[2] == 0
    for row in (0, 1):
        alone = net(series[row : row + 1, : lengths[row]])
        assert alone.shape[1] == frames[row]
        torch.testing.assert_close(outputs[row : row + 1, : frames[row]], alone)


def test_gradient_and_one_batch(check, rng) -> None:
    net = check.build("ctc", SIZES | {"dropout": 0.0, "activation": "gelu"})
    series, lengths = torch.randn(3, 12, 3, generator=rng), torch.tensor([12, 9, 12])
    check.gradient_reaches_every_parameter(net, (series, lengths))
    targets = torch.tensor([[1, 2, 0], [3, 0, 0], [2, 2, 1]])

    def loss(outputs, targets):
        scores = outputs.log_softmax(2).transpose(0, 1)
        return F.ctc_loss(scores, targets, net.frames(lengths), torch.tensor([2, 1, 3]))

    check.overfits(net, (series, lengths), targets, loss=loss, lr=2e-2)
    told = collapse(net(series, lengths).argmax(2), net.frames(lengths))
    assert told == [[1, 2], [3], [2, 2, 1]]


def test_waveforms_of_unequal_lengths_answer_as_if_alone(rng) -> None:
    sizes = {"outputs": 4, "sample_rate": 4_000, "num_mels": 8, "channels": 8, "hidden_size": 8}
    net = CTC(**sizes).eval()
    waves, lengths = torch.randn(3, 1_200, generator=rng), torch.tensor([1_200, 700, 0])
    outputs, frames = net(waves, lengths), net.frames(lengths)
    assert outputs.shape == (3, int(frames[0]), 4) and real_frames(outputs).equal(frames)
    for row in (0, 1):
        alone = net(waves[row : row + 1, : lengths[row]])
        torch.testing.assert_close(
            outputs[row : row + 1, : frames[row]], alone, rtol=1e-4, atol=1e-5
        )
    over = outputs.softmax(2)[1, frames[1] :]
    assert over[:, 0].eq(1).all() and over[:, 1:].max() < 1e-40


def test_collapse_by_hand() -> None:
    symbols = torch.tensor([[0, 1, 1, 0, 1, 2, 2], [3, 3, 3, 3, 0, 0, 0], [0] * 7])
    assert collapse(symbols) == [[1, 1, 2], [3], []]
    assert collapse(symbols, torch.tensor([3, 7, 0])) == [[1], [3], []]
    assert collapse(symbols, blank=3) == [[0, 1, 0, 1, 2], [0], [0]]


def test_a_whole_row_by_hand(rng) -> None:
    net = CTC(**SIZES, strides=[2]).eval()
    series = torch.randn(2, 9, 3, generator=rng)
    conv = net.convs[0]
    x = F.conv1d(series.transpose(1, 2), conv.weight, conv.bias, stride=2, padding=1)
    x = F.rms_norm(x.transpose(1, 2), (8,), eps=1e-6).relu()  # each frame alone
    states, _ = net.rnn(x)
    torch.testing.assert_close(net(series), states @ net.output.weight.t() + net.output.bias)


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"kernel_size is 4; .* Give 3 or 5"):
        CTC(**SIZES | {"kernel_size": 4})
    with pytest.raises(ValueError, match=r"series\.unsqueeze\(0\)"):
        CTC(**SIZES)(torch.zeros(12, 3))
    with pytest.raises(ValueError, match=r"in_channels is 3 and sample_rate is 4000; .* one of"):
        CTC(**SIZES, sample_rate=4_000)
    with pytest.raises(ValueError, match=r"waveforms of shape \(batch, samples\)"):
        CTC(**SIZES | {"in_channels": 0}, sample_rate=4_000, num_mels=8)(torch.zeros(1, 12, 3))
    with pytest.raises(ValueError, match="norm is 'batch'"):
        CTC(**SIZES, norm="batch")
