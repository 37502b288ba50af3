"""The LSTM: its forget gates start open, it remembers over a gap, it agrees with torch's layer."""

import torch
from torch.nn import functional as F

from netwright.nets.lstm import LSTM


def test_it_is_torchs_lstm_and_a_linear_layer(rng) -> None:
    net = LSTM(in_channels=3, outputs=2, hidden_size=5, depth=2)
    series = torch.randn(4, 6, 3, generator=rng)
    states, (hidden, _) = net.rnn(series)
    torch.testing.assert_close(net(series), net.output(hidden[-1]))
    torch.testing.assert_close(states[:, -1], hidden[-1])


def test_forget_gates_start_open_and_recurrent_blocks_orthogonal() -> None:
    net = LSTM(vocab=5, outputs=2, width=4, hidden_size=6, depth=2)
    for name, p in net.rnn.named_parameters():
        if name.startswith("bias_ih"):
            assert p.view(4, 6).sum(1).tolist() == [0, 6, 0, 0]
        elif name.startswith("bias_hh"):
            assert not p.any()
        elif name.startswith("weight_hh"):
            for gate in p.chunk(4):
                torch.testing.assert_close(gate @ gate.t(), torch.eye(6), atol=1e-5, rtol=0)


def test_it_learns_to_remember_the_first_token(rng) -> None:
    torch.manual_seed(0)
    net = LSTM(vocab=6, outputs=2, width=8, hidden_size=16)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    accuracy = 0.0
    for _ in range(150):
        tokens = torch.randint(1, 6, (64, 12), generator=rng)
        targets = (tokens[:, 0] > 3).long()
        outputs = net(tokens)
        accuracy = (outputs.argmax(1) == targets).float().mean().item()
        if accuracy == 1:
            break
        optimizer.zero_grad()
        F.cross_entropy(outputs, targets).backward()
        optimizer.step()
    assert accuracy == 1


def test_a_forget_bias_sets_how_much_a_cell_keeps() -> None:
    net = LSTM(in_channels=1, outputs=1, hidden_size=6, forget_bias=5.0)
    assert net.rnn.bias_ih_l0.view(4, 6).sum(1).tolist() == [0, 30, 0, 0]
