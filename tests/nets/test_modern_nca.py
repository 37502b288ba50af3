"""ModernNCA: its answer by hand, never from the row itself, opened without rows."""

import pytest
import torch

from netwright.nets.modern_nca import ModernNCA

SMALL = {"numeric": 3, "cardinalities": [4, 2], "outputs": 2, "width": 8, "dropout": 0.0}
PLAIN = {"numeric": 2, "outputs": 1, "width": 4, "depth": 0, "numeric_embedding": "none"}


def rows(rng: torch.Generator, count: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    categories = [torch.randint(c, (count,), generator=rng) for c in (4, 2)]
    return torch.randn(count, 3, generator=rng), torch.stack(categories, 1)


@pytest.mark.parametrize("embedding", ["none", "linear", "periodic", "piecewise-linear"])
def test_shape_gradient_and_one_batch(check, rng, embedding) -> None:
    options = {"numeric_embedding": embedding, "num_bins": 4, "candidates": 1.0}
    net = check.build("modern-nca", SMALL | options)
    inputs = rows(rng)
    net.remember_(inputs, torch.arange(16) % 2)
    assert net(*inputs).shape == (16, 2)
    check.gradient_reaches_every_parameter(net, inputs)
    other = rows(rng)
    targets = (other[0][:, 0] > 0).long()
    net.remember_(other, targets)
    check.overfits(net, other, targets, lr=1e-2, below=0.1)


def test_the_answer_by_hand(rng) -> None:
    x, y = torch.randn(6, 2, generator=rng), torch.randn(6, 1, generator=rng)
    net = ModernNCA(**PLAIN).eval()
    net.remember_((x,), y)
    new = torch.randn(3, 2, generator=rng)
    at, keys = net.norm(net.place(new)), net.norm(net.place(x))
    weights = torch.exp(-(at[:, None] - keys).norm(dim=-1))
    torch.testing.assert_close(net(new), weights @ y / weights.sum(1, keepdim=True))


def test_a_training_row_does_not_see_its_own_value_nor_its_copies(rng) -> None:
    x = torch.randn(5, 2, generator=rng)
    x = torch.cat([x, x[:1]])  # row 5 is a copy of row 0
    y = torch.tensor([100.0, 1, 1, 1, 1, 100])[:, None]
    net = ModernNCA(**PLAIN, candidates=1.0).train()
    net.remember_((x,), y)
    out = net(x[[0, 5, 2]])
    torch.testing.assert_close(out[:2], torch.ones(2, 1))
    assert out[2].item() > 1  # it may see row 0
    alone = ModernNCA(**PLAIN).train()
    alone.remember_((torch.zeros(2, 2),), torch.ones(2, 1))  # all rows are copies
    assert bool(torch.isfinite(alone(torch.zeros(2, 2))).all())


def test_a_step_follows_the_seed_and_weights_move_the_keys(rng) -> None:
    x, y = torch.randn(20, 2, generator=rng), torch.randn(20, 1, generator=rng)
    net = ModernNCA(**PLAIN, candidates=0.5)
    net.remember_((x,), y)
    torch.manual_seed(3)
    first = net(x[:4])
    torch.manual_seed(3)
    assert torch.equal(first, net(x[:4])) and not torch.equal(first, net(x[:4]))
    before = net.eval()(x[:4]).clone()
    with torch.no_grad():
        net.place.weight.mul_(5)
    assert not torch.allclose(before, net(x[:4]))


def test_opened_without_the_rows_it_answers_and_does_not_train(rng) -> None:
    inputs = rows(rng)
    net = ModernNCA(**SMALL)
    net.remember_(inputs, torch.arange(16) % 2)
    answers = net.eval()(*inputs)
    opened = ModernNCA(**SMALL)
    opened.load_state_dict(net.state_dict())
    torch.testing.assert_close(opened.eval()(*inputs), answers)
    with pytest.raises(ValueError, match="without its training rows"):
        opened.train()(*inputs)


def test_what_it_refuses(rng) -> None:
    inputs = rows(rng)
    with pytest.raises(ValueError, match="knows no training rows"):
        ModernNCA(**SMALL).eval()(*inputs)
    with pytest.raises(ValueError, match="expected at least 2 rows of 2 numbers"):
        ModernNCA(**SMALL).remember_(inputs, torch.zeros(16, 3))
    with pytest.raises(ValueError, match="has no inputs"):
        ModernNCA(numeric=0, outputs=1)
    with pytest.raises(ValueError, match="candidates is 0"):
        ModernNCA(**SMALL, candidates=0)
    net = ModernNCA(**SMALL)
    net.remember_(inputs, torch.arange(16) % 2)
    with pytest.raises(ValueError, match="numeric inputs alone"):
        net.eval()(inputs[0])
