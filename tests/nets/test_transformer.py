"""The transformer: causal where asked, padding ignored, order seen; texts, series, language."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from netwright.nets.transformer import Block, Transformer, blocks

TEXT = {"vocab": 11, "length": 8, "outputs": 3, "width": 16, "num_heads": 2, "depth": 2}
SERIES = {"in_channels": 2, "length": 8, "outputs": 3, "width": 16, "num_heads": 2}


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (TEXT, {"pool": "max"}),
        (TEXT, {"positions": "learned", "norm": "rms", "activation": "silu", "causal": True}),
        (SERIES, {"patch": 3, "dropout": 0.1}),
        (SERIES, {"positions": "learned", "pool": "last"}),
    ],
)
def test_shape_gradient_and_one_batch(check, rng, arguments, options) -> None:
    net = check.build("transformer", arguments | options)
    inputs = (
        torch.randint(1, 11, (6, 8), generator=rng)
        if "vocab" in arguments
        else torch.randn(6, 8, 2, generator=rng)
    )
    assert net(inputs).shape == (6, 3)
    check.gradient_reaches_every_parameter(net, (inputs,))
    check.overfits(net, (inputs,), torch.arange(6) % 3, lr=1e-2)


@pytest.mark.parametrize("positions", ["rotary", "learned"])
def test_causal_attention_ignores_later_tokens(positions) -> None:
    net = Transformer(
        vocab=11, width=16, num_heads=2, depth=2, causal=True, length=8, positions=positions
    ).eval()
    tokens = torch.arange(1, 9)[None]  # (batch, time)
    changed = tokens.clone()
    changed[:, 5:] = 10
    scores = net(tokens)
    assert scores.shape == (1, 8, 11)
    torch.testing.assert_close(scores[:, :5], net(changed)[:, :5])
    assert not torch.allclose(scores[:, 5:], net(changed)[:, 5:])


@pytest.mark.parametrize("pool", ["mean", "max", "last"])
@pytest.mark.parametrize("causal", [False, True])
def test_padding_changes_nothing_and_an_empty_text_is_answered(pool, causal) -> None:
    net = Transformer(**TEXT, pool=pool, causal=causal).eval()
    short, padded = torch.tensor([[5, 3, 9]]), torch.tensor([[5, 3, 9, 0, 0], [1, 2, 3, 4, 5]])
    torch.testing.assert_close(net(padded)[:1], net(short))
    assert net(torch.zeros(2, 5, dtype=torch.int64)).isfinite().all()


@pytest.mark.parametrize("positions", ["rotary", "learned", "none"])
def test_order_is_seen_with_positions_alone(positions) -> None:
    net = Transformer(**TEXT, positions=positions).eval()
    same = torch.allclose(net(torch.tensor([[1, 2, 3]])), net(torch.tensor([[3, 2, 1]])))
    assert same == (positions == "none")


def test_a_language_model_learns_a_cycle(check) -> None:
    net = check.build("transformer", {"vocab": 6, "causal": True, "width": 16, "num_heads": 2})
    tokens = (torch.arange(20) % 5 + 1)[None]
    check.overfits(
        net,
        (tokens[:, :-1],),
        tokens[0, 1:],
        loss=lambda scores, targets: F.cross_entropy(scores.flatten(0, 1), targets),
        lr=1e-2,
    )
    assert net(tokens)[0, -1].argmax() == 1


def test_the_sum_of_branches_keeps_its_size_at_any_depth(rng) -> None:
    series = torch.randn(4, 30, 3, generator=rng)
    changes = []
    for depth in (2, 16):
        net = Transformer(in_channels=3, outputs=1, width=32, depth=depth)
        x = net.enter(series)
        y = x
        for block in net.blocks:
            y = block(y, None)
        changes.append(((y - x).std() / x.std()).item())
    assert changes[1] < 1.5 * changes[0]


@pytest.mark.parametrize("padded", [False, True])
def test_a_block_is_torchs_encoder_layer(rng, padded) -> None:
    mine = blocks(
        1, width=12, num_heads=3, hidden_size=20, causal=False, positions="none",
        activation="gelu", norm="layer", dropout=0.0,
    )[0]  # fmt: skip
    theirs = as_torchs_(mine, nn.TransformerEncoderLayer(
        12, 3, 20, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    ))  # fmt: skip
    x = torch.randn(2, 5, 12, generator=rng)
    real = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]).bool()
    expected = theirs(x, src_key_padding_mask=~real if padded else None)
    found = mine(x, real if padded else None)
    torch.testing.assert_close(found[real], expected[real])


def as_torchs_(mine: Block, theirs: nn.TransformerEncoderLayer) -> nn.TransformerEncoderLayer:
    """Return torch's layer with the weights of ours, all of which start anew at random."""
    for p in mine.parameters():
        nn.init.normal_(p, std=0.3)
    with torch.no_grad():
        theirs.self_attn.in_proj_weight.copy_(mine.attention.qkv.weight)
        theirs.self_attn.in_proj_bias.copy_(mine.attention.qkv.bias)
    theirs.self_attn.out_proj.load_state_dict(mine.attention.out.state_dict())
    theirs.linear1.load_state_dict(mine.expand.state_dict())
    theirs.linear2.load_state_dict(mine.contract.state_dict())
    theirs.norm1.load_state_dict(mine.norm1.state_dict())
    theirs.norm2.load_state_dict(mine.norm2.state_dict())
    return theirs


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="Give length, or positions: rotary"):
        Transformer(vocab=5, positions="learned")
    with pytest.raises(ValueError, match="Leave patch out"):
        Transformer(vocab=5, outputs=1, patch=2)
    with pytest.raises(ValueError, match="positions were learned for 8"):
        Transformer(**TEXT, positions="learned")(torch.ones(1, 9, dtype=torch.int64))
    with pytest.raises(ValueError, match="Give outputs, or vocab"):
        Transformer(in_channels=1)
