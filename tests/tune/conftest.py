"""Small studies: a plan of a tiny net, data whose test split must not be touched, a space."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import netwright as nw
from netwright.data.data import Data
from netwright.plan.plan import Plan

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "train"))

from small_data import small_data, small_plan


class Unseen:
    """A test split that nobody may look at."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"the test split was touched: {name}")


@pytest.fixture
def data() -> Data:
    return small_data(240)


@pytest.fixture
def unseen(data: Data) -> Data:
    """The same rows, with a test split that raises when it is touched."""
    return replace(data, test=Unseen())


@pytest.fixture
def plan() -> Plan:
    return small_plan(epochs=3)


@pytest.fixture
def space() -> nw.Space:
    return nw.Space({"recipe.lr": nw.log(1e-4, 1e-1), "recipe.clip": [None, 1.0]})
