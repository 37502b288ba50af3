"""EfficientNet: the published numbers of weights, its block by hand, small pictures, drop path."""

import pytest
import torch

from netwright.nets.efficientnet import B0, EfficientNet, MBConv, _strides, compound_scaling

STAGES = [[1, 3, 1, 8, 1], [4, 3, 2, 16, 2], [4, 5, 2, 24, 1]]
SMALL = {"in_channels": 2, "height": 9, "width": 8, "outputs": 3, "stages": STAGES}


@pytest.mark.parametrize("options", [{}, {"norm": "group", "activation": "relu"}, {"norm": "none"}])
def test_shape_gradient_and_one_batch(check, rng, options) -> None:
    net = check.build("efficientnet", SMALL | {"width_factor": 0.5} | options)
    images = torch.randn(6, 2, 9, 8, generator=rng)
    assert net(images).shape == (6, 3)
    check.gradient_reaches_every_parameter(net, (images,))
    check.overfits(net, (images,), torch.arange(6) % 3, lr=1e-2, steps=80, below=0.2)


@pytest.mark.parametrize(
    ("width_factor", "depth_factor", "size"),
    [(1.0, 1.0, 5_288_548), (1.1, 1.2, 9_109_994)],  # B0, B2
)
def test_it_has_as_many_weights_as_published(width_factor, depth_factor, size) -> None:
    with torch.device("meta"):
        net = EfficientNet(
            in_channels=3, height=224, width=224, outputs=1000,
            width_factor=width_factor, depth_factor=depth_factor,
        )  # fmt: skip
    assert sum(p.numel() for p in net.parameters()) == size


def test_the_block_by_hand_and_how_much_cheaper_it_mixes(rng) -> None:
    block = MBConv(4, 4, expansion=2, kernel_size=3).eval()
    x = torch.randn(2, 4, 5, 5, generator=rng)
    expand, norm1, _, depthwise, norm2, _, squeeze, project, norm3 = block.branch
    y = torch.nn.functional.silu(norm1(expand(x)))
    y = torch.nn.functional.silu(norm2(depthwise(y)))
    gate = torch.sigmoid(squeeze.gate(y.mean((2, 3))))[:, :, None, None]
    torch.testing.assert_close(block(x), x + norm3(project(y * gate)))
    assert depthwise.weight.shape == (8, 1, 3, 3)


def test_a_block_that_changes_its_shape_adds_nothing() -> None:
    assert MBConv(4, 4, expansion=1, kernel_size=3).adds
    assert not MBConv(4, 4, expansion=1, kernel_size=3, stride=2).adds
    assert not MBConv(4, 8, expansion=1, kernel_size=3).adds


@pytest.mark.parametrize(
    ("side", "halvings"), [(1, 0), (8, 1), (28, 2), (32, 3), (64, 4), (224, 5)]
)
def test_small_pictures_skip_the_first_halvings(side, halvings) -> None:
    strides = [2, *(stage[2] for stage in B0)]
    kept = _strides(strides, side)
    assert sum(stride == 2 for stride in kept) == halvings
    assert kept[6] == (2 if halvings else 1)  # the last halving goes last


def test_paths_are_dropped_row_by_row_in_training_alone(rng) -> None:
    torch.manual_seed(0)
    block = MBConv(4, 4, expansion=1, kernel_size=3, norm="none", drop_path=0.5)
    x = torch.randn(200, 4, 3, 3, generator=rng)
    changed = (block(x) - x).flatten(1).abs().amax(1) > 1e-6
    assert 0.3 < changed.float().mean() < 0.7
    branch = block.eval()(x) - x
    block.train()
    again = block(x) - x
    kept = again.flatten(1).abs().amax(1) > 1e-6
    torch.testing.assert_close(again[kept], 2 * branch[kept], rtol=1e-3, atol=1e-5)


def test_compound_scaling_doubles_the_work() -> None:
    depth, width, side = compound_scaling(1)
    assert depth * width**2 * side**2 == pytest.approx(2, abs=0.1)
    assert compound_scaling(0) == (1, 1, 1)


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"stages\[0\] is \[1, 3\]; expected five numbers"):
        EfficientNet(**(SMALL | {"stages": [[1, 3]]}))
