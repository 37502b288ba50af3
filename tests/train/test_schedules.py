"""Each schedule against torch.optim.lr_scheduler's values."""

import math

import pytest
import torch

from netwright.plan.plan import Recipe
from netwright.train.schedules import lr_at

STEPS = 60
LR = 0.3


def _torch_rates(make) -> list[float]:  # type: ignore[no-untyped-def]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)
    scheduler = make(optimizer)
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def _our_rates(recipe: Recipe, *, steps_per_epoch: int = 10) -> list[float]:
    return [
        lr_at(recipe, LR, step=step, total_steps=STEPS, steps_per_epoch=steps_per_epoch)
        for step in range(STEPS)
    ]


def test_cosine_is_torchs() -> None:
    expected = _torch_rates(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, STEPS))
    assert _our_rates(Recipe(schedule="cosine", warmup=0.0)) == pytest.approx(expected)


def test_one_cycle_is_torchs() -> None:
    expected = _torch_rates(
        # One step more than is taken: torch's scheduler steps once after the last rate is read.
        lambda o: torch.optim.lr_scheduler.OneCycleLR(o, LR, total_steps=STEPS + 1, pct_start=0.3)
    )
    recipe = Recipe(schedule="one-cycle", warmup=0.3)
    ours = [
        lr_at(recipe, LR, step=step, total_steps=STEPS + 1, steps_per_epoch=10)
        for step in range(STEPS)
    ]
    assert ours == pytest.approx(expected)


def test_step_is_torchs() -> None:
    expected = _torch_rates(lambda o: torch.optim.lr_scheduler.StepLR(o, 20, gamma=0.1))
    recipe = Recipe(schedule="step", schedule_gamma=0.1, schedule_every=2, warmup=0.0)
    assert _our_rates(recipe) == pytest.approx(expected)


def test_exponential_is_torchs() -> None:
    expected = _torch_rates(lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9))
    recipe = Recipe(schedule="exponential", schedule_gamma=0.9, schedule_every=1, warmup=0.0)
    assert _our_rates(recipe, steps_per_epoch=1) == pytest.approx(expected)


def test_warm_up_rises_to_the_peak_and_constant_stays() -> None:
    rates = _our_rates(Recipe(schedule="constant", warmup=0.1))
    assert rates[:6] == pytest.approx([LR * (i + 1) / 6 for i in range(6)])
    assert set(rates[6:]) == {LR}


def test_reduce_on_plateau_falls_by_gamma_a_reduction() -> None:
    recipe = Recipe(schedule="reduce-on-plateau", schedule_gamma=0.1, warmup=0.0)
    rates = [
        lr_at(recipe, LR, step=5, total_steps=STEPS, steps_per_epoch=5, reductions=n)
        for n in (0, 1, 2)
    ]
    assert rates == pytest.approx([LR, LR / 10, LR / 100])


def test_a_run_longer_than_planned_stays_at_the_end() -> None:
    rate = lr_at(
        Recipe(schedule="cosine"), LR, step=STEPS + 5, total_steps=STEPS, steps_per_epoch=10
    )
    assert math.isclose(rate, 0.0, abs_tol=1e-9)
