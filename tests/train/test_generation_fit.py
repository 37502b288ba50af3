"""Adversarial and variational nets through the one loop: they come nearer, and resume bit for
bit."""

from pathlib import Path

import pytest
import torch

import netwright as nw
from netwright.errors import UsageError
from netwright.evaluate.constant import constant_score
from netwright.model.drawing import draw
from netwright.plan.plan import Plan

FEW = {"recipe.epochs": 5, "net.widths": [32, 32], "recipe.batch_size": 256}


def plan_of(changes: dict) -> Plan:
    return nw.design(nw.read("8-gaussians")).with_(FEW | changes)


def test_a_gan_comes_nearer_and_its_average_is_judged() -> None:
    data = nw.read("8-gaussians")
    run = nw.fit(plan_of({"recipe.lr": 3e-3}), data, num_threads=1)
    found = [row["energy_distance"] for row in run.history]
    assert run.validation["energy_distance"].value == pytest.approx(min(found))
    assert min(found) < 0.5 * constant_score(data, "energy_distance")
    assert run.history[0]["validation_loss"] == pytest.approx(found[0])


def test_wgan_gp_steps_its_critic_several_times() -> None:
    changes = {"objective.loss": "wasserstein", "objective.gradient_penalty": 1.0}
    plan = plan_of(changes | {"objective.critic_steps": 4, "recipe.epochs": 2})
    run = nw.fit(plan, nw.read("8-gaussians"), num_threads=1)
    assert len(run.history) == 2 and torch.isfinite(torch.tensor(run.history[-1]["train_loss"]))


def test_weights_as_dcgan_has_them_are_no_fault_though_its_losses_do_not_fall() -> None:
    data = nw.read("digits", task="generation")
    plan = nw.design(data).with_({"net.channels": [8, 16], "recipe.epochs": 24})
    run = nw.fit(plan, data, num_threads=1)
    assert len(run.history) == 24 and run.history[-1]["train_loss"] > 0
    assert not run.trace.places("loss") and not run.trace.places("loss.train")
    assert "wrong-initialization" not in {one.fault for one in run.findings}


def test_an_interrupted_gan_goes_on_bit_for_bit(tmp_path: Path) -> None:
    data = nw.read("8-gaussians")
    plan = plan_of({"recipe.epochs": 4})
    whole = nw.fit(plan, data, num_threads=1)

    class Stop:
        def start(self, total_epochs: int, metric_name: str) -> None: ...
        def message(self, text: str) -> None: ...
        def stop(self, reason: str, kept: int | None = None) -> None: ...
        def epoch(self, number: int, row: dict[str, float]) -> None:
            if number == 2:
                raise KeyboardInterrupt

    nw.fit(plan, data, out=tmp_path, num_threads=1, progress=Stop())
    resumed = nw.fit(plan, data, out=tmp_path, num_threads=1, resume=True)
    for name, value in whole.model.net.state_dict().items():
        assert torch.equal(resumed.model.net.state_dict()[name], value), name


def test_a_variational_autoencoder_draws_too() -> None:
    data = nw.read("8-gaussians")
    net = {"name": "variational-autoencoder", **data.encoding.shapes(), "code_size": 2}
    objective = {"name": "reconstruction", "kl_weight": 0.05, "kl_warmup": 50}
    recipe = nw.design(data).with_({"recipe.epochs": 6, "recipe.lr": 5e-3}).recipe
    run = nw.fit(Plan(net=net, objective=objective, recipe=recipe), data, num_threads=1)
    assert run.validation["energy_distance"].value < 0.3
    assert int(run.model.net.steps) > 50


@pytest.mark.parametrize(
    "changes", [{"members.count": 2}, {"recipe.snapshots": 2}, {"recipe.swa": 0.5}]
)
def test_what_averages_answers_is_refused(changes: dict) -> None:
    with pytest.raises(UsageError, match=next(iter(changes)).removesuffix(".count")):
        nw.fit(plan_of(changes), nw.read("8-gaussians"))


@pytest.mark.slow
def test_drawn_digits_of_a_class_differ_as_real_ones_do() -> None:
    data = nw.read("digits", task="generation")
    run = nw.fit(nw.design(data).with_({"recipe.epochs": 100}), data, num_threads=1)
    assert min(row["energy_distance"] for row in run.history) < 0.005
    drawn = draw(run.model, 200, classes=torch.full((200,), 3)).flatten(1)
    threes = data.test.inputs[0][data.test.targets == 3]  # type: ignore[attr-defined]
    (real,) = data.encoding.prepare((threes,))
    assert torch.pdist(drawn).mean() > 0.6 * torch.pdist(real.flatten(1)).mean()
