"""Findings are told while training goes on, once, and a lost run ends before its epoch does."""

import pytest
import torch
from small_data import small_data, small_plan

from netwright.data.data import Data
from netwright.train.fit import fit
from netwright.train.live import Live
from netwright.train.run import FailedTraining
from netwright.watch.trace import Trace


class Heard:
    def __init__(self) -> None:
        self.messages: list[tuple[int, str]] = []
        self.epochs = 0

    def start(self, total_epochs: int, metric_name: str) -> None: ...

    def epoch(self, number: int, row: dict[str, float]) -> None:
        self.epochs = number

    def message(self, text: str) -> None:
        self.messages.append((self.epochs, text))

    def stop(self, reason: str, kept: int | None = None) -> None: ...


def heard(data: Data, **recipe: object) -> list[tuple[int, str]]:
    progress = Heard()
    fit(small_plan(epochs=40, **recipe), data, num_threads=1, progress=progress)
    return progress.messages


def test_a_sick_run_is_told_of_while_it_trains_and_a_healthy_one_is_not() -> None:
    data = small_data()
    told = heard(data, lr=10.0)
    names = [text.split(":")[1].strip() for _, text in told]
    assert "learning-rate-too-high" in names and len(names) == len(set(names))
    assert all(0 < epoch < 40 for epoch, _ in told)
    assert heard(data, lr=0.01) == []


def test_one_look_alone_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from netwright.diagnose.finding import Finding

    found = [Finding(fault="a", severity="error", confidence=1.0, explanation="")]
    monkeypatch.setattr("netwright.train.live.diagnose", lambda trace: found)
    said: list[str] = []
    live = Live(said.append)
    live.look(Trace(), 0.1)
    live.look(Trace(), 0.2)
    assert said == []
    live.look(Trace(), 0.21)  # the same eighth
    assert said == []
    live.look(Trace(), 0.3)
    live.look(Trace(), 0.9)
    assert len(said) == 1


def test_weights_that_are_lost_end_the_epoch_at_once() -> None:
    data = small_data(4000)
    with pytest.raises(FailedTraining) as failed:
        fit(small_plan(lr=1e30, optimizer="sgd", batch_size=8, warmup=0.0), data, num_threads=1)
    losses = failed.value.trace.steps("loss")
    assert losses[-1] <= 16  # of 250 steps an epoch
    assert not torch.isfinite(torch.tensor(failed.value.trace.values("loss")[-1]))
