"""The video CNN: sees motion that no frame shows, any size, factored convolutions."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.video_cnn import VideoCNN

SMALL = {"frames": 6, "in_channels": 1, "outputs": 2, "channels": [4, 8]}


def moving_dot(step: int, frames: int = 6, side: int = 6) -> torch.Tensor:
    """A dot that goes right (1) or left (-1), one pixel a frame: (frames, 1, side, side)."""
    video = torch.zeros(frames, 1, side, side)
    for t in range(frames):
        video[t, 0, 3, (t if step > 0 else frames - 1 - t) % side] = 1
    return video


@pytest.mark.parametrize(
    "options", [{}, {"factored": True, "norm": "layer"}, {"norm": "none", "activation": "silu"}]
)
def test_shape_gradient_and_one_batch(check, rng, options) -> None:
    net = check.build("video-cnn", SMALL | options)
    video = torch.randn(4, 5, 1, 6, 7, generator=rng)
    assert net(video).shape == (4, 2)
    check.gradient_reaches_every_parameter(net, (video,))
    check.overfits(net, (video,), torch.arange(4) % 2, lr=2e-2, steps=80, below=0.2)


@pytest.mark.parametrize("factored", [False, True])
def test_it_learns_a_direction_that_the_mean_of_the_frames_does_not_show(check, factored) -> None:
    video = torch.stack([moving_dot(1), moving_dot(-1)])
    assert torch.equal(video[0].mean(0), video[1].mean(0))
    torch.manual_seed(0)
    net = VideoCNN(**SMALL, factored=factored, norm="none")
    check.overfits(net, (video,), torch.tensor([0, 1]), lr=2e-2, steps=120, below=0.1)
    still = video.mean(1, keepdim=True).expand_as(video)
    torch.testing.assert_close(*net(still).unbind(0))


@pytest.mark.parametrize("size", [(1, 1, 1), (2, 5, 3), (9, 8, 16)])
def test_any_number_of_frames_and_any_size(size) -> None:
    net = VideoCNN(**SMALL).eval()
    frames, height, width = size
    assert net(torch.zeros(2, frames, 1, height, width)).shape == (2, 2)


def test_the_first_pool_keeps_time_as_in_c3d() -> None:
    net = VideoCNN(**SMALL, norm="none")
    assert net.layers[:3](torch.zeros(1, 1, 4, 8, 8)).shape == (1, 4, 4, 4, 4)
    assert net.layers(torch.zeros(1, 1, 4, 8, 8)).shape == (1, 8, 2, 2, 2)


def test_one_block_by_hand(rng) -> None:
    net = VideoCNN(**SMALL | {"channels": [4]}, norm="none").eval()
    video = torch.randn(2, 6, 1, 5, 7, generator=rng)
    first = net.layers[0]
    x = F.conv3d(video.transpose(1, 2), first.weight, first.bias, padding=1).relu()
    x = F.max_pool3d(x, (1, 2, 2), ceil_mode=True).flatten(2).mean(2)
    torch.testing.assert_close(net(video), x @ net.output.weight.t() + net.output.bias)


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"add a batch axis: video\.unsqueeze\(0\)"):
        VideoCNN(**SMALL)(torch.zeros(3, 1, 4, 4))
    with pytest.raises(ValueError, match="blocks is 0"):
        VideoCNN(in_channels=1, outputs=2, frames=4, channels=[])
