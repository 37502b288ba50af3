"""Workers: one study from several processes."""

import time
from typing import Any

import pytest

import netwright as nw
from netwright.data.data import Data
from netwright.plan.plan import Plan
from netwright.tune import workers


@pytest.mark.slow
def test_workers_share_a_study_and_a_killed_one_loses_nothing(
    data: Data, plan: Plan, space: nw.Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[Any] = []
    real = workers.take_over

    class Watching:
        def start(self, total: int, metric: str, higher_is_better: bool) -> None: ...

        def round(self, states: Any, epochs: int) -> None: ...

        def trials(self, trials: Any) -> None:
            children = workers.multiprocessing.active_children()
            if not killed and any(t.state == "running" for t in trials) and len(children) == 2:
                children[0].kill()
                killed.append(time.monotonic())

    lost: list[int] = []
    monkeypatch.setattr(workers, "take_over", lambda s: lost.append(real(s)) or lost[-1])
    long = plan.with_({"recipe.epochs": 40})
    study = nw.tune(
        long, data, space=space, trials=12, pack=2, method="random", workers=2, device="cpu",
        progress=Watching(),
    )  # fmt: skip
    assert killed
    finished = [t for t in study.trials if t.state == "complete"]
    assert len(finished) >= 12
    assert len({tuple(t.changes.items()) for t in finished}) == len(finished)


@pytest.mark.slow
def test_trials_lost_by_the_last_workers_are_run_by_new_ones(
    data: Data, plan: Plan, space: nw.Space
) -> None:
    killed: list[int] = []

    class Watching:
        def start(self, total: int, metric: str, higher_is_better: bool) -> None: ...

        def round(self, states: Any, epochs: int) -> None: ...

        def trials(self, trials: Any) -> None:
            if killed or not any(t.state == "running" for t in trials):
                return
            for child in workers.multiprocessing.active_children():
                child.kill()
                killed.append(1)

    study = nw.tune(
        plan.with_({"recipe.epochs": 40}), data, space=space, trials=4, pack=2, method="random",
        workers=2, device="cpu", progress=Watching(),
    )  # fmt: skip
    assert killed
    assert sum(t.state == "complete" for t in study.trials) >= 4
