"""check(data): every question of the folder is asked, of every kind of data, within its time."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from check_cases import case, rows

import netwright as nw
from netwright.check import case as cases
from netwright.check.build import batch_order
from netwright.check.check import DATA_CHECKS, NET_CHECKS, run_checks
from netwright.check.result import Check, Checks
from netwright.check.text import to_text


@pytest.fixture(autouse=True)
def quick(no_hurry: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "OUT_OF_FOLD_SECONDS", 0.5)


def test_every_file_is_asked() -> None:
    folder = Path(cases.__file__).parent / "checks"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {one.__name__ for one in (*DATA_CHECKS, *NET_CHECKS)} == files


def test_names_are_those_of_the_files() -> None:
    asked = [one.__name__.replace("_", "-") for one in (*DATA_CHECKS, *NET_CHECKS)]
    assert [found.name for found in run_checks(case())] == asked


@pytest.mark.parametrize(
    "source", ["iris", "linnerud", "sine", pytest.param("corpus", marks=pytest.mark.slow), "texts"]
)
def test_data_that_is_well_raises_no_alarm(source: str, tmp_path: Path) -> None:
    if source == "corpus":
        rng = np.random.default_rng(0)
        words = ["sun", "moon", "star", "sea", "sand", "stone", "tree", "leaf", "root", "rain"]
        (tmp_path / "c.txt").write_text(" ".join(rng.choice(words, 3000)))
        source = str(tmp_path / "c.txt")
    if source == "texts":
        source = _texts(tmp_path)
    data = nw.read(source)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = nw.check(data)
    assert not found.of("warning", "failed"), str(found)
    assert len(found) == len(DATA_CHECKS) + len(NET_CHECKS)
    assert found.exit_code == 0


def _texts(folder: Path) -> str:
    rng = np.random.default_rng(0)
    both = [f"word{k}" for k in range(40)]
    for name, own in (("good", ["fine", "lovely", "great"]), ("bad", ["awful", "poor", "dull"])):
        (folder / "texts" / name).mkdir(parents=True)
        for number in range(80):
            text = " ".join(rng.permutation([*rng.choice(both, 8), *rng.choice(own, 2)]))
            (folder / "texts" / name / f"{number}.txt").write_text(text)
    return str(folder / "texts")


def test_streams_and_the_plan_are_left_as_they_were() -> None:
    data = nw.read("iris")
    plan = nw.design(data)
    before = plan.to_yaml(), torch.get_rng_state(), torch.get_num_threads()
    again = [nw.check(data, plan, num_threads=1).to_dict() for _ in range(2)]
    assert plan.to_yaml() == before[0] and torch.get_num_threads() == before[2]
    assert torch.equal(torch.get_rng_state(), before[1])
    for found in again:  # the same but for the time it took
        found.pop("seconds")
        for one in found["checks"]:
            one.pop("seconds")
    assert again[0] == again[1]


def test_a_loss_that_cannot_be_computed_ends_the_net_checks() -> None:
    data = nw.read("iris")
    plan = nw.design(data).with_({"objective.loss": "mse"})
    found = nw.check(data, plan)
    assert found["outputs-and-loss"].fault == "wrong-loss-for-task"
    assert "gradients" not in [one.name for one in found]
    assert found.exit_code == 10


def test_a_batch_holds_classes_in_turn() -> None:
    y = np.repeat([0, 1, 2], [900, 50, 5])
    chosen = y[batch_order(y, 12, seed=0)]
    assert np.bincount(chosen).tolist() == [4, 4, 4]
    assert len(set(batch_order(np.random.default_rng(0).normal(size=50), 20, seed=0))) == 20


def test_words_fit_the_screen_and_json_has_no_nan() -> None:
    x, y = rows(100)
    x[3, 1] = np.nan
    bad = Checks(tuple(run_checks(case((x, y)))[:1]), "table", 0.5)
    text = to_text(bad)
    assert "FAILED" in text and "train row 3" in text and max(map(len, text.splitlines())) <= 100
    plain = Check(name="n", status="info", words="w", numbers={"a": float("nan"), "b": 1.0})
    assert plain.to_dict()["numbers"] == {"a": "nan", "b": 1.0}


def test_several_targets_are_checked_with_their_net(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(120, 3)), columns=["size", "age", "noise"])
    frame["price"] = 3 * frame["size"] - frame["age"]
    frame["sold"] = np.where(frame["size"] > 0, "yes", "no")
    frame.loc[:9, "price"] = np.nan
    found = nw.check(nw.read(frame, target="price,sold"))
    assert not found.of("warning", "failed"), str(found)
    assert len(found) == len(DATA_CHECKS) + len(NET_CHECKS)
