"""Multi-head attention: equal to torch's layer, causal or not, padded or not; rotary distances."""

import pytest
import torch
from torch import nn

from netwright.nets.attention import MultiHeadAttention, rotate


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("padded", [False, True])
def test_it_agrees_with_torchs_layer(rng, causal, padded) -> None:
    mine = MultiHeadAttention(width=12, num_heads=3, causal=causal)
    theirs = nn.MultiheadAttention(12, 3, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(mine.qkv.weight)
        theirs.in_proj_bias.copy_(mine.qkv.bias)
    theirs.out_proj.load_state_dict(mine.out.state_dict())
    x = torch.randn(2, 5, 12, generator=rng)
    real = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]).bool() if padded else None
    later = torch.ones(5, 5).triu(1).bool() if causal else None
    expected, _ = theirs(x, x, x, attn_mask=later, key_padding_mask=None if real is None else ~real)
    torch.testing.assert_close(mine(x, real), expected)


def test_shape_gradient_and_one_batch(check, rng) -> None:
    net = check.build("attention", {"width": 8, "num_heads": 2, "rotary": True, "causal": True})
    x = torch.randn(3, 5, 8, generator=rng)
    assert net(x).shape == (3, 5, 8)
    # A key's bias adds the same to all scores of a query, so with rotary alone it can have a
    # gradient.
    check.gradient_reaches_every_parameter(net, (x,))
    targets = torch.randn(3, 5, 8, generator=rng)
    check.overfits(net, (x,), targets, loss=nn.functional.mse_loss, lr=0.02, below=0.6)


def test_rotated_scores_depend_on_the_distance_alone(rng) -> None:
    query, key = torch.randn(2, 1, 8, generator=rng).expand(2, 10, 8)
    scores = rotate(query) @ rotate(key).t()
    for shift in range(-3, 4):
        diagonal = scores.diagonal(shift)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(scores[0, 0], scores[0, 3])


def test_widths_that_do_not_divide_are_answered() -> None:
    with pytest.raises(ValueError, match="Give width: 12"):
        MultiHeadAttention(width=13, num_heads=3)
