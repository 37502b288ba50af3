"""Cells written out give what torch's fused layers give, forward and backward."""

import pytest
import torch
from torch import nn

from netwright.nets._cells import run_cells


@pytest.mark.parametrize(("depth", "bidirectional"), [(1, False), (2, False), (2, True)])
@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU, "relu"])
def test_states_and_gradients_are_those_of_the_fused_layer(kind, depth, bidirectional) -> None:
    torch.manual_seed(0)
    arguments = {"num_layers": depth, "bidirectional": bidirectional, "batch_first": True}
    rnn = (
        nn.RNN(3, 5, nonlinearity="relu", **arguments)
        if kind == "relu"
        else kind(3, 5, **arguments)
    ).double()
    vectors = torch.randn(2, 6, 3, dtype=torch.float64, requires_grad=True)
    fused, ours = rnn(vectors)[0], run_cells(rnn, vectors)
    torch.testing.assert_close(ours, fused, rtol=0, atol=1e-13)
    of = [vectors, *rnn.parameters()]
    weights = torch.randn_like(fused)
    expected = torch.autograd.grad((fused * weights).sum(), of)
    for mine, theirs in zip(torch.autograd.grad((ours * weights).sum(), of), expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)
