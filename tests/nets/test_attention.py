"""Attention: equal to torch's layers and to itself written out, causal, padded, across; rotary
distances; step by step."""

import pytest
import torch
from torch import nn

from netwright.nets.attention import (
    AdditiveAttention,
    CrossAttention,
    DotAttention,
    MultiHeadAttention,
    ScaledDotProduct,
    earlier,
    rotate,
    scaled_dot_product,
)

REAL = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]).bool()


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
    real = REAL if padded else None
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


@pytest.mark.parametrize("seen", ["all", "causal", "real", "both"])
def test_the_fused_path_is_the_one_written_out(rng, seen) -> None:
    query, key, value = torch.randn(3, 2, 3, 5, 4, generator=rng, dtype=torch.float64)
    mask = {
        "all": None,
        "causal": earlier(5, query.device),
        "real": REAL[:, None, None],
        "both": REAL[:, None, None] & earlier(5, query.device),
    }[seen]
    fused = ScaledDotProduct(causal=seen == "causal", dropout=0.0)
    of = [x.requires_grad_() for x in (query, key, value)]
    expected = fused(*of, None if seen == "causal" else mask)
    answers, weights = scaled_dot_product(*of, mask)
    torch.testing.assert_close(answers, expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3, 5, dtype=torch.float64))
    mine, theirs = (torch.autograd.grad(x.square().sum(), of) for x in (answers, expected))
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_its_weights_gather_its_answer(rng, causal) -> None:
    net = MultiHeadAttention(width=8, num_heads=2, causal=causal)
    x = torch.randn(2, 5, 8, generator=rng)
    for real in (None, REAL):
        weights = net.weights(x, real)
        values = net.qkv(x)[..., 16:].unflatten(2, (2, 4)).transpose(1, 2)
        expected = net.out((weights @ values).transpose(1, 2).flatten(2))
        torch.testing.assert_close(net(x, real), expected)
        assert not causal or not weights.triu(1).any()
        assert real is None or not weights[0, :, :, 3:].any()


def test_steps_that_keep_their_past_equal_the_whole(rng) -> None:
    net = MultiHeadAttention(width=8, num_heads=2, causal=True, rotary=True)
    x = torch.randn(2, 6, 8, generator=rng)
    past, pieces, mask, at = None, [], earlier(6, x.device), torch.arange(6).expand(2, 6)
    for start, end in ((0, 2), (2, 3), (3, 6)):
        seen = mask[start:end, :end].expand(2, 1, -1, -1)
        piece, past = net.step(x[:, start:end], past, seen, at[:, start:end])
        pieces.append(piece)
    torch.testing.assert_close(torch.cat(pieces, 1), net(x))


def test_cross_attention_agrees_with_torchs_layer(rng) -> None:
    mine = CrossAttention(width=12, num_heads=3)
    theirs = nn.MultiheadAttention(12, 3, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([mine.query.weight, mine.key_value.weight]))
        theirs.in_proj_bias.copy_(torch.cat([mine.query.bias, mine.key_value.bias]))
    theirs.out_proj.load_state_dict(mine.out.state_dict())
    x, memory = torch.randn(2, 4, 12, generator=rng), torch.randn(2, 5, 12, generator=rng)
    expected, _ = theirs(x, memory, memory, key_padding_mask=~REAL)
    torch.testing.assert_close(mine(x, memory, REAL), expected)
    padded = memory.masked_fill(~REAL[..., None], 7.0)
    torch.testing.assert_close(mine(x, padded, REAL), expected)


def test_additive_and_dot_scores_by_hand(rng) -> None:
    query, memory = torch.randn(2, 3, 4, generator=rng), torch.randn(2, 5, 6, generator=rng)
    additive = AdditiveAttention(query_size=4, memory_size=6, width=8)
    dot = DotAttention(query_size=4, memory_size=6)
    q, m = query[0, 1], memory[0, 2]
    by_hand = {
        additive: additive.score.weight[0] @ torch.tanh(additive.query(q) + additive.key(m)),
        dot: q @ dot.key.weight @ m,
    }
    for net, score in by_hand.items():
        gathered, weights = net(query, memory, REAL)
        assert gathered.shape == (2, 3, 6) and weights.shape == (2, 3, 5)
        torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3))
        assert not weights[0, :, 3:].any()
        # A ratio of weights is the exponential of the difference of their scores.
        other = net(query, memory[:, :1], None)[1]
        assert torch.equal(other, torch.ones(2, 3, 1))
        alone = net(query[:1, 1:2], torch.stack([m, torch.zeros(6)])[None])[1][0, 0]
        nothing = additive.score.weight[0] @ torch.tanh(additive.query(q)) if net is additive else 0
        torch.testing.assert_close((alone[0] / alone[1]).log(), score - nothing)
        torch.testing.assert_close(gathered[1, 0], weights[1, 0] @ memory[1])


def test_a_query_that_may_see_nothing_gathers_nothing(rng) -> None:
    memory = torch.randn(1, 3, 6, generator=rng)
    gathered, weights = DotAttention(query_size=4, memory_size=6)(
        torch.randn(1, 2, 4, generator=rng), memory, torch.zeros(1, 3).bool()
    )
    assert not gathered.any() and not weights.any()
