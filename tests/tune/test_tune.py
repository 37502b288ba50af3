"""nw.tune: finds what is better, reads no test rows, repeats itself, survives failures."""

import sys
from pathlib import Path
from typing import Any

import pytest

import netwright as nw
from netwright.data.data import Data
from netwright.errors import TrainingError, UsageError
from netwright.plan.plan import Plan
from netwright.tune import work
from netwright.tune.study import Study, Trial

FAST: dict[str, Any] = {"num_threads": 1, "device": "cpu"}


def key(study: Study) -> list[Any]:
    return [(t.number, dict(t.changes), t.state, t.score, t.epochs) for t in study.trials]


@pytest.mark.parametrize("sampler", ["tpe", "gp"])
def test_the_same_seed_gives_the_same_study(
    sampler: Any, unseen: Data, plan: Plan, space: nw.Space
) -> None:
    studies = [
        nw.tune(plan, unseen, space=space, trials=14, sampler=sampler, pack=7, seed=seed, **FAST)
        for seed in (1, 1, 2)
    ]
    assert key(studies[0]) == key(studies[1]) != key(studies[2])
    assert len(studies[0].trials) == 14


def test_the_winner_is_the_run_that_fit_would_give(data: Data, plan: Plan, space: nw.Space) -> None:
    study = nw.tune(plan, data, space=space, trials=6, method="random", seed=3, **FAST)
    assert study.best is not None
    assert study.best_trial.score == max(t.score or 0 for t in study.trials)
    alone = nw.fit(study.best_plan, data, seed=3, num_threads=1)
    assert alone.validation[study.metric].value == pytest.approx(study.best_trial.score)
    assert study.best.validation[study.metric].value == study.best_trial.score


def test_the_plans_own_values_come_first(unseen: Data, plan: Plan) -> None:
    space = nw.Space({"recipe.lr": nw.log(1e-4, 1e-1), "net.dropout": [0.1, 0.2]})
    other = plan.with_({"recipe.lr": 0.02, "net.dropout": 0.1})
    study = nw.tune(plan, unseen, space=space, trials=3, warm_start=[other], **FAST)
    assert dict(study.trials[0].changes) == {"recipe.lr": 0.01, "net.dropout": 0.2}
    assert dict(study.trials[1].changes) == {"recipe.lr": 0.02, "net.dropout": 0.1}


def test_a_grid_tries_every_combination_once(unseen: Data, plan: Plan) -> None:
    space = {"recipe.lr": [1e-3, 1e-2], "recipe.weight_decay": nw.uniform(0, 0.2)}
    study = nw.tune(plan, unseen, space=space, trials=7, method="grid", **FAST)
    tried = {(t.changes["recipe.lr"], t.changes["recipe.weight_decay"]) for t in study.trials}
    assert tried == {(lr, decay) for lr in (1e-3, 1e-2) for decay in (0.0, 0.1, 0.2)}
    assert len(study.trials) == 6


def test_a_finer_grid_goes_on_with_what_is_new(unseen: Data, plan: Plan, tmp_path: Path) -> None:
    common: dict[str, Any] = {
        "space": {"recipe.weight_decay": nw.uniform(0, 0.2)}, "method": "grid",
        "storage": tmp_path / "study.journal", **FAST,
    }  # fmt: skip
    nw.tune(plan, unseen, trials=2, **common)
    study = nw.tune(plan, unseen, trials=3, **common)
    assert [t.changes["recipe.weight_decay"] for t in study.trials] == [0.0, 0.2, 0.1]


def test_hyperband_drops_losers_within_the_pack(unseen: Data, plan: Plan) -> None:
    space = {"recipe.lr": nw.log(1e-5, 1e-1)}
    long = plan.with_({"recipe.epochs": 9})
    study = nw.tune(long, unseen, space=space, trials=16, method="hyperband", **FAST)
    states = {t.state for t in study.trials}
    assert states == {"complete", "pruned"}
    pruned = [t for t in study.trials if t.state == "pruned"]
    assert all(t.epochs < 9 and t.score is not None for t in pruned)
    whole = [t for t in study.trials if t.state == "complete"]
    assert max(t.score or 0 for t in whole) >= max(t.score or 0 for t in pruned) - 0.05
    assert study.best_trial.state == "complete"


def test_failed_trials_are_recorded_and_stop_nothing(unseen: Data, plan: Plan) -> None:
    space = {"recipe.lr": [1e-2, 1e30], "net.width": [8, 0]}
    study = nw.tune(plan, unseen, space=space, method="grid", **FAST)
    states = {(t.changes["recipe.lr"], t.changes["net.width"]): t.state for t in study.trials}
    assert states == {
        (1e-2, 8): "complete", (1e30, 8): "failed", (1e-2, 0): "failed", (1e30, 0): "failed",
    }  # fmt: skip
    reasons = [t.reason for t in study.trials if t.state == "failed"]
    assert sum("not finite" in r for r in reasons) == 1
    assert sum("width" in r for r in reasons) == 2


def test_a_study_of_failures_says_why(unseen: Data, plan: Plan) -> None:
    study = nw.tune(plan, unseen, space={"recipe.lr": [1e30]}, method="grid", **FAST)
    assert study.leaderboard() == []
    with pytest.raises(TrainingError, match="not finite"):
        _ = study.best_plan


def test_a_time_bound_ends_the_study(unseen: Data, plan: Plan, space: nw.Space) -> None:
    study = nw.tune(plan, unseen, space=space, trials=10_000, pack=4, seconds=1.5, **FAST)
    assert 0 < len(study.trials) < 10_000 and study.seconds < 8
    assert study.leaderboard()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"space": {"recipe.lrr": [1]}}, "Did you mean 'recipe.lr'"),
        ({"space": {}}, "The space is empty"),
        ({"method": "byes"}, "Did you mean 'bayes'"),
        ({"sampler": "gpp"}, "Did you mean 'gp'"),
        ({"metric": "acuracy"}, "Did you mean 'accuracy'"),
        ({"metric": "rmse"}, "not measured for multiclass"),
        ({"trials": 0}, "trials is 0"),
        ({"backend": "dask"}, "no backend 'dask'"),
        ({"storage": "gone/study.journal"}, "cannot be written"),
        ({"storage": "postgresql://me:secret@127.0.0.1:1/x"}, "cannot be reached"),
        ({"storage": "nonsense://x"}, "cannot be reached"),
        ({"storage": "grpc://nowhere"}, "expected grpc://host:port"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    arguments: dict[str, Any], said: str, unseen: Data, plan: Plan, space: nw.Space
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        nw.tune(plan, unseen, **({"space": space, "trials": 2} | FAST | arguments))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("package", "extra"), [("ray", "ray"), ("optuna", "tune")])
def test_an_extra_that_is_not_installed_is_named(
    package: str, extra: str, unseen: Data, plan: Plan, space: nw.Space,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError, match=rf"pip install 'netwright\[{extra}\]'"):
        nw.tune(plan, unseen, space=space, trials=1, backend="ray", **FAST)


def test_an_interruption_leaves_the_study_so_far(
    unseen: Data, plan: Plan, space: nw.Space, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real, calls = work.train_batch, []

    def interrupted(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    common: dict[str, Any] = {"space": space, "trials": 6, "pack": 3, "seed": 5, **FAST}
    monkeypatch.setattr(work, "train_batch", interrupted)
    where = tmp_path / "study.journal"
    first = nw.tune(plan, unseen, storage=where, **common)
    assert first.interrupted and len(first.trials) == 3
    again = nw.tune(plan, unseen, storage=where, **common)
    whole = nw.tune(plan, unseen, **common)
    assert not again.interrupted

    def values(study: Study) -> list[Any]:
        return [(dict(t.changes), t.score) for t in study.trials]

    assert values(again) == values(whole)


def test_the_leaderboard_puts_whole_trials_first() -> None:
    trials = (
        Trial(number=0, changes={}, state="pruned", score=0.9),
        Trial(number=1, changes={}, state="complete", score=0.7),
        Trial(number=2, changes={}, state="failed"),
        Trial(number=3, changes={}, state="complete", score=0.8),
    )
    common: dict[str, Any] = {
        "plan": Plan(net={"name": "mlp"}), "space": nw.Space({"recipe.lr": [1]}),
        "metric": "accuracy", "trials": trials, "method": "random", "seed": 0, "seconds": 1.0,
    }  # fmt: skip
    best = Study(higher_is_better=True, **common)
    assert [t.number for t in best.leaderboard()] == [3, 1, 0]
    assert best.history() == [(1, 0.7), (3, 0.8)]
    assert [t.number for t in Study(higher_is_better=False, **common).leaderboard()] == [1, 3, 0]
