"""Control from an environment to a run: it learns, resumes bit for bit, and is told what it cannot
do."""

from pathlib import Path

import pytest
import torch

from netwright.check.check import check
from netwright.data.data import Data
from netwright.data.read import read
from netwright.errors import UsageError
from netwright.plan.design import design
from netwright.plan.plan import Plan
from netwright.train.fit import fit

pytest.importorskip("gymnasium", reason="netwright[control] is not installed")

SMALL = {"objective.steps": 128, "objective.passes": 2, "objective.environments": 4}


@pytest.fixture(scope="module")
def data() -> Data:
    return read("gym:CartPole-v1")


def q_learning(data: Data) -> Plan:
    changes = {
        "objective.name": "q-learning",
        "net.name": "dqn",
        "net.widths": [16],
        "objective.steps": 64,
        "objective.random_steps": 64,
    }
    return design(data).with_(changes)


def test_the_designer_takes_an_actor_and_a_critic(data: Data) -> None:
    plan = design(data)
    assert (plan.net["name"], plan.objective["name"]) == ("actor-critic", "policy-gradient")
    other = q_learning(data)
    assert "method" not in other.objective  # of the objective that was left


def test_nets_and_objectives_that_do_not_fit_are_refused(data: Data) -> None:
    with pytest.raises(UsageError, match="Nets that do: dqn"):
        fit(design(data).with_({"objective.name": "q-learning"}), data, epochs=1)
    with pytest.raises(UsageError, match="members"):
        fit(design(data).with_({"members.count": 2}), data, epochs=1)
    with pytest.raises(UsageError, match="batch_size is 'full'"):
        fit(design(data).with_({"recipe.batch_size": "full"}), data, epochs=1)
    with pytest.raises(UsageError, match="an environment to act in"):
        check(data)


@pytest.mark.parametrize("kind", ["policy-gradient", "q-learning"])
def test_a_run_goes_on_bit_for_bit(kind: str, data: Data, tmp_path: Path) -> None:
    plan = q_learning(data) if kind == "q-learning" else design(data).with_(SMALL)
    whole = fit(plan, data, out=tmp_path / "whole", epochs=4, num_threads=1)
    half = plan.with_({"recipe.epochs": 4})
    stop_after(2, half, data, tmp_path / "half")
    resumed = fit(half, data, out=tmp_path / "half", resume=True, num_threads=1)
    for name, value in whole.model.net.state_dict().items():
        assert torch.equal(value, resumed.model.net.state_dict()[name]), name
    for one, two in zip(whole.history, resumed.history, strict=True):
        assert {k: v for k, v in one.items() if k != "seconds"} == {
            k: v for k, v in two.items() if k != "seconds"
        }
    assert whole.history[-1]["environment_steps"] > whole.history[0]["environment_steps"]


def stop_after(epochs: int, plan: Plan, data: Data, folder: Path) -> None:
    """Interrupt a run in the middle of the epoch after `epochs`."""

    class Interrupting:
        def start(self, total_epochs: int, metric_name: str) -> None: ...
        def message(self, text: str) -> None: ...
        def stop(self, reason: str, kept: int | None = None) -> None: ...

        def epoch(self, number: int, row: dict[str, float]) -> None:
            if number > epochs:
                raise KeyboardInterrupt

    run = fit(plan, data, out=folder, num_threads=1, progress=Interrupting())
    assert run.interrupted


def test_losses_of_what_was_experienced_are_not_judged(data: Data) -> None:
    run = fit(design(data).with_(SMALL), data, epochs=2, num_threads=1)
    assert not run.trace.places("loss") and not run.trace.places("loss.train")
    assert run.trace.places("metric.validation") and "train_loss" in run.history[0]


@pytest.mark.slow
def test_ppo_learns_to_balance(data: Data) -> None:
    run = fit(design(data), data, epochs=6, num_threads=1)
    assert run.validation["mean_return"].value > 150
