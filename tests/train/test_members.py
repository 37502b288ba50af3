"""Members: an ensemble of a plan's members, selected while they train."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from small_data import small_data, small_plan

from netwright.data.corpus import corpus_data
from netwright.data.data import Source
from netwright.data.ledger import Ledger
from netwright.diagnose.finding import Finding
from netwright.errors import UsageError
from netwright.model.combining import mean_of_members
from netwright.plan.plan import Plan, Recipe
from netwright.train.fit import fit
from netwright.train.members import SEEDS_A_RUN, merge_findings

SPACE = {"recipe.lr": {"log": [1e-3, 3e-2]}, "net.dropout": {"uniform": [0.0, 0.3]}}


def plan_of(count: int, space: Any = None, **recipe: Any) -> Plan:
    changes = {"members.count": count} | ({"members.space": space} if space else {})
    return small_plan(**recipe).with_(changes)


def same(first: Any, second: Any) -> bool:
    a, b = first.model.net.state_dict(), second.model.net.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_deep_ensemble_is_the_mean_of_its_members_trained_alone() -> None:
    data = small_data()
    run = fit(plan_of(3), data, seed=2, num_threads=1)
    alone = [
        fit(plan_of(3).member(i), data, seed=2 * SEEDS_A_RUN + i, order_seed=2, num_threads=1)
        for i in range(3)
    ]
    outputs = torch.stack([one.model.forward_rows(data.validation) for one in alone], 1)
    expected = mean_of_members(outputs, "multiclass")
    torch.testing.assert_close(
        run.model.forward_rows(data.validation), expected, rtol=1e-3, atol=1e-4
    )
    assert [one["weight"] for one in run.notes["members"]] == [round(1 / 3, 4)] * 3
    assert len(run.history) == 4 and run.history[-1]["members"] == 3
    assert set(run.history[0]) >= {"epoch", "step", "train_loss", "validation_loss", "accuracy"}
    assert run.history[-1]["validation_loss"] == pytest.approx(
        float(torch.nn.functional.cross_entropy(expected, data.validation.targets)), rel=1e-3
    )


def test_language_models_are_judged_by_the_mean_probability_of_their_members() -> None:
    text = "the cat sat on the mat and the rat ran to the hat; " * 60
    data = corpus_data({"all": text}, source=Source("rhymes"), ledger=Ledger())
    shapes = {**data.encoding.shapes(), "width": 8, "depth": 1, "num_heads": 2, "outputs": 0}
    plan = Plan(
        net={"name": "transformer", "causal": True, **shapes},
        objective={"name": "supervised", "loss": "cross-entropy"},
        recipe=Recipe(epochs=2, lr=1e-2, batch_size=8),
    ).with_({"members.count": 2})
    run = fit(plan, data, num_threads=1)
    with torch.no_grad():
        logits = run.model.combine(run.model.net(*data.validation.inputs))  # type: ignore[attr-defined]
    targets = data.validation.targets  # type: ignore[attr-defined]
    nats = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    assert run.history[-1]["nats"] == pytest.approx(nats.item(), rel=1e-3)
    assert run.history[-1]["validation_loss"] == pytest.approx(nats.item(), rel=1e-3)


def test_greedy_selection_keeps_the_weights_that_it_judged() -> None:
    data = small_data(regression=True)
    plan = plan_of(6, SPACE, outputs=1, loss="mse", epochs=8)
    run = fit(plan, data, num_threads=1)
    members = run.notes["members"]
    weights = [one["weight"] for one in members]
    assert sum(weights) == pytest.approx(1, abs=1e-3) and 0.0 in weights
    assert len(run.model.net.nets) == sum(weight > 0 for weight in weights)
    assert len({one["changes"]["recipe.lr"] for one in members}) == 6
    best = min(one["score"] for one in members)
    assert run.validation["rmse"].value <= best + 1e-6
    assert run.notes["selection"]["scores"][-1] == pytest.approx(
        run.validation["rmse"].value, rel=1e-5
    )


def test_the_same_seed_gives_the_same_ensemble_and_its_folder_the_same_answers(tmp_path) -> None:
    data, plan = small_data(), plan_of(4, SPACE)
    first, second = (fit(plan, data, seed=1, num_threads=1) for _ in range(2))
    assert same(first, second) and first.model.spec == second.model.spec
    assert not same(first, fit(plan, data, seed=3, num_threads=1))
    first.model.save(tmp_path)
    text = (tmp_path / "config.json").read_text()
    assert '"ensemble"' in text and '"mlp"' in text


def test_members_of_several_families_and_lone_ones_all_count() -> None:
    space = {"net.norm": ["none", "layer", "batch"]}
    run = fit(plan_of(6, space), small_data(), num_threads=1)
    members = run.notes["members"]
    norms = [one["changes"]["net.norm"] for one in members]
    assert len(set(norms)) > 1
    assert [row["epoch"] for row in run.history] == list(range(1, len(run.history) + 1))
    alone = sum("alone" in one["pack"] for one in members)
    assert alone == sum(norms.count(norm) == 1 for norm in norms)
    assert run.notes["selection"]["picks"]


def test_a_member_that_never_was_finite_is_said_and_left_out() -> None:
    plan = plan_of(6, {"recipe.lr": [1e-3, 1e30]}, optimizer="sgd", clip=None)
    members = fit(plan, small_data(), num_threads=1).notes["members"]
    wild = [one for one in members if one["changes"]["recipe.lr"] == 1e30]
    assert 0 < len(wild) < 6
    assert all(one["weight"] == 0 and one["score"] is None for one in wild)


def test_an_interrupted_ensemble_goes_on_to_the_same_one(tmp_path: Path) -> None:
    plan, data = plan_of(3, {"recipe.lr": [1e-3, 1e-2]}, epochs=6, patience=None), small_data()
    whole = fit(plan, data, num_threads=1)

    class Interrupts(Heard):
        def epoch(self, number: int, row: dict[str, float]) -> None:
            if number == 3:
                os.kill(os.getpid(), signal.SIGINT)

    first = fit(plan, data, num_threads=1, out=tmp_path, progress=Interrupts())
    assert first.interrupted and len(first.history) == 3
    went_on = fit(plan, data, num_threads=1, out=tmp_path, resume=True)
    assert not went_on.interrupted
    assert same(whole, went_on) and whole.model.spec == went_on.model.spec
    untimed = [
        [{k: v for k, v in row.items() if k != "seconds"} for row in run.history]
        for run in (whole, went_on)
    ]
    assert untimed[0] == untimed[1]


def test_an_ensemble_that_gets_no_better_is_stopped() -> None:
    plan = plan_of(3, None, epochs=300, patience=3, lr=0.1)
    run = fit(plan, small_data(), num_threads=1)
    assert len(run.history) < 300
    assert "no better" in run.stopped or run.stopped == "all members are done"


class Heard:
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.numbers: list[int] = []

    def start(self, total_epochs: int, metric_name: str) -> None:
        self.said.append(f"start {total_epochs} {metric_name}")

    def epoch(self, number: int, row: dict[str, float]) -> None:
        self.numbers.append(number)

    def message(self, text: str) -> None:
        self.said.append(text)

    def stop(self, reason: str, kept: int | None = None) -> None:
        self.said.append(f"stop {reason}")


def test_progress_and_run_folder(tmp_path) -> None:
    heard = Heard()
    fit(plan_of(3), small_data(), out=tmp_path, progress=heard, num_threads=1)
    assert heard.said == [
        "start 4 accuracy", "3 members train together", "stop all members are done",
    ]  # fmt: skip
    assert heard.numbers == [1, 2, 3, 4]
    names = {path.name for path in tmp_path.iterdir()}
    assert any(name.startswith("events.out") for name in names)
    assert any(name.startswith("trace.") for name in names)


def test_a_rate_found_by_trying_is_found_once_and_stands_in_the_plan() -> None:
    run = fit(plan_of(2, lr="auto"), small_data(), num_threads=1)
    assert isinstance(run.plan.recipe.lr, float)
    assert run.plan.members is not None and run.plan.members.count == 2


def test_a_kind_keeps_its_own_rate_where_the_others_is_found_by_trying() -> None:
    plan = plan_of(2, lr="auto").with_({"members.kinds": [{}, {"recipe.lr": 0.0123}]})
    run = fit(plan, small_data(), num_threads=1)
    assert run.plan.member(1).recipe.lr == 0.0123
    assert run.plan.member(0).recipe.lr == run.plan.recipe.lr != 0.0123
    assert run.notes["members"][1]["changes"]["recipe.lr"] == 0.0123
    assert "range test" in run.plan.why["recipe.lr"]


def test_a_space_that_does_not_fit_the_plan_is_refused() -> None:
    with pytest.raises(UsageError, match="Did you mean 'recipe\\.lr'"):
        fit(plan_of(2, {"recipe.lrr": [1, 2]}), small_data())


def test_findings_are_told_once_with_how_many_members_show_them() -> None:
    def finding(confidence: float) -> Finding:
        return Finding(
            fault="dead-units", severity="warning", confidence=confidence, explanation="Dead."
        )

    (both,) = merge_findings({0: [finding(0.5)], 1: [], 2: [finding(0.9)]}, {0, 1})
    assert both.explanation == "In 2 of 3 members: Dead."
    assert both.severity == "warning" and both.confidence == 0.5
    (out,) = merge_findings({0: [], 1: [finding(0.9)]}, {0})
    assert out.severity == "info" and "none of them in the ensemble" in out.explanation
