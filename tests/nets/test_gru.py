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
