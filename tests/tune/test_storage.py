"""Storages: resumed, shared, refused where they are another's, whole after a crash."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest

import netwright as nw
from netwright.data.data import Data
from netwright.errors import UsageError
from netwright.plan.plan import Plan
from netwright.tune import storage, work
from netwright.tune import trials as ours

FAST: dict[str, Any] = {"num_threads": 1, "device": "cpu", "method": "random"}


@pytest.mark.parametrize("file", ["study.journal", "study.db"])
def test_a_study_is_gone_on_with(
    file: str, data: Data, plan: Plan, space: nw.Space, tmp_path: Path
) -> None:
    where = tmp_path / file
    first = nw.tune(plan, data, space=space, trials=3, storage=where, **FAST)
    more = nw.tune(plan, data, space=space, trials=5, storage=where, **FAST)
    assert more.trials[:3] == first.trials and len(more.trials) == 5
    same = nw.tune(plan, data, space=space, trials=5, storage=where, **FAST)
    assert same.trials == more.trials and same.best is None


def test_another_study_is_refused_untouched(
    data: Data, plan: Plan, space: nw.Space, tmp_path: Path
) -> None:
    where = tmp_path / "study.journal"
    nw.tune(plan, data, space=space, trials=2, storage=where, **FAST)
    before = where.read_bytes()
    fewer = replace(data, train=data.train.select(data.train.targets.nonzero()[:, 0]))  # type: ignore[attr-defined] # held in memory
    others: list[tuple[str, dict[str, Any]]] = [
        ("plan", {"plan": plan.with_({"recipe.ema": 0.9})}),
        ("space", {"space": {"recipe.lr": [0.1, 0.2]}}),
        ("data", {"data": fewer}),
        ("metric", {"metric": "log_loss"}),
    ]
    for part, other in others:
        given: dict[str, Any] = {"plan": plan, "data": data, "space": space, **FAST} | other
        with pytest.raises(UsageError, match=f"of another .*{part}"):
            nw.tune(given.pop("plan"), given.pop("data"), storage=where, trials=4, **given)
    assert where.read_bytes() == before
    named = nw.tune(
        plan, data, space={"recipe.lr": [0.1, 0.2]}, storage=where, name="two", trials=1, **FAST
    )
    assert len(named.trials) == 1


def test_the_studies_of_others_are_refused(
    data: Data, plan: Plan, space: nw.Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "BIRTH_SECONDS", 0.1)
    url = f"sqlite:///{tmp_path / 'theirs.db'}"
    optuna.create_study(storage=url, study_name="netwright")
    with pytest.raises(UsageError, match="did not make"):
        nw.tune(plan, data, space=space, trials=1, storage=url, **FAST)


def test_a_file_of_something_else_is_refused_untouched(
    data: Data, plan: Plan, space: nw.Space, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear reader,\n")
    with pytest.raises(UsageError, match="not a study's journal"):
        nw.tune(plan, data, space=space, trials=1, storage=letter, **FAST)
    assert letter.read_text() == "Dear reader,\n"


def test_a_torn_last_line_is_cut(data: Data, plan: Plan, space: nw.Space, tmp_path: Path) -> None:
    where = tmp_path / "study.journal"
    first = nw.tune(plan, data, space=space, trials=2, storage=where, **FAST)
    with where.open("ab") as file:
        file.write(b'{"op_code":5,"trial_')
    more = nw.tune(plan, data, space=space, trials=3, storage=where, **FAST)
    assert more.trials[:2] == first.trials and len(more.trials) == 3


def test_trials_of_a_dead_process_are_tried_again(
    data: Data, plan: Plan, space: nw.Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = tmp_path / "study.journal"
    common: dict[str, Any] = {"space": space, "trials": 4, "pack": 2, "storage": where, **FAST}

    def die(*arguments: Any, **options: Any) -> Any:
        raise SystemExit  # as if killed: nothing is given back

    with monkeypatch.context() as patched:
        patched.setattr(work, "train_batch", die)
        patched.setattr(work, "give_back", lambda study, trials: 0)
        patched.setattr(ours, "_sign", lambda: f"{ours.platform.node()}:999999999")
        with pytest.raises(SystemExit):
            nw.tune(plan, data, **common)
    found = nw.tune(plan, data, **common)
    fresh = nw.tune(plan, data, **(common | {"storage": None}))
    assert len(found.trials) == 4 and {t.state for t in found.trials} == {"complete"}
    assert [dict(t.changes) for t in found.trials][:2] == [dict(t.changes) for t in fresh.trials][
        :2
    ]
