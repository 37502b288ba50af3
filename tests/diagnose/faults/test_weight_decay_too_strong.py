"""Decay that outruns the gradient, as torch applies it, and decay that only is strong."""

from pathlib import Path

import pytest
from watched_scripts import CLASSES, LOOP, NUMBERS, alarms, judged

from netwright.diagnose.diagnose import diagnose
from netwright.watch.trace import Trace

ADAM = "opt = torch.optim.Adam(net.parameters(), lr=0.01)"
FIT = LOOP.replace("F.cross_entropy", "F.mse_loss")


def script(head: str, loop: str, optimizer: str) -> str:
    assert ADAM in head
    return head.replace(ADAM, f"opt = torch.optim.{optimizer}") + loop


DECAYED = (
    "SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=0.5)",
    "AdamW(net.parameters(), lr=0.01, weight_decay=20)",
    "Adam(net.parameters(), lr=0.01, weight_decay=2)",
)


@pytest.mark.parametrize("optimizer", DECAYED)
def test_weights_that_decay_holds_down_are_named_first(optimizer: str, tmp_path: Path) -> None:
    first = judged(script(NUMBERS, FIT, optimizer), tmp_path)[0]
    assert (first.fault, first.severity) == ("weight-decay-too-strong", "error")
    assert first.evidence["decay of a step"] >= 0.01


@pytest.mark.parametrize("optimizer", DECAYED[1:])
def test_a_net_that_forgot_its_classes_tells_no_more_than_one_answer(
    optimizer: str, tmp_path: Path
) -> None:
    first = judged(script(CLASSES, LOOP, optimizer), tmp_path)[0]
    assert first.fault == "weight-decay-too-strong" and first.evidence["weights left"] <= 0.25


def test_strong_decay_that_costs_an_easy_task_nothing_is_no_fault(tmp_path: Path) -> None:
    assert alarms(script(CLASSES, LOOP, DECAYED[0]), tmp_path) == []


@pytest.mark.parametrize(
    "optimizer",
    [
        "SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-3)",
        "AdamW(net.parameters(), lr=0.01, weight_decay=0.5)",
        "Adam(net.parameters(), lr=0.01, weight_decay=1e-3)",
    ],
)
def test_decay_that_leaves_the_net_what_it_learned_is_no_fault(
    optimizer: str, tmp_path: Path
) -> None:
    assert alarms(script(CLASSES, LOOP, optimizer), tmp_path) == []


def test_a_penalty_written_by_hand_and_a_smaller_one(tmp_path: Path) -> None:
    added = "loss = loss + {} * sum(p.square().sum() for p in net.parameters())"
    loop = LOOP.replace("        opt.zero", f"        {added}\n        opt.zero")
    found = judged(CLASSES + loop.format(3.0), tmp_path)[0]
    assert (found.fault, found.severity) == ("weight-decay-too-strong", "error")
    assert alarms(CLASSES + loop.format(1e-4), tmp_path) == []


def test_a_penalty_that_few_evaluated_rows_do_not_show() -> None:
    def found(train: float) -> list[str]:
        trace = Trace()
        told = {"penalised": 0.70, "unpenalised": 0.83, "penalised.train": 0.70}
        for name, skill in (told | {"unpenalised.train": train}).items():
            trace.record(f"skill.{name}", "", 100, skill)
            trace.record(f"skill.{name}.noise", "", 100, 0.02 if "train" in name else 0.06)
        return [f.fault for f in diagnose(trace)]

    assert (found(0.86), found(0.72)) == (["weight-decay-too-strong"], [])
