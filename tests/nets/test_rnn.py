"""The recurrent net: its equation by hand, texts and series, every pool, both directions."""

import pytest
import torch

from netwright.nets.rnn import RNN

TEXT = {"vocab": 12, "length": 7, "outputs": 3, "width": 8, "hidden_size": 16}
SERIES = {"in_channels": 2, "length": 7, "outputs": 3, "hidden_size": 16}


@pytest.mark.parametrize(
    "options", [{}, {"pool": "mean", "depth": 2}, {"bidirectional": True, "pool": "max"}]
)
@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
def test_shape_gradient_and_one_batch(check, rng, name, options) -> None:
    tokens = torch.randint(1, 12, (6, 7), generator=rng)
    tokens[:3, 4:] = 0
    for arguments, inputs in ((TEXT, tokens), (SERIES, torch.randn(6, 7, 2, generator=rng))):
        net = check.build(name, arguments | options)
        assert net(inputs).shape == (6, 3)
        check.gradient_reaches_every_parameter(net, (inputs,))
        check.overfits(net, (inputs,), torch.arange(6) % 3, lr=2e-2)


@pytest.mark.parametrize("pool", ["last", "mean", "max"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
def test_padding_changes_nothing(check, name, bidirectional, pool) -> None:
    net = check.build(name, TEXT | {"bidirectional": bidirectional, "pool": pool, "depth": 2})
    short = torch.tensor([[5, 3, 9]])
    padded = torch.tensor([[5, 3, 9, 0, 0, 0], [1, 2, 3, 4, 5, 6]])
    torch.testing.assert_close(net(padded)[:1], net(short))
    assert net(torch.zeros(2, 5, dtype=torch.int64)).isfinite().all()


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
def test_an_answer_at_every_step_depends_on_the_past_alone(check, name) -> None:
    net = check.build(name, TEXT | {"pool": "none", "outputs": 12})
    tokens = torch.tensor([[1, 2, 3, 4, 5]])
    changed = torch.tensor([[1, 2, 3, 9, 9]])
    assert net(tokens).shape == (1, 5, 12)
    assert torch.equal(net(tokens)[:, :3], net(changed)[:, :3])
    assert not torch.allclose(net(tokens)[:, 3], net(changed)[:, 3])


def test_the_equation_by_hand(rng) -> None:
    net = RNN(**SERIES)
    series = torch.randn(1, 7, 2, generator=rng)
    p = dict(net.rnn.named_parameters())
    state = torch.zeros(16)
    for x in series[0]:
        state = torch.tanh(p["weight_ih_l0"] @ x + p["weight_hh_l0"] @ state + p["bias_ih_l0"])
    torch.testing.assert_close(net(series)[0], net.output(state))


def test_the_backward_direction_is_read_at_the_first_step(rng) -> None:
    net = RNN(**SERIES, bidirectional=True)
    series = torch.randn(2, 7, 2, generator=rng)
    states = net.rnn(series)[0]
    expected = torch.cat([states[:, -1, :16], states[:, 0, 16:]], 1)
    torch.testing.assert_close(net(series), net.output(expected))


def test_texts_or_series_but_not_both() -> None:
    with pytest.raises(ValueError, match="Give vocab for texts or in_channels for series"):
        RNN(outputs=1)
