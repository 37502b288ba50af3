"""Layers that rest: which do, that nothing moves them, and that they thaw when they are to."""

import copy
import typing

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

import netwright as nw
from netwright.cli.freeze import POLICIES, with_policy
from netwright.diagnose.symptoms import is_probed, update_ratios
from netwright.errors import UsageError
from netwright.nets.resnet import ResNet
from netwright.plan.plan import Freeze, Plan, Recipe
from netwright.repair.remedies.unfreeze import unfreeze
from netwright.train.fit import fit
from netwright.train.freezing import freeze_, learning, train_mode_
from netwright.train.run import Run
from netwright.train.taking import Taken
from netwright.train.training import Training
from netwright.watch.trace import Trace

SIZES = {"in_channels": 1, "height": 8, "width": 8, "channels": [4, 8], "blocks": 1}


def net_and_taken() -> tuple[nn.Module, Taken]:
    net = ResNet(**SIZES, outputs=3)  # type: ignore[arg-type]
    head = ("fc.weight", "fc.bias")
    return net, Taken("old", tuple(n for n in net.state_dict() if n not in head), head, (), head)


def learns(net: nn.Module) -> set[str]:
    return {name.partition(".")[0] for name, p in net.named_parameters() if p.requires_grad}


def test_what_rests_is_the_body_or_its_early_layers() -> None:
    net, taken = net_and_taken()
    said = freeze_(net, taken, "body")
    assert learns(net) == {"fc"} and learning(net) == 8 * 3 + 3
    assert said.startswith("all that was taken rests: 27 of ")
    net, taken = net_and_taken()
    freeze_(net, taken, "early")
    assert learns(net) == {"layer2", "fc"}
    net, taken = net_and_taken()
    assert freeze_(net, taken, "at-first").endswith("learn at first") and learns(net) == {"fc"}


def test_a_head_learns_though_it_was_taken_as_well() -> None:
    net, taken = net_and_taken()
    same = Taken("old", (*taken.taken, *taken.new), (), (), taken.head)
    freeze_(net, same, "body")
    assert learns(net) == {"fc"}


def test_where_nothing_would_learn_it_is_refused() -> None:
    net, taken = net_and_taken()
    with pytest.raises(UsageError, match="nothing would be left to learn"):
        freeze_(net, Taken("old", (*taken.taken, *taken.new), (), ()), "body")
    with pytest.raises(UsageError, match="would rest at their random start"):
        Recipe(freeze="body")


def test_batch_norms_that_rest_stay_in_eval_mode() -> None:
    net, taken = net_and_taken()
    freeze_(net, taken, "early")
    train_mode_(net)
    assert net.training and net.get_submodule("layer2.0.bn1").training
    assert not net.get_submodule("bn1").training
    assert not net.get_submodule("layer1.0.bn1").training


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[nw.Data, str, Plan]:
    """Three classes, a model that was trained for two others, and the plan to train it on."""
    folder = tmp_path_factory.mktemp("frozen")
    digits = load_digits()
    for name, classes in (("old", (0, 1)), ("new", (2, 3, 4))):
        chosen = np.isin(digits.target, classes)
        np.savez(
            folder / f"{name}.npz",
            x=(digits.images[chosen][:150, :, :, None] * 15).astype(np.uint8),
            y=digits.target[chosen][:150],
        )
    net = {"name": "resnet", **SIZES, "outputs": 2}
    recipe = Recipe(lr=0.01, epochs=2, batch_size=32)
    old = nw.read(folder / "old.npz")
    fit(Plan(net=net, recipe=recipe), old).model.save(folder / "model")
    plan = Plan(net=net | {"outputs": 3}, recipe=recipe)
    changes = {"recipe.init_from": str(folder), "recipe.freeze": "body", "recipe.epochs": 5}
    return nw.read(folder / "new.npz"), str(folder), plan.with_(changes)


def moved(run: Run, folder: str) -> set[str]:
    """Return the parts of the net, buffers included, that are not what the model had."""
    before = nw.load(folder).net.state_dict()
    after = run.model.net.state_dict()
    return {
        name.partition(".")[0]
        for name, x in after.items()
        if x.shape != before[name].shape or not torch.equal(x.cpu(), before[name])
    }


def test_the_body_and_its_statistics_are_what_they_were(begun: tuple[nw.Data, str, Plan]) -> None:
    data, folder, plan = begun
    run = fit(plan, data)
    assert moved(run, folder) == {"fc"}
    assert any("27 of" in entry.what for entry in data.ledger if entry.action == "trained")
    assert not [f for f in run.findings if f.severity != "info"]
    assert is_probed(run.trace)
    assert min(update_ratios(run.trace)[1]) > 0  # weights that rest do not make the rate look low


def test_the_optimiser_holds_what_learns_alone(begun: tuple[nw.Data, str, Plan]) -> None:
    data, _, plan = begun
    training = Training(plan, data, None, 0, torch.device("cpu"), None, None, None)
    training.prepare()
    held = [p for group in training.optimizer.param_groups for p in group["params"]]
    assert sum(p.numel() for p in held) == 27
    assert list(training.probe.trace.places("frozen")) == []  # nothing was sampled yet


def test_a_body_thaws_after_a_fifth_of_the_steps(begun: tuple[nw.Data, str, Plan]) -> None:
    data, folder, plan = begun
    plan = plan.with_({"recipe.freeze": "at-first", "recipe.patience": 1})
    training = Training(plan, data, None, 0, torch.device("cpu"), None, None, None)
    training.prepare()
    training.run_epoch()
    assert learns(training.net) == {"fc"} and training.state.thawed == -1
    training.run_epoch()
    assert training.state.thawed == 1
    held = [p for group in training.optimizer.param_groups for p in group["params"]]
    assert sum(p.numel() for p in held) == learning(training.net) > 27
    assert not is_probed(training.trace)
    assert {"conv1", "layer1", "fc"} <= moved(training.finish(), folder)


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_run_that_thaws_is_resumed_bit_for_bit(
    begun: tuple[nw.Data, str, Plan], epochs: int
) -> None:
    data, _, plan = begun
    plan = plan.with_({"recipe.freeze": "at-first", "recipe.patience": None})
    with nw.device.seeded(0):
        whole = Training(plan, data, None, 0, torch.device("cpu"), None, None, None)
        whole.threads_given = True
        whole.prepare()
        for _ in range(epochs):
            whole.run_epoch()
        saved = copy.deepcopy(whole.packed())
        whole.run_epoch()
    with nw.device.seeded(0):
        again = Training(plan, data, None, 0, torch.device("cpu"), None, None, None)
        again.threads_given = True
        again.prepare(saved)
        again.run_epoch()
    for name, value in whole.net.state_dict().items():
        assert torch.equal(value, again.net.state_dict()[name]), name


def test_the_remedy_lets_the_body_learn_later(begun: tuple[nw.Data, str, Plan]) -> None:
    _, _, plan = begun
    (treated,) = unfreeze(plan, Trace())
    assert treated.recipe.freeze == "at-first"
    assert unfreeze(treated, Trace()) == []


def test_freeze_may_stand_alone() -> None:
    assert set(POLICIES) == set(typing.get_args(Freeze))
    assert with_policy(["--freeze", "old", "new"]) == ["--freeze", "body", "old", "new"]
    assert with_policy(["old", "new", "--freeze"]) == ["old", "new", "--freeze", "body"]
    assert with_policy(["old", "--freeze", "early", "new"]) == ["old", "--freeze", "early", "new"]
    assert with_policy(["a", "b", "--freeze", "erly"])[-1] == "erly"  # the plan names it
