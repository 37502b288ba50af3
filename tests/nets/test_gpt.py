"""GPT: causal, tied, and step by step what it is at once."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.gpt import GPT

SIZES = {"vocab": 11, "width": 16, "num_heads": 2, "depth": 2, "dropout": 0.0}
POSITIONS = ["rotary", "learned", "sinusoidal", "none"]


def test_shape_gradient_and_one_batch(check) -> None:
    net = check.build("gpt", SIZES | {"vocab": 6})
    tokens = (torch.arange(20) % 5 + 1)[None]
    assert net(tokens).shape == (1, 20, 6)
    check.gradient_reaches_every_parameter(net, (tokens,))
    check.overfits(
        net,
        (tokens[:, :-1],),
        tokens[0, 1:],
        loss=lambda scores, targets: F.cross_entropy(scores.flatten(0, 1), targets),
        lr=1e-2,
    )
    assert net(tokens)[0, -1].argmax() == 1


@pytest.mark.parametrize("positions", POSITIONS)
def test_steps_equal_the_whole_and_the_past_sees_no_future(positions, rng) -> None:
    net = GPT(**SIZES, positions=positions, length=9, norm="rms").double().eval()
    tokens = torch.randint(1, 11, (3, 9), generator=rng)
    whole, state, pieces = net(tokens), None, []
    for piece in tokens.split([4, 1, 1, 3], 1):
        scores, state = net.step(piece, state)
        pieces.append(scores)
    torch.testing.assert_close(torch.cat(pieces, 1), whole, rtol=0, atol=1e-6)
    changed = tokens.clone()
    changed[:, 6:] = 1
    torch.testing.assert_close(net(changed)[:, :6], whole[:, :6])
    assert not torch.allclose(net(changed)[:, 6:], whole[:, 6:])


@pytest.mark.parametrize("positions", POSITIONS)
def test_rows_of_unequal_lengths_go_on_as_if_alone(positions) -> None:
    net = GPT(**SIZES, positions=positions, length=9).eval()
    prompts = torch.tensor([[5, 3, 0, 0], [1, 2, 3, 4]])
    _, state = net.step(prompts)
    scores, _ = net.step(torch.tensor([[7], [8]]), state)
    torch.testing.assert_close(scores[:1, 0], net(torch.tensor([[5, 3, 7]]))[:, 2])
    torch.testing.assert_close(scores[1:, 0], net(torch.tensor([[1, 2, 3, 4, 8]]))[:, 4])


def test_rows_of_a_state_may_be_picked() -> None:
    net = GPT(**SIZES).eval()
    _, (real, pasts) = net.step(torch.tensor([[5, 3], [1, 2], [4, 4]]))
    rows = torch.tensor([2, 0])
    picked = real[rows], tuple((key[rows], value[rows]) for key, value in pasts)
    scores, _ = net.step(torch.tensor([[6], [9]]), picked)
    whole = net(torch.tensor([[4, 4, 6], [5, 3, 9]]))
    torch.testing.assert_close(scores[:, 0], whole[:, 2])


def test_it_answers_for_rows_from_their_last_real_step(check, rng) -> None:
    net = check.build("gpt", SIZES | {"outputs": 3, "positions": "learned", "length": 8}).eval()
    short, padded = torch.tensor([[5, 3, 9]]), torch.tensor([[5, 3, 9, 0, 0], [1, 2, 3, 4, 5]])
    torch.testing.assert_close(net(padded)[:1], net(short))
    assert net(torch.zeros(2, 5, dtype=torch.int64)).isfinite().all()
    tokens = torch.randint(1, 11, (6, 8), generator=rng)
    check.overfits(net, (tokens,), torch.arange(6) % 3, lr=1e-2)
    with pytest.raises(ValueError, match="Build it with outputs: 0"):
        net.step(short)


def test_learned_positions_end_somewhere() -> None:
    net = GPT(**SIZES, positions="learned", length=3).eval()
    _, state = net.step(torch.ones(1, 3, dtype=torch.int64))
    with pytest.raises(ValueError, match="A row has 4 steps, but positions were learned for 3"):
        net.step(torch.ones(1, 1, dtype=torch.int64), state)
