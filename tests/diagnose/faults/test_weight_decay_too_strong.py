"""Decay that outruns the gradient, as torch applies it, and decay that only is strong."""

from pathlib import Path

import pytest
from watched_scripts import CLASSES, LOOP, NUMBERS, alarms, judged

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
