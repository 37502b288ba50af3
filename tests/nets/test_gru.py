"""The GRU: its equation by hand."""

import torch

from netwright.nets.gru import GRU


def test_the_equation_by_hand(rng) -> None:
    net = GRU(in_channels=2, outputs=3, hidden_size=5)
    series = torch.randn(1, 4, 2, generator=rng)
    p = dict(net.rnn.named_parameters())
    state = torch.zeros(5)
    for x in series[0]:
        from_x = (p["weight_ih_l0"] @ x + p["bias_ih_l0"]).chunk(3)
        from_state = (p["weight_hh_l0"] @ state + p["bias_hh_l0"]).chunk(3)
        reset = torch.sigmoid(from_x[0] + from_state[0])
        keep = torch.sigmoid(from_x[1] + from_state[1])
        new = torch.tanh(from_x[2] + reset * from_state[2])
        state = (1 - keep) * new + keep * state
    torch.testing.assert_close(net(series)[0], net.output(state))


def test_an_update_bias_sets_how_much_a_state_keeps() -> None:
    net = GRU(in_channels=1, outputs=1, hidden_size=6, update_bias=5.0)
    assert net.rnn.bias_ih_l0.view(3, 6).sum(1).tolist() == [0, 30, 0]
    with torch.no_grad():
        net.rnn.weight_hh_l0.zero_()
        state = torch.ones(1, 1, 6)
        states, _ = net.rnn(torch.zeros(1, 1, 1), state)
    assert (states > 0.97).all()  # sigmoid(5) of it, and little that is new
