"""Cells of the tables' benchmark are found again by what they depend on, and ranked by rules."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import document_tables
import table_cells
import table_data
import table_trees
import table_worker
import tables
from table_summary import ranks, summarise

KEY: dict[str, Any] = {"versions": {"torch": "2", "numpy": "1"}, "data": "d", "code": 1}


def test_a_key_depends_on_each_part_but_not_on_the_order_of_versions() -> None:
    whole = table_cells.key_of("m", **KEY, budget=None)
    assert whole == table_cells.key_of(
        "m", **KEY | {"versions": {"numpy": "1", "torch": "2"}}, budget=None
    )
    changed = [{"versions": {"torch": "3", "numpy": "1"}}, {"data": "e"}, {"code": 2}]
    keys = [table_cells.key_of("m", **KEY | change, budget=None) for change in changed]
    keys += [table_cells.key_of("n", **KEY, budget=None), table_cells.key_of("m", **KEY, budget=60)]
    assert len({whole, *keys}) == 6


def _cell(table: str, model: str, seed: int, value: float | None, **more: Any) -> dict[str, Any]:
    measure = "rmse" if table == "r" else "accuracy"
    scores = {measure: value} | ({"roc_auc": value} if table != "r" else {})
    cell = {"table": table, "model": model, "seed": seed, "data": "x", "budget": None}
    cell |= {"taken": "1", "cpu_seconds": 1.0, "peak_mb": 9}
    return cell | ({"capped": True} if value is None else {"test": scores}) | more


def _store(cache: Path, cell: dict[str, Any]) -> None:
    key = table_cells.key_of(cell["model"], **KEY, budget=len(list(cache.rglob("*"))))
    where = (cell["table"], cell["model"], cell["seed"])
    table_cells.store(table_cells.place(cache, *where, key), cell)


def test_the_last_cell_of_the_last_rows_counts(tmp_path: Path) -> None:
    _store(tmp_path, _cell("t", "a", 0, 0.1))
    _store(tmp_path, _cell("t", "a", 0, 0.2, taken="2", data="y"))
    _store(tmp_path, _cell("t", "b", 0, 0.3))  # of rows that are no more
    _store(tmp_path, _cell("t", "c", 0, 0.4, taken="3", data="y", budget=60.0))
    _store(tmp_path, _cell("t", "d", 0, 0.5, taken="1", data="y", budget=300.0))
    found = table_cells.newest(tmp_path, 300.0)
    assert {key[1]: cell["test"]["accuracy"] for key, cell in found.items()} == {"a": 0.2, "d": 0.5}


def test_equal_values_share_their_ranks() -> None:
    assert ranks({"a": 0.9, "b": 0.8, "c": 0.9}, lower=False) == {"a": 1.5, "c": 1.5, "b": 3.0}
    assert ranks({"a": 3.0, "b": 2.0}, lower=True) == {"a": 2.0, "b": 1.0}


def _summary(*cells: dict[str, Any]) -> dict[str, Any]:
    by_key = {(c["table"], c["model"], c["seed"]): c for c in cells}
    found: dict[str, Any] = summarise(by_key, tables=["t", "r"], models=["a", "b", "c"], seeds=2)
    return found


CELLS = [
    _cell("t", "a", 0, 0.9), _cell("t", "a", 1, 0.7), _cell("r", "a", 0, 5.0),
    _cell("r", "a", 1, 5.0), _cell("t", "b", 0, 0.7), _cell("t", "b", 1, 0.7),
    _cell("r", "b", 0, 4.0), _cell("r", "b", 1, 6.0), _cell("t", "c", 0, 0.8),
    _cell("t", "c", 1, None),
]  # fmt: skip


def test_means_ranks_and_wins() -> None:
    found = _summary(*CELLS)
    assert found["tables"]["t"]["models"]["a"]["mean"]["accuracy"] == pytest.approx(0.8)
    assert found["tables"]["r"]["measure"] == "rmse"
    # a wins t; both have an RMSE of 5: a rank of 1.5 and a win each
    assert found["ranking"]["a"] | {"of": 2} == found["ranking"]["a"]
    assert found["ranking"]["a"]["rank"] == 1.25 and found["ranking"]["a"]["wins"] == 2
    assert found["ranking"]["b"]["rank"] == 1.75 and found["ranking"]["b"]["wins"] == 1
    assert found["ranking_roc_auc"]["a"] == {  # of numbers by RMSE
        "rank": 1.25, "wins": 2, "tables": 2, "complete": True, "of": 2,
    }  # fmt: skip


def test_a_model_that_lacks_cells_is_compared_on_the_seeds_it_has_and_changes_nobody() -> None:
    found = _summary(*CELLS)
    # On seed 0 alone: a 0.9, c 0.8, b 0.7.
    assert found["ranking"]["c"] == {
        "rank": 2.0, "wins": 0, "tables": 1, "complete": False, "of": 3,
    }  # fmt: skip
    assert list(found["ranking"]) == ["a", "b", "c"]
    assert found["missing"] == {"c": ["t-1", "r-0", "r-1"]}
    assert found["capped"] == ["t c 1"]


def test_the_page_says_what_is_missing() -> None:
    text = "\n".join(document_tables.section(_summary(*CELLS) | {"threads": [1]}))
    assert "c 3 of 4" in text and "Stopped by the cap: t c 1" in text
    assert "| c | 0.8000 (1 of 2) |" in text
    assert "| c | 2.00 | 0 | 1 | 2.00 | 1.0 | 9 | beside |" in text
    assert "netwright has no table whole yet" in text


def test_the_page_says_where_trees_win() -> None:
    cells = [_cell(t, "netwright", 0, 0.8) for t in ("t", "u", "r")]
    cells += [_cell("t", "catboost", 0, 0.9), _cell("u", "catboost", 0, 0.8)]
    cells += [_cell("r", "catboost", 0, 0.9), _cell("r", "xgboost", 0, 0.7)]
    by_key = {(c["table"], c["model"], c["seed"]): c for c in cells}
    models = ["netwright", "catboost", "xgboost"]
    found = summarise(by_key, tables=["t", "u", "r"], models=models, seeds=1)
    text = "\n".join(document_tables.section(found | {"threads": [2]}))
    assert "Of 3 tables, trees at their defaults win: t (catboost), r (xgboost)." in text


def test_a_split_is_what_netwright_reads_without_the_columns_that_number_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": range(60), "x": rng.normal(size=60), "word": ["a", "b", None] * 20})
    frame.assign(y=["no", "yes"] * 30).to_csv(tmp_path / "t.csv", index=False)
    table = table_data.Table("t.csv", "y", numbering=("id",))
    monkeypatch.setitem(table_data.TABLES, "t", table)
    split = table_data.read_split("t", 0, tmp_path)
    assert list(split.frames["train"]) == ["x", "word"] and split.classes == 2
    assert split.frames["train"]["x"].dtype == float
    assert split.frames["test"]["word"].isna().any()
    assert sum(len(targets) for targets in split.targets.values()) == 60
    assert split.digest == table_data.read_split("t", 0, tmp_path).digest
    assert split.digest != table_data.read_split("t", 1, tmp_path).digest


def test_scores_are_the_plain_ones() -> None:
    split = table_data.Split({}, {"test": np.array([0, 1, 1, 0])}, 2, "")
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
    found = tables.scores(split, p, "test")
    assert found["accuracy"] == 0.75 and found["roc_auc"] == 1.0
    assert found["log_loss"] == pytest.approx(-np.log([0.9, 0.8, 0.4, 0.7]).mean())
    values = table_data.Split({}, {"test": np.array([1.0, 2.0])}, 0, "")
    assert tables.scores(values, np.array([1.0, 4.0]), "test") == {
        "rmse": pytest.approx(2**0.5), "mae": 1.0,
    }  # fmt: skip
    with pytest.raises(ValueError, match="not all finite"):
        tables.scores(values, np.array([1.0, np.nan]), "test")


def test_words_get_the_categories_of_the_training_rows() -> None:
    frames = {
        "train": pd.DataFrame({"w": ["a", "a", "b"]}),
        "test": pd.DataFrame({"w": ["b", "z"]}),
    }
    found = table_trees.with_categories(frames)
    assert found["test"]["w"].isna().tolist() == [False, True]
    found = table_trees.with_categories(frames, 1)  # b is not among the one most frequent
    assert found["test"]["w"].isna().all() and found["train"]["w"].notna().sum() == 2


def test_rare_words_are_one_word() -> None:
    train = pd.DataFrame({"w": ["a"] * 5 + ["b", None]})
    found = table_trees.merge_rare({"train": train, "test": pd.DataFrame({"w": ["a", "b", "z"]})})
    assert found["test"]["w"].tolist() == ["a", "(rare)", "(rare)"]
    assert found["train"]["w"].isna().sum() == 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_memory_is_the_process_s_own() -> None:
    held = np.ones(30 * 2**20 // 8)
    alone = (
        "import sys; sys.path.insert(0, sys.argv[1]); import table_worker as w; print(w.peak_mb())"
    )
    command = [sys.executable, "-c", alone, str(Path(table_cells.__file__).parent)]
    found = int(subprocess.check_output(command, text=True))
    own = table_worker.peak_mb()
    assert own is not None and 10 < found < own, f"{held.nbytes} bytes are the parent's"


def test_unknown_models_and_tables_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--models", "catboots"], ["--data", "iris"]):
        with pytest.raises(SystemExit, match="2"):
            tables.main(arguments)
        assert "expected some of" in capsys.readouterr().err
