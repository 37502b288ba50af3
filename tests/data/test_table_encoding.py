"""Rows of a table as tensors, fitted on training rows only."""

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from netwright.data.columns import infer_columns
from netwright.data.ledger import Ledger
from netwright.data.table_encoding import TableEncoding
from netwright.errors import DataError

ROWS = 600
RNG = np.random.default_rng(0)


def make_frame(rows: int = ROWS) -> pd.DataFrame:
    """Every kind of column, as strings, the way a CSV gives them."""
    rng = np.random.default_rng(1)
    days = pd.date_range("2023-01-01", periods=900).strftime("%d/%m/%Y").to_numpy()
    words = "red old big car house small new blue green fast".split()
    frame = pd.DataFrame(
        {
            "number": rng.lognormal(3, 2, rows).astype(str),
            "gappy": np.where(rng.random(rows) < 0.2, "NA", rng.normal(size=rows).astype(str)),
            "price": [f"${value:,.2f}" for value in rng.lognormal(8, 1, rows)],
            "city": rng.choice(["Rome", "Oslo", "Bonn", ""], rows),
            "flag": rng.choice(["yes", "no"], rows),
            "code": [f"K{n}-{n % 7}" for n in rng.integers(0, 300, rows)],
            "when": rng.choice(days, rows),
            "remark": [" ".join(rng.choice(words, 9)) for _ in range(rows)],
            "same": "x",
        },
        dtype=object,
    )
    return frame


def fit(frame: pd.DataFrame, ledger: Ledger | None = None) -> TableEncoding:
    ledger = ledger if ledger is not None else Ledger()
    return TableEncoding.fit(frame, infer_columns(frame, ledger), ledger, known=list(frame.columns))


def test_shapes_and_names_agree_with_the_tensors() -> None:
    frame = make_frame()
    encoding = fit(frame)
    numeric, ids = encoding.encode(frame)
    shapes = encoding.shapes()
    assert numeric.dtype == torch.float32 and ids.dtype == torch.int64
    assert numeric.shape == (ROWS, shapes["numeric"]) == (ROWS, len(encoding.feature_names()))
    assert (
        ids.shape == (ROWS, len(shapes["cardinalities"])) == (ROWS, len(encoding.category_names()))
    )
    assert torch.isfinite(numeric).all()
    for column, cardinality in zip(ids.T, shapes["cardinalities"], strict=True):
        assert 0 <= int(column.min()) and int(column.max()) < cardinality
    assert "gappy missing" in encoding.feature_names()
    assert "same" not in encoding.columns


def test_numbers_are_standard_normal_whatever_their_skew() -> None:
    numeric, _ = fit(make_frame()).encode(make_frame())
    column = numeric[:, 0]
    assert abs(float(column.mean())) < 0.05 and abs(float(column.std()) - 1) < 0.05
    assert float(column.abs().max()) < 4


@pytest.mark.parametrize("rows", [ROWS, 200])
def test_an_outlier_goes_hardly_further_than_the_training_rows(rows: int) -> None:
    frame = make_frame(rows)
    encoding = fit(frame)
    far = frame.iloc[:2].assign(number=["1e30", "-1e30"])
    numeric, _ = encoding.encode(far)
    assert float(numeric[:, 0].abs().max()) < 4


@pytest.mark.parametrize("rows", [ROWS, 200])
def test_a_round_trip_through_files_restores_everything(tmp_path: Path, rows: int) -> None:
    frame = make_frame(rows)
    encoding = fit(frame)
    save_file(encoding.tensors(), tmp_path / "encoding.safetensors")
    values = json.loads(json.dumps(encoding.to_dict(), allow_nan=False))
    again = TableEncoding.from_dict(values, load_file(tmp_path / "encoding.safetensors"))
    for before, after in zip(encoding.encode(frame), again.encode(frame), strict=True):
        assert torch.equal(before, after)
    assert again.shapes() == encoding.shapes()
    assert again.feature_names() == encoding.feature_names()


def test_typed_rows_are_encoded_like_words() -> None:
    frame = make_frame()
    encoding = fit(frame)
    typed = frame.assign(
        number=frame["number"].astype(float),
        gappy=pd.to_numeric(frame["gappy"], errors="coerce"),
        price=[float(v.replace("$", "").replace(",", "")) for v in frame["price"]],
        flag=[v == "yes" for v in frame["flag"]],
        when=pd.to_datetime(frame["when"], dayfirst=True),
    )
    for before, after in zip(encoding.encode(frame), encoding.encode(typed), strict=True):
        torch.testing.assert_close(before, after)


def test_unseen_missing_and_extra_cells_are_noted() -> None:
    frame = make_frame()
    encoding = fit(frame)
    rows = frame.iloc[:4].assign(
        city=["Paris", "Rome", "Oslo", "Lima"], number=["", "1", "two", "3"], extra=1
    )
    ledger = Ledger()
    numeric, ids = encoding.encode(rows, ledger)
    assert ids[0, 0] == ids[3, 0] == 0
    assert ids[1, 0] > 0
    assert torch.isfinite(numeric).all()
    said = {(entry.where, entry.count) for entry in ledger}
    assert {("city", 2), ("columns", 1), ("number", 1), ("number", 2)} <= said


def test_a_missing_column_is_named() -> None:
    frame = make_frame()
    encoding = fit(frame)
    with pytest.raises(DataError, match="'price'"):
        encoding.encode(frame.drop(columns="price"))
    encoding.encode(frame.drop(columns="same"))  # dropped in training: not needed


def test_missing_is_a_category_of_its_own() -> None:
    frame = make_frame()
    encoding = fit(frame)
    _, ids = encoding.encode(frame)
    city = encoding.category_names().index("city")
    empty = ids[torch.tensor((frame["city"] == "").tolist()), city]
    assert len(set(empty.tolist())) == 1 and int(empty[0]) > 0


def test_rare_categories_share_unknown() -> None:
    frame = pd.DataFrame({"c": ["a"] * 200 + ["b"] * 198 + ["c", "d"], "x": RNG.normal(size=400)})
    encoding = fit(frame)
    _, ids = encoding.encode(frame)
    assert ids[-2:, 0].tolist() == [0, 0]
    assert encoding.shapes()["cardinalities"] == [3]


def test_only_training_rows_are_looked_at() -> None:
    """The same training rows give the same encoding, whatever the others are."""
    frame = make_frame()
    train = frame.iloc[:550]
    ledger = Ledger()
    columns = infer_columns(train, ledger)
    first = TableEncoding.fit(train, columns, ledger)
    changed = pd.concat([train, frame.iloc[550:].assign(number="1e9", city="Paris")])
    again = TableEncoding.fit(
        changed.iloc[:550], infer_columns(changed, ledger, rows=np.arange(550)), ledger
    )
    for before, after in zip(first.encode(frame), again.encode(frame), strict=True):
        assert torch.equal(before, after)


def test_dates_give_elapsed_time_and_cycles() -> None:
    frame = pd.DataFrame({"when": pd.date_range("2020-01-01", periods=800).astype(str)})
    encoding = fit(frame)
    names = encoding.feature_names()
    assert names[0] == "when elapsed"
    assert "when month sin" in names and "when weekday cos" in names
    assert not any("hour" in name for name in names)
    numeric, _ = encoding.encode(frame)
    assert bool((numeric[1:, 0] > numeric[:-1, 0]).all())
    week = numeric[:, names.index("when weekday sin")]
    torch.testing.assert_close(week[:-7], week[7:], atol=1e-5, rtol=0)


def test_nothing_to_learn_from_is_an_error_with_reasons() -> None:
    with pytest.raises(DataError, match="same value"):
        fit(pd.DataFrame({"a": ["x"] * 20}))


def test_thirty_thousand_rows_of_words_encode_in_a_second() -> None:
    frame = pd.concat([make_frame(3000).drop(columns="remark")] * 10, ignore_index=True)
    encoding = fit(frame)
    begun = time.process_time()
    encoding.encode(frame)
    assert time.process_time() - begun < 2.0  # about 0.5 s on a free core
