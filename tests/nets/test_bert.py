"""BERT: sees both sides, fills in masks, answers for rows with the same tensors."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.bert import BERT

SIZES = {"vocab": 11, "length": 8, "width": 16, "num_heads": 2, "depth": 2, "dropout": 0.0}


def test_shape_gradient_and_one_batch(check, rng) -> None:
    tokens = torch.randint(1, 11, (4, 8), generator=rng)
    net = check.build("bert", SIZES)
    assert net(tokens).shape == (4, 8, 11)
    check.gradient_reaches_every_parameter(net, (tokens,))
    answering = check.build("bert", SIZES | {"outputs": 3, "positions": "sinusoidal"})
    assert answering(tokens).shape == (4, 3)
    check.gradient_reaches_every_parameter(answering, (tokens,))
    check.overfits(answering, (tokens,), torch.arange(4) % 3, lr=1e-2)


def test_a_masked_token_is_told_by_its_right_neighbour(rng) -> None:
    """Which a net that sees the past alone could not do: the left neighbour says nothing."""
    torch.manual_seed(0)
    net = BERT(**SIZES | {"depth": 1})
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(150):
        pairs = torch.randint(2, 11, (32, 3), generator=rng)
        tokens = torch.stack([pairs, pairs], 2).flatten(1)  # a a b b c c
        masked = tokens.clone()
        masked[:, 2] = net.mask_token
        scores = net(masked)[:, 2]
        loss = F.cross_entropy(scores, tokens[:, 2])
        if loss < 0.05:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1


@pytest.mark.parametrize("pool", ["mean", "max", "last"])
@pytest.mark.parametrize("outputs", [0, 3])
def test_padding_changes_nothing(pool, outputs) -> None:
    net = BERT(**SIZES, outputs=outputs, pool=pool).eval()
    short, padded = torch.tensor([[5, 3, 9]]), torch.tensor([[5, 3, 9, 0, 0], [1, 2, 3, 4, 5]])
    torch.testing.assert_close(net(padded)[:1] if outputs else net(padded)[:1, :3], net(short))
    assert net(torch.zeros(2, 5, dtype=torch.int64)).isfinite().all()


def test_a_net_that_answers_takes_what_one_learned_that_fills_in() -> None:
    first, second = BERT(**SIZES), BERT(**SIZES, outputs=2)
    missing, unknown = second.load_state_dict(first.state_dict(), strict=False)
    assert set(missing) == {"output.weight", "output.bias"}
    assert all(name.startswith(("transform.", "bias")) for name in unknown)


def test_every_step_may_have_an_answer_and_errors_say_what_to_do() -> None:
    assert BERT(**SIZES, outputs=5, pool="none")(torch.ones(2, 3, dtype=torch.int64)).shape == (
        2,
        3,
        5,
    )
    with pytest.raises(ValueError, match="Give length, or positions: rotary"):
        BERT(vocab=5, positions="learned")
    with pytest.raises(ValueError, match="vocab is 0; expected at least 1"):
        BERT(vocab=0)


def test_scores_are_products_with_the_embedding_by_hand() -> None:
    net = BERT(**SIZES).eval()
    tokens = torch.tensor([[5, 3, 9], [1, 11, 0]])  # 11 is the mask
    x, real = net.inputs(tokens)
    for block in net.blocks:
        x = block(x, real)
    linear, _, norm = net.transform
    x = norm(F.gelu(linear(net.norm(x))))
    words = net.inputs.embedding.weight
    assert words.shape == (12, 16)
    expected = torch.stack([x @ words[token] + net.bias[token] for token in range(11)], 2)
    torch.testing.assert_close(net(tokens), expected)
    asked = tokens == net.mask_token
    torch.testing.assert_close(net(tokens, asked), expected[asked])
