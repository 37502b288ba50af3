"""The autoencoder: shapes of every kind, the linear one finds the PCA subspace, noise, tied."""

import pytest
import torch
from torch.nn import functional as F

from netwright.nets.autoencoder import Autoencoder

IMAGE = {"in_channels": 2, "height": 9, "width": 7, "code_size": 24, "channels": [8, 16]}
SERIES = {"in_channels": 2, "length": 5, "code_size": 6, "widths": [24]}
TABLE = {"numeric": 3, "cardinalities": [4], "code_size": 6, "widths": [24]}


def batch(kind: dict, rng: torch.Generator) -> tuple[torch.Tensor, ...]:
    if kind is TABLE:
        return torch.randn(6, 3, generator=rng), (torch.arange(6) % 4)[:, None]
    if kind is SERIES:
        return (torch.randn(6, 5, 2, generator=rng),)
    return (F.interpolate(torch.randn(6, 2, 3, 3, generator=rng), (9, 7)),)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (IMAGE, {}),
        (IMAGE, {"norm": "batch", "activation": "silu"}),
        (IMAGE, {"layers": "dense", "widths": [64]}),
        (SERIES, {}),
        (TABLE, {}),
        (TABLE, {"tied": True, "activation": "tanh"}),
    ],
)
def test_shape_gradient_and_one_batch(check, rng, kind, options) -> None:
    net = check.build("autoencoder", kind | options)
    inputs = batch(kind, rng)
    target = net.target(*inputs)
    assert net(*inputs).shape == target.shape
    assert net.encode(*inputs).shape == (6, kind["code_size"])
    assert torch.equal(net.decode(net.encode(*inputs)), net(*inputs))
    check.gradient_reaches_every_parameter(net, inputs)
    check.overfits(net, inputs, target, lr=1e-2, loss=F.mse_loss, below=0.2)


def test_of_a_table_categories_are_rebuilt_as_one_hot() -> None:
    net = Autoencoder(**TABLE)
    target = net.target(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[2]]))
    assert target.tolist() == [[1, 2, 3, 0, 0, 1, 0]]


def test_the_linear_one_finds_the_principal_subspace(rng) -> None:
    x = torch.randn(80, 5, generator=rng, dtype=torch.float64)
    x = (x - x.mean(0)) * torch.tensor([3.0, 2.0, 1.0, 0.5, 0.2], dtype=torch.float64)
    x = x @ torch.linalg.qr(torch.randn(5, 5, generator=rng, dtype=torch.float64))[0]
    torch.manual_seed(0)
    net = Autoencoder(numeric=5, code_size=2, widths=[]).double()
    optimizer = torch.optim.LBFGS(net.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = F.mse_loss(net(x), x)
        loss.backward()
        return loss

    optimizer.step(closure)
    components = torch.linalg.svd(x - x.mean(0), full_matrices=False)[2][:2]
    best = F.mse_loss((x - x.mean(0)) @ components.t() @ components + x.mean(0), x)
    assert closure().item() == pytest.approx(best.item(), rel=1e-4)
    written = torch.linalg.qr(net.decoder[0].weight.detach())[0]  # what it can draw
    cosines = torch.linalg.svdvals(components @ written)
    assert cosines.min() > 0.999


def test_tied_weights_are_one_tensor_read_both_ways(rng) -> None:
    net = Autoencoder(numeric=4, code_size=2, widths=[3], tied=True, activation="tanh")
    x = torch.randn(5, 4, generator=rng)
    first, last = net.encoder[1], net.encoder[3]
    hidden = torch.tanh(net.encode(x) @ last.weight + net.decoder.biases[0])
    torch.testing.assert_close(net(x), hidden @ first.weight + net.decoder.biases[1])
    assert sum(p.numel() for p in net.parameters()) == (4 * 3 + 3) + (3 * 2 + 2) + 3 + 4
    assert len({t.data_ptr() for t in net.state_dict().values()}) == len(net.state_dict())


def test_inputs_are_spoilt_in_training_alone() -> None:
    torch.manual_seed(0)
    x = torch.ones(400, 50)
    noisy = Autoencoder(numeric=50, noise=0.3)
    assert (noisy.spoil(x) - x).std().item() == pytest.approx(0.3, rel=0.05)
    masked = Autoencoder(numeric=50, masking=0.2)
    spoilt = masked.spoil(x)
    assert set(spoilt.unique().tolist()) == {0, 1}
    assert (spoilt == 0).float().mean().item() == pytest.approx(0.2, rel=0.1)
    assert torch.equal(noisy.eval().spoil(x), x) and torch.equal(masked.eval().spoil(x), x)
    assert torch.equal(noisy.target(x), x)


@pytest.mark.parametrize("size", [(1, 1), (5, 12), (28, 28)])
def test_pictures_of_any_size(size) -> None:
    net = Autoencoder(in_channels=1, height=size[0], width=size[1], channels=[2, 2, 2])
    assert net(torch.zeros(1, 1, *size)).shape == (1, 1, *size)


def test_errors_say_what_to_do() -> None:
    with pytest.raises(ValueError, match="has no inputs"):
        Autoencoder(in_channels=3)
    with pytest.raises(ValueError, match="convolutions are not tied"):
        Autoencoder(**IMAGE, tied=True)
    with pytest.raises(ValueError, match="only images are read so"):
        Autoencoder(numeric=3, layers="convolutional")
    with pytest.raises(ValueError, match=r"shape \(4,\); this net was made for \(3,\)"):
        Autoencoder(numeric=3)(torch.zeros(1, 4))
    with pytest.raises(ValueError, match=r"masking is 1\.0"):
        Autoencoder(numeric=3, masking=1.0)
