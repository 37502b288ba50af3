"""The Siamese net: one tower for both, symmetric, learns which pairs are the same."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.siamese import Siamese

IMAGE = {"in_channels": 1, "height": 8, "width": 9, "embed_dim": 8, "channels": [4, 8]}
NUMBERS = {"numeric": 5, "embed_dim": 8, "widths": [16]}


@pytest.mark.parametrize(
    ("kind", "options"),
    [(IMAGE, {}), (IMAGE, {"norm": "group", "normalise": True}), (NUMBERS, {"norm": "none"})],
)
def test_shape_gradient_and_one_batch(check, rng, kind, options) -> None:
    net = check.build("siamese", kind | options)
    shape = (1, 8, 9) if kind is IMAGE else (5,)
    first, second = torch.randn(2, 8, *shape, generator=rng)
    assert net(first, second).shape == (8, 1)
    assert net.embed(first).shape == (8, 8)
    check.gradient_reaches_every_parameter(net, (first, second))
    same = (torch.arange(8) % 2).float()[:, None]
    second = torch.where(same.view(-1, *[1] * len(shape)) > 0, first, second)
    loss = F.binary_cross_entropy_with_logits
    check.overfits(net, (first, second), same, lr=2e-2, loss=loss, below=0.2)


def test_the_logit_by_hand_is_symmetric_and_highest_for_the_same(rng) -> None:
    torch.manual_seed(0)
    net = Siamese(**IMAGE).eval()
    first, second = torch.randn(2, 4, 1, 8, 9, generator=rng)
    apart = (net.embed(first) - net.embed(second)).abs()
    expected = apart @ net.compare.weight.t() + net.compare.bias
    torch.testing.assert_close(net(first, second), expected)
    torch.testing.assert_close(net(first, second), net(second, first))
    assert (net(first, first) == net.compare.bias).all()
    assert (net(first, second) < net(first, first)).all()  # from the start


def test_embeddings_of_length_one_where_asked(rng) -> None:
    net = Siamese(**NUMBERS, normalise=True).eval()
    vectors = net.embed(torch.randn(4, 5, generator=rng))
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(4))


def test_one_input_alone_is_embedded_and_a_distance_has_nothing_to_learn(check, rng) -> None:
    net = Siamese(**IMAGE, compare="distance").eval()
    first, second = torch.randn(2, 4, 1, 8, 9, generator=rng)
    torch.testing.assert_close(net(first), net.embed(first))
    apart = (net(first) - net(second)).norm(dim=1, keepdim=True)
    torch.testing.assert_close(net(first, second), -apart)
    check.gradient_reaches_every_parameter(net, (first,))


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="either numbers or images"):
        Siamese()
    with pytest.raises(ValueError, match="leave categories out"):
        Siamese(numeric=2, cardinalities=[3])
