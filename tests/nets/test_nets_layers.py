"""The shared pieces: names, equal results to torch's layers, errors that can be acted on."""

import pytest
import torch

from netwright.nets._layers import (
    ACTIVATIONS,
    MONOTONE,
    ChannelRMSNorm,
    activation_layer,
    channel_norm,
    groups_of,
    norm_layer,
)


def test_monotone_activations_commute_with_max_pooling_and_the_others_do_not() -> None:
    x = torch.linspace(-4, 4, 1001).view(1, 1, 1001)
    pool = torch.nn.MaxPool1d(2)
    for name in ACTIVATIONS:
        act = activation_layer(name)
        if isinstance(act, torch.nn.PReLU):
            torch.nn.init.constant_(act.weight, -0.5)  # its slope may turn, so it is not monotone
        # The last numbers of a row are computed one by one, and may be rounded otherwise.
        equal = torch.allclose(pool(act(x)), act(pool(x)), rtol=1e-6, atol=1e-7)
        assert equal == (name in MONOTONE), name


def test_every_activation_by_name_keeps_shapes_and_softmax_adds_up_over_its_axis() -> None:
    x = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    for name in ACTIVATIONS:
        assert activation_layer(name)(x).shape == x.shape
    torch.testing.assert_close(activation_layer("softmax", axis=1)(x).sum(1), torch.ones(2, 4, 5))
    torch.testing.assert_close(activation_layer("softmax")(x).sum(-1), torch.ones(2, 3, 4))


def test_step_fires_from_zero_on_and_passes_no_gradient() -> None:
    x = torch.tensor([-3.0, -1e-30, 0.0, 1e-30, torch.inf], requires_grad=True)
    y = activation_layer("step")(x)
    assert y.tolist() == [0, 0, 1, 1, 1]
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [0, 0, 0, 0, 0]


def test_a_mistyped_activation_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="Did you mean 'leaky-relu'"):
        activation_layer("leaky_relu")


def test_channel_rms_norm_is_torchs_rms_norm_over_the_channel_axis() -> None:
    x = torch.randn(2, 6, 5, 5, generator=torch.Generator().manual_seed(0))
    expected = torch.nn.functional.rms_norm(x.movedim(1, -1), (6,), eps=1e-6).movedim(-1, 1)
    torch.testing.assert_close(ChannelRMSNorm(6)(x), expected)


@pytest.mark.parametrize("name", ["batch", "layer", "group", "rms"])
def test_every_norm_brings_a_shifted_and_scaled_input_to_unit_scale(name: str) -> None:
    x = 7 * torch.randn(64, 16, 4, 4, generator=torch.Generator().manual_seed(0))
    assert 0.9 < channel_norm(name, 16, dims=2)(x).std() < 1.1
    assert 0.9 < norm_layer(name, 16)(x[:, :, 0, 0]).std() < 1.1


def test_groups_divide_the_features() -> None:
    assert [groups_of(n) for n in (1, 6, 16, 64, 512)] == [1, 1, 4, 16, 32]
