"""Which rows train, validate and test."""

import numpy as np
import pytest

from netwright.data.ledger import Ledger
from netwright.data.splits import split_rows, validation_share
from netwright.errors import DataError

RNG = np.random.default_rng(0)


def all_of(splits: dict[str, np.ndarray]) -> list[int]:
    return sorted(np.concatenate(list(splits.values())).tolist())


def test_every_row_is_in_one_split_in_order() -> None:
    splits = split_rows(1000, seed=3)
    assert all_of(splits) == list(range(1000))
    assert [len(splits[name]) for name in ("train", "validation", "test")] == [640, 160, 200]
    assert all((np.diff(rows) > 0).all() for rows in splits.values())


def test_the_seed_decides() -> None:
    first, again, other = (split_rows(100, seed=seed)["test"].tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_classes_keep_their_shares() -> None:
    labels = np.array(["rare"] * 40 + ["common"] * 960, dtype=object)
    splits = split_rows(1000, labels=labels, seed=0)
    assert (labels[splits["test"]] == "rare").sum() == 8
    assert (labels[splits["validation"]] == "rare").sum() in (6, 7)


def test_single_rows_stay_in_training_and_are_said() -> None:
    labels = np.array(["one"] + ["two"] * 2 + ["many"] * 97, dtype=object)
    ledger = Ledger()
    splits = split_rows(100, labels=labels, seed=0, ledger=ledger)
    assert 0 in splits["train"]
    assert {1, 2} & set(splits["train"].tolist())
    assert any("one" in entry.what for entry in ledger)


def test_groups_are_never_cut() -> None:
    groups = np.repeat(np.arange(50), 20).astype(str).astype(object)
    splits = split_rows(1000, groups=groups, labels=RNG.integers(0, 2, 1000).astype(str), seed=0)
    seen = [set(groups[rows]) for rows in splits.values()]
    assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])
    assert abs(len(splits["test"]) - 200) <= 20


def test_one_group_cannot_be_divided() -> None:
    with pytest.raises(DataError, match="one group"):
        split_rows(20, groups=np.array(["a"] * 20, dtype=object))


def test_the_latest_rows_are_the_test() -> None:
    times = RNG.permutation(100).astype(float)
    splits = split_rows(100, times=times)
    train, validation, test = (times[splits[name]] for name in ("train", "validation", "test"))
    assert train.max() < validation.min() <= validation.max() < test.min()


def test_rows_without_a_time_are_not_the_latest() -> None:
    times = np.arange(50, dtype=float)
    times[:5] = np.nan
    assert set(range(5)) <= set(split_rows(50, times=times)["train"].tolist())


def test_given_splits_are_kept() -> None:
    given = {"test": np.arange(90, 100)}
    splits = split_rows(100, given=given, seed=0)
    assert splits["test"].tolist() == list(range(90, 100))
    assert len(splits["validation"]) == 18
    given = {"train": np.arange(60), "validation": np.arange(60, 80), "test": np.arange(80, 100)}
    splits = split_rows(100, given=given, seed=0)
    assert {name: rows.tolist() for name, rows in splits.items()} == {
        name: rows.tolist() for name, rows in given.items()
    }


def test_what_is_not_given_is_cut_off_training() -> None:
    splits = split_rows(100, given={"train": np.arange(80), "test": np.arange(80, 100)}, seed=0)
    assert splits["test"].tolist() == list(range(80, 100))
    assert sorted([*splits["train"], *splits["validation"]]) == list(range(80))
    assert len(splits["validation"]) == 16


def test_the_validation_share_falls_with_rows() -> None:
    assert validation_share(100) == 0.2
    assert validation_share(100_000) == 0.1
    assert validation_share(2_000_000) * 2_000_000 == 20_000
