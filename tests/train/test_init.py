"""Initialisation: the variance each scheme promises, what is left alone, what is said."""

import pytest
import torch
from torch import nn

from netwright.errors import UsageError
from netwright.nets._layers import output_layer
from netwright.nets.gru import GRU
from netwright.nets.lstm import LSTM
from netwright.train.init import MATCHING, SCHEMES, initialise_


def start(scheme: str, net: nn.Module, activation: str = "relu", seed: int = 0) -> str:
    return initialise_(net, scheme, activation=activation, rng_seed=seed)


@pytest.mark.parametrize(
    ("scheme", "variance"),
    [
        ("lecun-normal", 1 / 400),
        ("lecun-uniform", 1 / 400),
        ("he-normal", 2 / 400),
        ("he-uniform", 2 / 400),
        ("xavier-normal", 2 / (400 + 100)),
        ("xavier-uniform", 2 / (400 + 100)),
        ("zero", 0.0),
        ("constant", 0.0),
    ],
)
def test_variance_of_the_weights(scheme: str, variance: float) -> None:
    layer = nn.Linear(400, 100)
    said = start(scheme, layer)
    assert scheme in said
    assert abs(layer.weight.var().item() - variance) < 0.05 * variance + 1e-12
    assert not layer.bias.any()


def test_orthogonal_rows_are_orthonormal() -> None:
    layer = nn.Linear(30, 10)
    start("orthogonal", layer)
    torch.testing.assert_close(layer.weight @ layer.weight.t(), torch.eye(10))


@pytest.mark.parametrize("activation", ["relu", "tanh", "selu"])
def test_auto_keeps_the_signal_through_twenty_layers(
    activation,
) -> None:
    act = {"relu": nn.ReLU, "tanh": nn.Tanh, "selu": nn.SELU}[activation]
    net = nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(256, 256), act())])
    x = torch.randn(64, 256, generator=torch.Generator().manual_seed(1))
    said = start("auto", net, activation)
    assert f"{MATCHING[activation]} for 20 layers (matches {activation})" in said
    # tanh with Xavier shrinks like 1 / (2 x layers), the others not at all.
    assert 0.01 < net(x).square().mean() < 3
    if activation == "relu":
        start("lecun-normal", net)
        assert net(x).square().mean() < 1e-4


def test_the_seed_decides_and_the_global_stream_is_untouched() -> None:
    nets = [nn.Linear(5, 5) for _ in range(3)]
    before = torch.get_rng_state()
    for net, seed in zip(nets, (1, 1, 2), strict=True):
        start("he-normal", net, seed=seed)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(nets[0].weight, nets[1].weight)
    assert not torch.equal(nets[0].weight, nets[2].weight)


def test_default_changes_nothing() -> None:
    net = nn.Linear(3, 3)
    before = net.weight.clone()
    start("default", net)
    assert torch.equal(net.weight, before)


def test_embeddings_norms_and_purpose_built_modules_are_left_alone() -> None:
    purpose = nn.Linear(4, 4)
    purpose.own_init = True  # type: ignore[assignment]
    embedding = nn.Embedding(5, 4)
    tied = nn.Linear(4, 5)
    tied.weight = embedding.weight
    net = nn.ModuleList([purpose, embedding, tied, nn.LayerNorm(4), nn.MultiheadAttention(4, 2)])
    before = {k: v.clone() for k, v in net.state_dict().items() if k != "2.bias"}
    start("zero", net)
    after = net.state_dict()
    assert all(torch.equal(v, after[k]) for k, v in before.items())


def test_outputs_keep_the_small_start_under_auto_alone() -> None:
    net = output_layer(100, 10)
    before = net.weight.clone()
    assert "feeds outputs" in start("auto", net)
    assert torch.equal(net.weight, before)
    start("he-normal", net)
    assert not torch.equal(net.weight, before)


def test_recurrent_layers_get_orthogonal_blocks_and_an_open_forget_gate() -> None:
    lstm = nn.LSTM(6, 8)
    start("auto", lstm, "tanh")
    for block in lstm.weight_hh_l0.chunk(4):
        torch.testing.assert_close(block @ block.t(), torch.eye(8))
    assert lstm.bias_ih_l0.view(4, 8).sum(1).tolist() == [0, 8, 0, 0]
    assert not lstm.bias_hh_l0.any()
    # Xavier's bound of one gate's block, not of the four stacked.
    bound = (6 / (6 + 8)) ** 0.5
    assert 0.8 * bound < lstm.weight_ih_l0.abs().max() <= bound


@pytest.mark.parametrize(
    "net",
    [
        LSTM(in_channels=1, outputs=1, hidden_size=6, forget_bias=5.0),
        GRU(in_channels=1, outputs=1, hidden_size=6, update_bias=5.0),
    ],
)
def test_a_gate_keeps_the_bias_that_its_net_asks_for(net) -> None:
    start("auto", net, "tanh")
    assert net.rnn.bias_ih_l0.view(-1, 6)[1].tolist() == [5.0] * 6
    assert net.rnn.bias_ih_l0.sum() == 30


def test_mistyped_names_are_answered() -> None:
    with pytest.raises(UsageError, match="Did you mean 'he-normal'"):
        start("he-norml", nn.Linear(2, 2))
    with pytest.raises(UsageError, match="Did you mean 'relu'"):
        start("auto", nn.Linear(2, 2), activation="rellu")


def test_every_scheme_runs_on_every_kind_of_layer() -> None:
    for scheme in SCHEMES:
        net = nn.ModuleList(
            [nn.Linear(3, 2), nn.Conv1d(2, 4, 3), nn.Conv2d(2, 4, 3), nn.GRU(3, 2), nn.RNN(3, 2)]
        )
        assert "5 layers" in start(scheme, net)
