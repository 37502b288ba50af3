"""Reconstruction: losses by hand, noise in training only, the linear net finds the components."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

import netwright as nw
from netwright.data.data import Batch, Rows
from netwright.errors import UsageError
from netwright.evaluate.judge import outputs_of
from netwright.nets.autoencoder import Autoencoder
from netwright.nets.variational_autoencoder import VariationalAutoencoder, kl_divergence
from netwright.objectives.reconstruction import Reconstruction, row_errors
from netwright.plan.plan import Plan, Recipe

ROWS = Batch((torch.randn(16, 5, generator=torch.Generator().manual_seed(0)),), torch.zeros(16))


def loss(net: torch.nn.Module, **options: object) -> torch.Tensor:
    torch.manual_seed(0)
    return Reconstruction(**options).step(net, ROWS)["net"]  # type: ignore[arg-type]


def test_plain_errors_by_hand() -> None:
    net = Autoencoder(numeric=5, code_size=2)
    off = net(*ROWS.inputs) - ROWS.inputs[0]
    torch.testing.assert_close(loss(net), off.square().mean())
    torch.testing.assert_close(loss(net, loss="mae"), off.abs().mean())
    errors = row_errors(net, ROWS.inputs)
    torch.testing.assert_close(
        errors[3], torch.stack([off[3].square().mean(), off[3].abs().mean()])
    )


def test_noise_spoils_the_inputs_in_training_and_never_the_target() -> None:
    net = Autoencoder(numeric=5, code_size=2, noise=5.0)
    assert loss(net) != loss(net.eval())
    off = net(*ROWS.inputs) - ROWS.inputs[0]
    torch.testing.assert_close(loss(net), off.square().mean())


def test_a_sparse_code_is_penalised() -> None:
    net = Autoencoder(numeric=5, code_size=8).eval()
    code, plain = net.encode(*ROWS.inputs), loss(net)
    torch.testing.assert_close(loss(net, sparsity=0.3), plain + 0.3 * code.abs().mean())
    share = code.sigmoid().mean(0)
    divergence = 0.1 * (0.1 / share).log() + 0.9 * (0.9 / (1 - share)).log()
    found = loss(net, sparsity=0.3, penalty="kl", active=0.1)
    torch.testing.assert_close(found, plain + 0.3 * divergence.mean())


def test_the_variational_loss_is_the_negative_elbo_up_to_a_factor() -> None:
    net = VariationalAutoencoder(numeric=5, code_size=2).eval()
    rebuilt, mean, log_variance = net(*ROWS.inputs)
    variance = 0.1
    squared = (rebuilt - ROWS.inputs[0]).square().sum(1)
    log_p = -squared / (2 * variance) - 5 / 2 * math.log(2 * math.pi * variance)
    negative_elbo = (kl_divergence(mean, log_variance) - log_p).mean()
    constant = 5 / 2 * math.log(2 * math.pi * variance)
    expected = (negative_elbo - constant) * 2 * variance / 5
    torch.testing.assert_close(loss(net, kl_weight=2 * variance), expected)


def test_the_kl_weight_warms_up_with_the_steps_that_the_net_remembers() -> None:
    net = VariationalAutoencoder(numeric=5, code_size=2).eval()
    whole, none = loss(net, kl_weight=1.0), loss(net, kl_weight=0.0)
    for steps, share in ((0, 0.0), (5, 0.5), (20, 1.0)):
        net.steps.fill_(steps)
        found = loss(net, kl_weight=1.0, kl_warmup=10)
        torch.testing.assert_close(found, none + share * (whole - none))
    before = int(net.train().steps)
    loss(net)
    assert int(net.steps) == before + 1 and "steps" in net.state_dict()


def test_known_anomalies_do_not_count() -> None:
    errors = torch.tensor([[1.0, 2.0], [3.0, 4.0], [100.0, 100.0]])
    flags = torch.tensor([0, -1, 1])
    assert Reconstruction().compute(errors, flags).item() == 2.0
    assert Reconstruction(loss="mae").compute(errors, flags).item() == 3.0
    assert Reconstruction().compute(errors[2:], flags[2:]).item() == 100.0  # there are no others


@pytest.mark.parametrize("options", [{"loss": "msee"}, {"penalty": "l3"}, {"sparsity": -1.0}])
def test_wrong_settings_are_refused(options: dict) -> None:
    with pytest.raises(UsageError, match=f"objective.{next(iter(options))} is"):
        Reconstruction(**options)
    with pytest.raises(UsageError, match=r"use net\.name=autoencoder"):
        loss(VariationalAutoencoder(numeric=5), sparsity=1.0)


def test_a_linear_net_that_is_fitted_finds_the_principal_subspace() -> None:
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    table = pd.DataFrame(rng.normal(size=(300, 4)) * [3, 2, 0.5, 0.2] @ turn, columns=[*"abcd"])
    data = nw.read(table, task="reconstruction")
    net = {"name": "autoencoder", "code_size": 2, "widths": [], **data.encoding.shapes()}
    recipe = Recipe(
        lr=0.02, epochs=40, batch_size=32, patience=None, init="default", optimizer="adam"
    )
    run = nw.fit(Plan(net=net, objective={"name": "reconstruction"}, recipe=recipe), data)
    train, test = data.train, data.test
    assert isinstance(train, Rows) and isinstance(test, Rows)
    mean = train.inputs[0].mean(0)
    axes = torch.linalg.svd(train.inputs[0] - mean, full_matrices=False).Vh[:2]
    off = (test.inputs[0] - mean) @ (torch.eye(4) - axes.T @ axes)
    found = outputs_of(run.model, test)[:, 0].mean()
    assert found.item() == pytest.approx(off.square().mean().item(), rel=0.05)
