"""Members on folds: each is a net a fold, judged on the rows that its nets did not train on."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_data import small_data, small_plan

from netwright.data.data import Data, Rows
from netwright.data.folds import deal_folds
from netwright.errors import DataError
from netwright.model.combining import mean_of_members
from netwright.plan.plan import Plan
from netwright.train.fit import fit
from netwright.train.members import SEEDS_A_RUN

SPACE = {"recipe.lr": {"log": [1e-3, 3e-2]}, "net.depth": [1, 2]}


def data_of(*, regression: bool = False) -> Data:
    data = small_data(regression=regression)
    return replace(data, blocks=torch.arange(len(data.train) + len(data.validation)))


def plan_of(count: int, **recipe: object) -> Plan:
    changes = {"members.count": count, "members.folds": 3, "members.space": SPACE}
    return small_plan(**recipe).with_(changes)


@pytest.mark.parametrize("net", ["mlp", "tabm"])
def test_each_net_is_its_solo_run_on_the_other_folds(net: str) -> None:
    data = data_of()
    own = {"members": 4} if net == "tabm" else {}
    plan = plan_of(2).with_({"net.name": net, **{f"net.{k}": v for k, v in own.items()}})
    run = fit(plan, data, seed=2, num_threads=1)
    folds = deal_folds(data, 3, seed=2)
    answers, expected = [], torch.empty(len(folds.validation), 3)
    for fold, part in enumerate(folds.data):
        one = fit(plan.member(1), part, seed=2 * SEEDS_A_RUN + 3 + fold, num_threads=1)
        expected[folds.positions[fold]] = one.model.forward_rows(part.validation)
        answers.append(one.model.forward_rows(data.test))
    member = run.notes["members"][1]
    assert [part["seed"] for part in member["folds"]] == [2003, 2004, 2005]
    assert isinstance(folds.validation, Rows)
    right = (expected.argmax(1) == folds.validation.targets).double().mean().item()
    assert member["score"] == pytest.approx(right, abs=0.01)
    alone = fit(plan.with_({"members.selection": "all"}), data, seed=2, num_threads=1).model
    weights = torch.zeros(alone.net.members)
    weights[alone.net.members // 2 :] = 2 / alone.net.members
    with torch.no_grad():
        found = mean_of_members(alone.net(*data.test.inputs), "multiclass", weights)
    torch.testing.assert_close(
        found, mean_of_members(torch.stack(answers, 1), "multiclass"), rtol=1e-3, atol=1e-4
    )


def test_the_score_is_of_rows_that_the_answering_nets_had_not_seen() -> None:
    # Targets of pure noise: nets that learn them by heart know nothing of rows they did not see.
    data = data_of(regression=True)
    rng = torch.Generator().manual_seed(0)

    def noisy(split: object) -> Rows:
        assert isinstance(split, Rows)
        return replace(split, targets=torch.randn(len(split), 1, generator=rng))

    data = replace(data, train=noisy(data.train), validation=noisy(data.validation))
    plan = plan_of(2, outputs=1, loss="mse", epochs=60, keep="last").with_(
        {"net.width": 64, "net.dropout": 0.0, "recipe.lr": 0.01}
    )
    run = fit(plan, data, num_threads=1)
    outputs = run.model.forward_rows(data.validation)
    assert isinstance(data.validation, Rows)
    by_heart = float((outputs - data.validation.targets).square().mean().sqrt())
    assert by_heart < 0.8 and run.validation["rmse"].value > 1.0


def test_a_run_says_which_rows_were_in_which_fold() -> None:
    run = fit(plan_of(2), data_of(), num_threads=1)
    said = run.notes["folds"]
    assert said["count"] == 3 and said["validated"] == 225
    assert sorted(row for fold in said["rows"] for row in fold) == list(range(225))
    assert len(run.notes["members"]) == 2 and run.history[-1]["members"] == 2
    chosen = sum(member["weight"] > 0 for member in run.notes["members"])
    assert len(run.model.net.nets) == 3 * chosen


def test_an_interrupted_run_on_folds_goes_on_to_the_same_one(tmp_path: Path) -> None:
    plan, data = plan_of(2, epochs=6), data_of()
    whole = fit(plan, data, num_threads=1, seed=1)

    class Interrupts:
        def start(self, total_epochs: int, metric_name: str) -> None: ...
        def message(self, text: str) -> None: ...
        def stop(self, reason: str, kept: int | None = None) -> None: ...
        def epoch(self, number: int, row: dict[str, float]) -> None:
            if number == 3:
                os.kill(os.getpid(), signal.SIGINT)

    first = fit(plan, data, num_threads=1, seed=1, out=tmp_path, progress=Interrupts())
    assert first.interrupted and len(first.history) == 3
    went_on = fit(plan, data, num_threads=1, seed=1, out=tmp_path, resume=True)
    states = [run.model.net.state_dict() for run in (whole, went_on)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert whole.model.spec == went_on.model.spec
    assert whole.model.temperature == went_on.model.temperature
    untimed = [
        [{k: v for k, v in row.items() if k != "seconds"} for row in run.history]
        for run in (whole, went_on)
    ]
    assert untimed[0] == untimed[1]


def test_rows_that_may_not_be_divided_anew_are_refused() -> None:
    with pytest.raises(DataError, match="divided by time or by you"):
        fit(plan_of(2), small_data())
