"""Both nets from sequence to sequence: step by step as at once, padding ignored, causal."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.seq2seq import Seq2Seq

SIZES = {"source_vocab": 9, "vocab": 7, "width": 16, "dropout": 0.0}
KINDS = [
    ("seq2seq", {"hidden_size": 12, "attention": "none", "cell": "lstm", "depth": 2}),
    ("seq2seq", {"hidden_size": 12, "attention": "dot"}),
    ("seq2seq", {"hidden_size": 12, "attention": "additive", "cell": "lstm"}),
    ("seq2seq", {"hidden_size": 12, "attention": "additive", "depth": 2}),
    ("transformer-seq2seq", {"num_heads": 2, "depth": 2}),
    ("transformer-seq2seq", {"num_heads": 2, "depth": 1, "positions": "sinusoidal"}),
]
each_kind = pytest.mark.parametrize(("name", "options"), KINDS)


def loss_of(scores, targets):
    return F.cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=0)


def pick(state, rows):
    if isinstance(state, torch.Tensor):
        return state[rows]
    return tuple(pick(part, rows) for part in state)


@each_kind
def test_shape_gradient_and_one_batch(check, rng, name, options) -> None:
    net = check.build(name, SIZES | options)
    source = torch.randint(1, 9, (4, 5), generator=rng)
    target = torch.randint(3, 7, (4, 4), generator=rng)
    given = torch.cat([torch.full((4, 1), 2), target[:, :-1]], 1)
    assert net(source, given).shape == (4, 4, 7)
    check.gradient_reaches_every_parameter(net, (source, given))
    check.overfits(net, (source, given), target, loss=loss_of, lr=1e-2)


@each_kind
def test_steps_equal_the_whole_and_rows_may_be_picked(check, rng, name, options) -> None:
    net = check.build(name, SIZES | options).double().eval()
    source = torch.randint(1, 9, (3, 5), generator=rng)
    given = torch.randint(1, 7, (3, 6), generator=rng)
    whole, memory = net(source, given), net.encode(source)
    state, pieces = None, []
    for piece in given[:, :5].split([1, 1, 3], 1):
        scores, state = net.decode(memory, piece, state)
        pieces.append(scores)
    torch.testing.assert_close(torch.cat(pieces, 1), whole[:, :5], rtol=0, atol=1e-6)
    rows = torch.tensor([2, 0])
    scores, _ = net.decode(pick(memory, rows), given[rows, 5:], pick(state, rows))
    torch.testing.assert_close(scores[:, 0], whole[rows, 5], rtol=0, atol=1e-6)


@each_kind
def test_padding_changes_nothing_and_nothing_may_be_read(check, name, options) -> None:
    net = check.build(name, SIZES | options).eval()
    source = torch.tensor([[5, 3, 0, 0], [1, 2, 3, 4], [0, 0, 0, 0]])
    given = torch.tensor([[2, 5, 6, 0], [2, 3, 3, 3], [2, 0, 0, 0]])
    scores = net(source, given)
    torch.testing.assert_close(scores[:1, :3], net(source[:1, :2], given[:1, :3]))
    assert scores.isfinite().all()
    empty = torch.zeros(1, 0, dtype=torch.int64)
    torch.testing.assert_close(net(empty, given[2:, :1]), scores[2:, :1])


@each_kind
def test_the_target_is_read_up_to_a_step_alone_and_the_source_whole(check, name, options) -> None:
    net = check.build(name, SIZES | options).eval()
    source, given = torch.tensor([[5, 3, 8, 1]]), torch.tensor([[2, 5, 6, 4]])
    scores = net(source, given)
    later = net(source, torch.tensor([[2, 5, 3, 3]]))
    torch.testing.assert_close(later[:, :2], scores[:, :2])
    assert not torch.allclose(later[:, 2:], scores[:, 2:])
    assert not torch.allclose(net(torch.tensor([[5, 3, 8, 2]]), given)[:, 0], scores[:, 0])


def test_alignment_is_a_distribution_over_the_real_steps(check) -> None:
    source = torch.tensor([[5, 3, 0, 0], [1, 2, 3, 4]])
    given = torch.tensor([[2, 5, 6], [2, 3, 3]])
    for attention in ("additive", "dot"):
        net = check.build("seq2seq", SIZES | {"attention": attention}).eval()
        _, weights, _ = net.decode_aligned(net.encode(source), given)
        torch.testing.assert_close(weights.sum(2), torch.ones(2, 3))
        assert not weights[0, :, 2:].any()
    net = check.build("seq2seq", SIZES | {"attention": "none"})
    assert net.decode_aligned(net.encode(source), given)[1] is None


def test_wrong_arguments_are_answered(check) -> None:
    with pytest.raises(ValueError, match="Did you mean 'additive'"):
        check.build("seq2seq", SIZES | {"attention": "aditive"})
    with pytest.raises(ValueError, match=r"cell is 'transformer'. Expected one of: gru, lstm"):
        check.build("seq2seq", SIZES | {"cell": "transformer"})


@pytest.mark.parametrize("attention", ["none", "dot"])
def test_the_equation_by_hand(rng, attention) -> None:
    torch.manual_seed(0)
    net = Seq2Seq(**SIZES, hidden_size=12, attention=attention).eval()
    source = torch.randint(1, 9, (2, 5), generator=rng)
    given = torch.randint(1, 7, (2, 3), generator=rng)
    memory, ends = net.encoder(net.source.embedding(source) * 4)  # the root of the width, 16
    start = net.bridges[0](torch.cat([ends[0], ends[1]], 1)).tanh()
    x, _ = net.decoder(net.target.embedding(given) * 4, start[None])
    if attention == "dot":
        scores = x @ (memory @ net.attention.key.weight.t()).transpose(1, 2)
        x = torch.cat([x, scores.softmax(2) @ memory], 2)
    expected = net.readout(x).tanh() @ net.target.embedding.weight.t() + net.bias
    torch.testing.assert_close(net(source, given), expected)
