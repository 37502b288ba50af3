"""Recurrent nets step by step: state in, state out, equal to the whole row."""

import pytest
import torch

CELLS = ("rnn", "lstm", "gru")
SIZES = {"outputs": 3, "hidden_size": 6, "width": 4}


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("pool", ["none", "last", "mean", "max"])
@pytest.mark.parametrize("name", CELLS)
def test_pieces_of_a_series_equal_the_whole(check, rng, name, pool, depth) -> None:
    net = check.build(name, SIZES | {"in_channels": 2, "pool": pool, "depth": depth}).double()
    series = torch.randn(4, 9, 2, generator=rng, dtype=torch.float64)
    whole, state, pieces = net(series), None, []
    for piece in series.split([1, 1, 4, 3], 1):
        outputs, state = net.step(piece, state)
        pieces.append(outputs)
    streamed = torch.cat(pieces, 1) if pool == "none" else pieces[-1]
    torch.testing.assert_close(streamed, whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("pool", ["last", "mean", "max"])
@pytest.mark.parametrize("name", CELLS)
def test_texts_of_unequal_lengths_equal_the_whole(check, name, pool) -> None:
    net = check.build(name, SIZES | {"vocab": 9, "pool": pool, "depth": 2}).double()
    texts = torch.tensor([[5, 3, 0, 0, 0], [1, 2, 3, 4, 5], [7, 0, 0, 0, 0], [0, 0, 0, 0, 0]])
    state = None
    for piece in texts.split([2, 1, 2], 1):
        outputs, state = net.step(piece, state)
    torch.testing.assert_close(outputs, net(texts), rtol=0, atol=1e-12)


def test_a_stream_that_was_ended_by_padding_can_go_on(check) -> None:
    net = check.build("gru", SIZES | {"vocab": 9}).double()
    _, state = net.step(torch.tensor([[5, 3, 0, 0], [1, 2, 3, 4]]))
    outputs, _ = net.step(torch.tensor([[8, 8], [6, 0]]), state)
    torch.testing.assert_close(outputs[:1], net(torch.tensor([[5, 3, 8, 8]])))
    torch.testing.assert_close(outputs[1:], net(torch.tensor([[1, 2, 3, 4, 6]])))


def test_rows_of_a_state_may_be_picked(check, rng) -> None:
    net = check.build("lstm", SIZES | {"in_channels": 2, "depth": 2})
    series = torch.randn(3, 5, 2, generator=rng)
    _, ((hidden, cell), (last,)) = net.step(series[:, :4])
    rows = torch.tensor([2, 0])
    picked = ((hidden[rows], cell[rows]), (last[rows],))
    torch.testing.assert_close(net.step(series[rows, 4:], picked)[0], net(series)[rows])


@pytest.mark.parametrize("name", CELLS)
def test_a_net_that_reads_backwards_refuses(check, name) -> None:
    net = check.build(name, SIZES | {"vocab": 9, "bidirectional": True})
    with pytest.raises(ValueError, match="Build it with bidirectional: false"):
        net.step(torch.ones(1, 2, dtype=torch.int64))


@pytest.mark.parametrize("name", CELLS)
def test_no_steps_at_all(check, name) -> None:
    net = check.build(name, SIZES | {"vocab": 9})
    empty = torch.zeros(2, 0, dtype=torch.int64)
    torch.testing.assert_close(net(empty), net(torch.zeros(2, 3, dtype=torch.int64)))
    with pytest.raises(ValueError, match="A series has no steps"):
        check.build(name, SIZES | {"in_channels": 2})(torch.zeros(2, 0, 2))


def test_a_single_row_without_its_batch_axis_is_answered(check) -> None:
    with pytest.raises(ValueError, match=r"tokens\.unsqueeze\(0\)"):
        check.build("gru", SIZES | {"vocab": 9})(torch.ones(4, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"the shape \(batch, time, 2\)"):
        check.build("gru", SIZES | {"in_channels": 2})(torch.zeros(4, 3))


@pytest.mark.parametrize("name", [*CELLS, "transformer"])
def test_a_tagger_answers_every_step_and_padding_changes_nothing(check, rng, name) -> None:
    options = {"num_heads": 2} if name == "transformer" else {"bidirectional": True}
    arguments = {"vocab": 9, "outputs": 4, "width": 8, "pool": "none"} | options
    net = check.build(name, arguments)
    texts = torch.tensor([[5, 3, 9 - 1, 0, 0], [1, 2, 3, 4, 5]])
    assert net(texts).shape == (2, 5, 4)
    torch.testing.assert_close(net(texts)[:1, :3], net(texts[:1, :3]))
    targets = torch.randint(4, (2, 5), generator=rng)
    check.overfits(
        net,
        (texts,),
        targets,
        lr=3e-2,
        loss=lambda outputs, wanted: torch.nn.functional.cross_entropy(
            outputs[texts != 0], wanted[texts != 0]
        ),
    )
