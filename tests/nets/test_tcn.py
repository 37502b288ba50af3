"""The temporal convolutional net: causal, as far back as it says, padding ignored."""

import pytest
import torch

from netwright.nets.tcn import TCN

SIZES = {"outputs": 3, "channels": 8, "depth": 3}


@pytest.mark.parametrize("pool", ["last", "mean", "max"])
def test_shape_gradient_and_one_batch(check, rng, pool) -> None:
    net = check.build("tcn", SIZES | {"in_channels": 2, "pool": pool})
    series = torch.randn(6, 9, 2, generator=rng)
    assert net(series).shape == (6, 3)
    check.gradient_reaches_every_parameter(net, (series,))
    check.overfits(net, (series,), torch.arange(6) % 3, lr=2e-2)


def test_it_sees_the_past_alone_and_as_far_as_it_says(rng) -> None:
    net = TCN(**SIZES, in_channels=2, pool="none", activation="tanh").double().eval()
    series = torch.randn(1, 40, 2, generator=rng, dtype=torch.float64, requires_grad=True)
    outputs = net(series)
    (gradient,) = torch.autograd.grad(outputs[0, 35].sum(), series)
    seen = gradient[0].abs().sum(1).nonzero().flatten().tolist()
    assert net.receptive_field == 29
    assert seen == list(range(35 - 28, 36))


def test_a_convolution_by_hand(rng) -> None:
    net = TCN(outputs=1, in_channels=1, channels=1, depth=2, norm="none")
    conv = net.blocks[1].branch[0]  # dilation 2
    x = torch.randn(1, 1, 8, generator=rng)
    past = torch.cat([torch.zeros(4), x[0, 0]])
    by_hand = [
        sum(conv.weight[0, 0, k] * past[t + 2 * k] for k in range(3)) + conv.bias[0]
        for t in range(8)
    ]
    torch.testing.assert_close(conv(x)[0, 0], torch.stack(by_hand))


@pytest.mark.parametrize("pool", ["last", "mean", "max"])
def test_padding_changes_nothing(check, pool) -> None:
    net = check.build("tcn", SIZES | {"vocab": 9, "width": 4, "pool": pool}).eval()
    short, padded = torch.tensor([[5, 3, 8]]), torch.tensor([[5, 3, 8, 0, 0], [1, 2, 3, 4, 5]])
    torch.testing.assert_close(net(padded)[:1], net(short))
    assert net(torch.zeros(2, 5, dtype=torch.int64)).isfinite().all()


def test_norms_that_mix_steps_are_refused() -> None:
    with pytest.raises(ValueError, match=r"norm is 'layer'. Expected one of: rms, none"):
        TCN(**SIZES, in_channels=2, norm="layer")
