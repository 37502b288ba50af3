"""Numbers, dates and categories as features."""

import numpy as np
import pandas as pd
import pytest

from netwright.data.cells import distinct
from netwright.data.column_features import (
    CURVE_FROM,
    KNOTS,
    CategoryFeatures,
    NumberFeatures,
    quantile_curve,
    robust_scale,
)
from netwright.data.columns import Column
from netwright.data.ledger import Ledger

RNG = np.random.default_rng(0)


def test_the_curve_is_monotone_and_makes_values_standard_normal() -> None:
    values = RNG.lognormal(0, 3, 20_000)
    knots, normal = quantile_curve(values)
    assert len(knots) <= KNOTS + 2
    assert (np.diff(knots) > 0).all() and (np.diff(normal) > 0).all()
    mapped = np.interp(values, knots, normal)
    assert abs(mapped.mean()) < 0.01 and abs(mapped.std() - 1) < 0.01
    assert abs(np.quantile(mapped, 0.975) - 1.96) < 0.05


def test_a_curve_of_values_that_are_capped_ends_at_the_cap() -> None:
    values = np.random.default_rng(0).normal(size=20_000).clip(max=1.5)
    knots, normal = quantile_curve(values)
    assert knots[-1] == 1.5 and (np.diff(knots) > 0).all() and (np.diff(normal) > 0).all()


def test_ties_share_the_middle_of_their_ranks() -> None:
    knots, normal = quantile_curve(np.array([0.0] * 900 + [1.0] * 50 + [2.0] * 50))
    assert knots.tolist() == [0, 1, 2]
    assert normal[0] == pytest.approx(-0.32, abs=0.05)  # 90 % of the rows are not far from zero
    assert 2 < normal[1] < normal[2] < 4


@pytest.mark.parametrize(
    ("values", "center", "scale"),
    [([1.0, 2, 3, 4, 5], 3, 0.5), ([0.0] * 9 + [8.0], 0, 0.25), ([7.0] * 9, 7, 0)],
)
def test_robust_scale(values: list[float], center: float, scale: float) -> None:
    assert robust_scale(np.array(values)) == (center, scale)


@pytest.mark.parametrize("rows", [CURVE_FROM - 1, CURVE_FROM])
def test_numbers_keep_their_order_and_stay_small(rows: int) -> None:
    cells = pd.Series(RNG.standard_cauchy(rows))
    column = Column(name="x", kind="numeric")
    features = NumberFeatures.fit(column, cells, Ledger())
    out = features.encode(cells, None)[:, 0]
    order = np.argsort(cells.to_numpy())
    assert (np.diff(out[order]) >= 0).all()
    assert np.abs(out).max() < 4.5
    assert bool(len(features.knots)) == (rows >= CURVE_FROM)


def test_missing_numbers_get_the_median_and_a_column() -> None:
    cells = pd.Series([1.0, 2.0, 3.0, np.nan] * 10)
    ledger = Ledger()
    features = NumberFeatures.fit(Column(name="x", kind="numeric"), cells, ledger)
    out = features.encode(cells, None)
    assert features.names == ["x", "x missing"]
    assert out[3].tolist() == [out[1, 0], 1.0] and out[1, 1] == 0
    assert [entry.count for entry in ledger] == [10]


def test_how_common_a_category_is_becomes_a_number() -> None:
    words = ["a"] * 100 + [f"w{n}" for n in range(60)]
    column = Column(name="c", kind="categorical")
    features = CategoryFeatures.fit(column, pd.Series(words, dtype=object), Ledger())
    assert features.names == ["c count"]
    known = distinct(pd.Series(["a", "w1", "never"], dtype=object))
    common, once, never = features.encode(known)[:, 0].tolist()
    assert common == 1.0 > once > never == 0.0
