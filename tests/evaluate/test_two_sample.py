"""Drawn rows beside real ones: alike, shifted, collapsed; the noise floor holds what it says."""

import pytest
import torch

import netwright as nw
from netwright.data.task import Task
from netwright.errors import DataError, TrainingError
from netwright.evaluate.baselines import baselines
from netwright.evaluate.constant import constant_score
from netwright.evaluate.two_sample import noise_floor, real_rows, score_samples
from netwright.objectives._energy import energy_distance

TASK = Task(name="generation", form="generation", target="")


def pair(drawn: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    return torch.stack([drawn, real], 1)


def test_rows_drawn_alike_are_near_and_cover_and_others_are_not() -> None:
    rng = torch.Generator().manual_seed(0)
    real, same = torch.randn(2, 400, 3, generator=rng)
    alike = score_samples(pair(same, real), TASK, resamples=100)
    assert alike.primary == "energy_distance"
    assert alike["energy_distance"].value == pytest.approx(energy_distance(same, real).item())
    assert abs(alike["energy_distance"].value) < 0.02 and alike["coverage"].value > 0.9
    moved = score_samples(pair(same + 2, real), TASK, resamples=100)
    assert moved["energy_distance"].low > alike["energy_distance"].high
    collapsed = score_samples(pair(real[:1].expand(400, -1), real), TASK, resamples=0)
    assert collapsed["coverage"].value < 0.2


def test_the_floor_is_what_two_halves_differ_by() -> None:
    rng = torch.Generator().manual_seed(0)
    real = torch.randn(400, 2, generator=rng)
    floor = noise_floor(real)
    draws = [
        energy_distance(*torch.randn(2, 200, 2, generator=rng).unbind()).item() for _ in range(100)
    ]
    assert 0.85 <= sum(found < floor for found in draws) / 100 <= 1
    notes = score_samples(pair(real, real.flip(0)), TASK, resamples=10).notes
    assert any("halves of the 400 real rows" in note for note in notes)


def test_normals_are_the_baselines_and_the_mean_row_the_constant() -> None:
    data = nw.read("8-gaussians")
    found = baselines(data, resamples=0)
    for name in ("trivial", "linear"):
        scores = found[name].scores
        assert scores is not None and 0.02 < scores["energy_distance"].value < 0.1
    assert found["trees"].reason == "trees do not draw rows"
    assert constant_score(data, "energy_distance") > 0.5


def test_a_single_row_and_numbers_that_are_not_finite_are_refused() -> None:
    data = nw.read("8-gaussians")
    one = data.validation.select(torch.tensor([0]))  # type: ignore[attr-defined]
    with pytest.raises(DataError, match="has 1 row; at least 2"):
        real_rows(data.encoding, one)
    with pytest.raises(TrainingError, match="not finite"):
        score_samples(torch.full((5, 2, 2), float("nan")), TASK)
