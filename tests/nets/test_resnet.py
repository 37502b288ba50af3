"""The residual net: starts as its shortcuts, every option learns, torchvision's names and sizes."""

import pytest
import torch
from torch import nn

from netwright.nets.resnet import ResidualBlock, ResNet
from netwright.train.init import initialise_

SMALL = {"in_channels": 3, "height": 8, "width": 9, "outputs": 4, "channels": [8, 16]}

# The layers of torchvision's two best known nets, as its state_dicts name them.
RESNET18 = """
conv1 bn1
layer1.0.conv1 layer1.0.bn1 layer1.0.conv2 layer1.0.bn2
layer1.1.conv1 layer1.1.bn1 layer1.1.conv2 layer1.1.bn2
layer2.0.conv1 layer2.0.bn1 layer2.0.conv2 layer2.0.bn2 layer2.0.downsample.0 layer2.0.downsample.1
layer2.1.conv1 layer2.1.bn1 layer2.1.conv2 layer2.1.bn2
layer3.0.conv1 layer3.0.bn1 layer3.0.conv2 layer3.0.bn2 layer3.0.downsample.0 layer3.0.downsample.1
layer3.1.conv1 layer3.1.bn1 layer3.1.conv2 layer3.1.bn2
layer4.0.conv1 layer4.0.bn1 layer4.0.conv2 layer4.0.bn2 layer4.0.downsample.0 layer4.0.downsample.1
layer4.1.conv1 layer4.1.bn1 layer4.1.conv2 layer4.1.bn2
fc
"""
RESNET50_BLOCK = "conv1 bn1 conv2 bn2 conv3 bn3"
RESNET50_FIRST_OF_STAGE = RESNET50_BLOCK + " downsample.0 downsample.1"
RESNET50_BLOCKS = {"layer1": 3, "layer2": 4, "layer3": 6, "layer4": 3}
NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def entries(layers: list[str]) -> set[str]:
    """The state_dict's names: convolutions have no bias, norms have five tensors."""
    found = {"fc.weight", "fc.bias"}
    for layer in layers:
        if "bn" in layer or layer.endswith("downsample.1"):
            found |= {f"{layer}.{part}" for part in NORM}
        else:
            found.add(f"{layer}.weight")
    return found


def resnet50_layers() -> list[str]:
    layers = ["conv1", "bn1"]
    for stage, count in RESNET50_BLOCKS.items():
        for i in range(count):
            block = RESNET50_BLOCK if i else RESNET50_FIRST_OF_STAGE
            layers += [f"{stage}.{i}.{part}" for part in block.split()]
    return layers


@pytest.mark.parametrize(
    ("options", "layers", "size"),
    [
        ({"blocks": 2}, RESNET18.split(), 11_689_512),
        ({"blocks": [3, 4, 6, 3], "block": "bottleneck"}, resnet50_layers(), 25_557_032),
    ],
)
def test_torchvisions_names_and_numbers_of_weights(options, layers, size) -> None:
    with torch.device("meta"):
        net = ResNet(
            in_channels=3, height=224, width=224, outputs=1000, channels=[64, 128, 256, 512],
            shortcut="strided", **options,
        )  # fmt: skip
    assert set(net.state_dict()) == entries(layers)
    assert sum(p.numel() for p in net.parameters()) == size
    assert net.get_submodule("layer1.0.conv1").weight.shape[1] == 64
    assert net.get_submodule("layer4.0.downsample.0").stride == (2, 2)


def test_the_bottleneck_is_torchvisions_with_the_stride_in_its_3x3(rng) -> None:
    block = ResidualBlock(4, 6, stride=2, block="bottleneck", shortcut="strided").eval()
    nn.init.constant_(block.bn3.weight, 0.7)
    assert [c.stride[0] for c in (block.conv1, block.conv2, block.conv3)] == [1, 2, 1]
    x = torch.randn(2, 4, 7, 7, generator=rng)
    y = torch.relu(block.bn1(block.conv1(x)))
    y = torch.relu(block.bn2(block.conv2(y)))
    conv, norm = block.downsample
    expected = torch.relu(block.bn3(block.conv3(y)) + norm(conv(x)))
    torch.testing.assert_close(block(x), expected)
    assert expected.shape == (2, 24, 4, 4)


def test_the_pre_activation_block_by_hand(rng) -> None:
    block = ResidualBlock(4, 6, stride=2, pre_activation=True).eval()
    nn.init.normal_(block.conv2.weight)
    x = torch.randn(2, 4, 8, 8, generator=rng)
    y = block.conv2(torch.relu(block.bn2(block.conv1(torch.relu(block.bn1(x))))))
    torch.testing.assert_close(block(x), y + block.downsample(block.pool(x)))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"pre_activation": True, "blocks": [1, 2]},
        {"squeeze": True, "norm": "group", "activation": "silu"},
        {"norm": "none", "dropout": 0.1},
        {"stem": "large"},
        {"pre_activation": True, "norm": "layer", "activation": "gelu"},
        {"block": "bottleneck", "shortcut": "strided", "activation": "prelu"},
        {"block": "bottleneck", "pre_activation": True, "squeeze": True},
    ],
)
def test_shape_gradient_and_one_batch(check, rng, options) -> None:
    net = check.build("resnet", SMALL | options)
    images = torch.randn(8, 3, 8, 9, generator=rng)
    assert net(images).shape == (8, 4)
    # Branches that start at zero pass no gradient inwards before their first step.
    torch.manual_seed(1)
    for module in net.modules():
        if getattr(module, "own_init", False):
            nn.init.normal_(module.weight, std=0.1)
    check.gradient_reaches_every_parameter(net, (images,))
    check.overfits(net, (images,), torch.arange(8) % 4, lr=1e-2, steps=100)


def test_a_block_starts_as_its_shortcut_and_keeps_that_under_initialisation(rng) -> None:
    x = torch.randn(2, 8, 6, 6, generator=rng)
    for norm in ("batch", "none"):
        for pre in (False, True):
            block = ResidualBlock(8, 8, norm=norm, pre_activation=pre)
            initialise_(block, "auto", activation="relu", rng_seed=0)
            expected = x if pre else x.relu()
            torch.testing.assert_close(block(x), expected)


def test_a_block_is_the_papers_equation(rng) -> None:
    block = ResidualBlock(4, 6, stride=2).eval()
    nn.init.constant_(block.bn2.weight, 0.7)
    x = torch.randn(2, 4, 8, 8, generator=rng)
    y = block.bn2(block.conv2(torch.relu(block.bn1(block.conv1(x)))))
    conv, norm = block.downsample
    expected = torch.relu(y + norm(conv(torch.nn.functional.avg_pool2d(x, 2))))
    torch.testing.assert_close(block(x), expected)
    assert expected.shape == (2, 6, 4, 4)


def test_large_pictures_get_the_stem_that_quarters_them() -> None:
    net = ResNet(in_channels=3, height=96, width=96, outputs=2, channels=[4, 8])
    assert net.conv1.stride == (2, 2)
    assert net(torch.zeros(1, 3, 96, 96)).shape == (1, 2)


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="too small for 3 stages"):
        ResNet(in_channels=1, height=2, width=2, outputs=2)
    with pytest.raises(ValueError, match="as long as channels"):
        ResNet(**(SMALL | {"blocks": [1]}))
    with pytest.raises(ValueError, match="Did you mean 'bottleneck'"):
        ResNet(**(SMALL | {"block": "bottle-neck"}))
