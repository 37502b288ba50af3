"""Greedy selection: by hand, against brute force, ties, and answers that stand for outputs."""

import pytest
import torch

from netwright.data.task import Task
from netwright.evaluate.calibration import log_loss
from netwright.model.combining import mean_of_members
from netwright.train.selection import answers_of, criterion_of, select_all, select_greedily


def task(form: str, outputs: int) -> Task:
    return Task(name="t", form=form, target="y", outputs=outputs, classes=("a", "b", "c"))


def test_two_opposite_members_beat_the_best_one() -> None:
    # The best alone is off by 1; the second and the third together are right.
    answers = torch.tensor([[1.0, 1.0], [2.0, -2.0], [-2.0, 2.0]])
    found = select_greedily(answers, "squared error")
    assert found.picks[0] == 0
    assert found.loss < 0.2
    assert sum(found.counts) == len(found.picks) <= 32


def test_a_member_that_is_better_alone_stays_alone_and_equals_take_the_first() -> None:
    answers = torch.tensor([[0.5, 0.5], [0.9, 0.9], [0.9, 0.9]])
    found = select_greedily(answers, "log loss")
    assert found.counts == [0, 1, 0]
    assert found.losses == pytest.approx([-torch.tensor(0.9).log().item()])


def test_each_pick_is_the_best_of_all_and_weights_come_from_repeats() -> None:
    rng = torch.Generator().manual_seed(0)
    answers = torch.randn(5, 40, generator=rng)
    found = select_greedily(answers, "absolute error", rounds=12)
    taken: list[int] = []
    for pick, loss in zip(found.picks, found.losses, strict=True):
        tried = [answers[[*taken, m]].mean(0).abs().mean() for m in range(5)]
        assert torch.stack(tried).argmin() == pick
        taken.append(pick)
        assert loss == pytest.approx(float(min(tried)), rel=1e-5)
    assert max(found.counts) > 1
    assert found.loss == min(found.losses)


def test_members_that_are_not_finite_are_never_picked() -> None:
    answers = torch.tensor([[torch.nan, 1.0], [0.2, 0.3]])
    assert set(select_greedily(answers, "log loss").picks) == {1}
    with pytest.raises(ValueError, match="finite"):
        select_greedily(answers[:1], "log loss")


@pytest.mark.parametrize("form", ["multiclass", "multilabel", "ordinal", "regression"])
def test_the_loss_of_the_answers_is_the_ensembles(form: str) -> None:
    rng = torch.Generator().manual_seed(1)
    outputs = torch.randn(3, 20, 3, generator=rng)
    if form == "ordinal":
        outputs = outputs.sort(-1, descending=True).values
    targets = {
        "multiclass": torch.randint(3, (20,), generator=rng),
        "multilabel": torch.randint(2, (20, 3), generator=rng).float(),
        "ordinal": torch.randint(4, (20,), generator=rng),
        "regression": torch.randn(20, 3, generator=rng),
    }[form]
    known = task(form, 3)
    answers = torch.stack([answers_of(one, targets, known) for one in outputs])
    criterion = criterion_of(known, "rmse" if form == "regression" else "accuracy")
    found = select_all(answers, criterion, order=[2, 0, 1])
    for count, loss in enumerate(found.losses, start=1):
        mean = mean_of_members(outputs[[2, 0, 1][:count]].transpose(0, 1), form)
        if form == "regression":
            expected = float((mean - targets).square().mean())
        else:
            expected = log_loss(mean, targets, form=known.form)
        assert loss == pytest.approx(expected, rel=1e-4)


def test_a_selection_never_loses_to_the_best_pair() -> None:
    """Greedy with replacement is at least as good as its first two picks' best completion."""
    rng = torch.Generator().manual_seed(2)
    answers = torch.rand(6, 60, generator=rng)
    found = select_greedily(answers, "log loss")
    best = found.picks[0]
    pairs = [
        select_all(answers, "log loss", [best, other]).loss for other in range(6) if other != best
    ]
    assert found.loss <= min(pairs)
