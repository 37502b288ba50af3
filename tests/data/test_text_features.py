"""A text column beside others as a few numbers."""

import numpy as np
import pandas as pd

from netwright.data.columns import Column, infer_columns
from netwright.data.ledger import Ledger
from netwright.data.table_encoding import TableEncoding
from netwright.data.text_features import ROWS_A_FEATURE, TextFeatures

ROWS = 500
RNG = np.random.default_rng(0)
TOPICS = (["goal", "match", "team", "player", "cup"], ["vote", "party", "law", "minister", "poll"])


def remarks() -> tuple[pd.Series, np.ndarray]:
    topic = RNG.integers(0, 2, ROWS)
    texts = [" ".join(RNG.choice(TOPICS[t], 6)) for t in topic]
    return pd.Series(texts, dtype=object), topic


def test_what_texts_are_about_stands_in_their_numbers() -> None:
    cells, topic = remarks()
    features = TextFeatures.fit(Column(name="remark", kind="text"), cells, Ledger())
    assert features is not None
    out = features.encode(cells)
    assert out.shape == (ROWS, ROWS // ROWS_A_FEATURE) == (ROWS, len(features.names))
    np.testing.assert_allclose(out.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(out.std(0), 1, atol=1e-3)
    apart = max(abs(np.corrcoef(column, topic)[0, 1]) for column in out.T)
    assert apart > 0.95


def test_missing_and_unknown_words_are_no_trouble() -> None:
    cells, _ = remarks()
    features = TextFeatures.fit(Column(name="remark", kind="text"), cells, Ledger())
    assert features is not None
    out = features.encode(pd.Series([None, "", "never seen", "goal vote"], dtype=object))
    assert np.isfinite(out).all()
    assert (out[0] == out[1]).all() and (out[1] == out[2]).all()


def test_words_without_any_in_common_give_nothing() -> None:
    cells = pd.Series([f"{n:x}q{n * 7:x}" for n in range(ROWS)], dtype=object)
    assert TextFeatures.fit(Column(name="remark", kind="text"), cells, Ledger()) is None


def names(cells: list[str]) -> list[str]:
    frame = pd.DataFrame({"c": cells}, dtype=object)
    ledger = Ledger()
    return TableEncoding.fit(frame, infer_columns(frame, ledger), ledger).feature_names()


def test_codes_are_spelled_and_surnames_are_not() -> None:
    codes = [f"{'ABC'[n % 3]}{n % 90}" for n in range(ROWS)]
    surnames = ["".join(RNG.choice(list("aeioulmnrst"), 7)) for _ in range(ROWS // 2)] * 2
    assert "c text 1" in names(codes)
    assert not any("text" in name for name in names(surnames))
