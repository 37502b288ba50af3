"""The Vision Transformer: patches by hand, what it does and does not know of places, errors."""

import pytest
import torch

from netwright.nets.vision_transformer import VisionTransformer, sines_of

SMALL = {
    "in_channels": 2, "height": 8, "width": 12, "outputs": 3, "patch": 4,
    "embed_dim": 16, "depth": 2, "num_heads": 2,
}  # fmt: skip


def patches_swapped(images: torch.Tensor) -> torch.Tensor:
    """The same picture with its left patches (4 pixels wide) and its right ones exchanged."""
    return torch.cat([images[..., 8:], images[..., 4:8], images[..., :4]], -1)


@pytest.mark.parametrize(
    "options",
    [{}, {"pool": "mean", "positions": "sines"}, {"positions": "none"}],
)
def test_shape_gradient_and_one_batch(check, rng, options) -> None:
    net = check.build("vision-transformer", SMALL | options)
    images = torch.randn(6, 2, 8, 12, generator=rng)
    assert net(images).shape == (6, 3)
    check.gradient_reaches_every_parameter(net, (images,))
    check.overfits(net, (images,), torch.arange(6) % 3, lr=3e-3)


def test_patches_and_positions_by_hand(rng) -> None:
    net = VisionTransformer(**SMALL)
    torch.nn.init.normal_(net.token)
    images = torch.randn(1, 2, 8, 12, generator=rng)
    tokens = net.embed(images)[0]
    assert tokens.shape == (1 + 2 * 3, 16)
    assert torch.equal(tokens[0], net.token)
    patch = images[0, :, 4:8, 8:12]  # row 1, column 2: the last of six
    expected = net.enter.weight.flatten(1) @ patch.flatten() + net.enter.bias + net.positions[5]
    torch.testing.assert_close(tokens[6], expected)


@pytest.mark.parametrize("pool", ["token", "mean"])
def test_without_positions_the_order_of_patches_is_unknown(pool, rng) -> None:
    images = torch.randn(2, 2, 8, 12, generator=rng)
    for positions in ("none", "sines", "learned"):
        torch.manual_seed(0)
        net = VisionTransformer(**SMALL, positions=positions, pool=pool).eval()
        for p in net.blocks.parameters():
            torch.nn.init.normal_(p, std=0.3)
        same = torch.allclose(net(images), net(patches_swapped(images)), atol=1e-5)
        assert same == (positions == "none")


def test_sines_tell_every_place_apart_and_hold_nothing_to_learn() -> None:
    sines = sines_of(7, 5, 16)
    assert sines.shape == (35, 16)
    assert torch.cdist(sines, sines).fill_diagonal_(1).min() > 0.3
    torch.testing.assert_close(sines[5 * 2 + 3, 0], torch.tensor(3.0).sin())
    torch.testing.assert_close(sines[5 * 2 + 3, 8], torch.tensor(2.0).sin())
    net = VisionTransformer(**SMALL, positions="sines")
    assert not [name for name in net.state_dict() if "sines" in name or "positions" in name]


def test_a_picture_that_is_no_multiple_of_the_patch_is_filled_up_with_zeros(rng) -> None:
    net = VisionTransformer(**(SMALL | {"height": 7, "width": 9})).eval()
    images = torch.randn(2, 2, 7, 9, generator=rng)
    full = VisionTransformer(**SMALL).eval()
    full.load_state_dict(net.state_dict())
    torch.testing.assert_close(net(images), full(torch.nn.functional.pad(images, (0, 3, 0, 1))))


def test_large_pictures_get_larger_patches() -> None:
    shape = {"in_channels": 1, "outputs": 2, "embed_dim": 8, "num_heads": 2}
    assert VisionTransformer(**shape, height=28, width=28).patch == 4
    assert VisionTransformer(**shape, height=224, width=224).patch == 16


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="8x8, but positions were made for 8x12"):
        VisionTransformer(**SMALL)(torch.zeros(1, 2, 8, 8))
    with pytest.raises(ValueError, match="Give embed_dim: 12"):
        sines_of(2, 2, 10)
    with pytest.raises(ValueError, match="Did you mean 'token'"):
        VisionTransformer(**SMALL, pool="tokens")
