"""Scales by feature, channel or series feature."""

import numpy as np
import pytest

from netwright.quality.scales import scales_of

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(400, 3), (50, 3, 6, 6), (50, 20, 3)])
def test_scales_are_taken_over_the_right_axes(shape: tuple[int, ...]) -> None:
    axis = 1 if len(shape) != 3 else 2
    factor = np.array([1.0, 20.0, 1.0]).reshape([3 if i == axis else 1 for i in range(len(shape))])
    found = scales_of(RNG.normal(size=shape) * factor)
    assert found is not None and found.std.shape == (3,)
    assert found.ratio == pytest.approx(20, rel=0.2) and found.unusual


def test_standardised_inputs_are_usual_and_constant_ones_have_no_scale() -> None:
    x = RNG.normal(size=(400, 3))
    x[:, 1] = 1.0
    found = scales_of(x)
    assert found is not None and not found.unusual
    assert scales_of(np.ones((5, 2))) is None
