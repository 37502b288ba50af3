"""Unlike scales are a warning where they hold the net back, and only there."""

import dataclasses

import numpy as np
from check_cases import case, rows, step
from torch import nn

from netwright.check.checks.input_scales import input_scales


def test_like_scales_pass() -> None:
    assert input_scales(case()).status == "passed"


def test_unlike_scales_that_hold_the_net_back_are_a_warning() -> None:
    x, y = rows(400)
    far = x * np.array([1e3, 1, 1e-2, 1, 1e3, 1]) + 500
    found = input_scales(case((far.astype(np.float32), y)), seconds=120.0)
    assert (found.status, found.fault) == ("warning", "unscaled-inputs")
    assert found.numbers["loss standardised"] < found.numbers["loss as it is"]


def test_a_net_that_scales_by_itself_is_left_alone() -> None:
    x, y = rows(400)
    far = (x * np.array([100, 1, 1, 1, 1, 1])).astype(np.float32)
    net = nn.Sequential(nn.BatchNorm1d(6), nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 3))
    given = dataclasses.replace(case((far, y)), step=step(net, far, y))
    assert input_scales(given, seconds=120.0).status == "passed"


def test_codes_have_no_scale() -> None:
    whole = case()
    parts = {name: dataclasses.replace(p, prepared=None) for name, p in whole.parts.items()}
    assert input_scales(dataclasses.replace(whole, parts=parts)).status == "skipped"


def test_of_sounds_no_codes_are_spoken_of() -> None:
    found = input_scales(dataclasses.replace(case(), kind="audio"))
    assert found.status == "skipped" and "loudness" in found.words
