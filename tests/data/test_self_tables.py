"""Tables and pictures to be rebuilt or drawn: labels are set aside, what cannot be learned is
refused in a sentence."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from netwright.data.builtin import MODE_NOISE, gaussian_modes
from netwright.data.data import Rows
from netwright.data.read import read
from netwright.data.set_aside import ANOMALY, NORMAL, NOT_KNOWN
from netwright.errors import DataError, UsageError


def frame(rows: int = 100, *, odd: int = 10) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(rows, 3)), columns=["a", "b", "c"])
    table["word"] = rng.choice(["x", "y", "z"], rows)
    table["fault"] = np.where(np.arange(rows) < odd, "yes", "no")
    return table


def test_known_anomalies_are_not_trained_on_and_the_label_is_no_input() -> None:
    data = read(frame(), task="reconstruction", target="fault")
    assert isinstance(data.train, Rows) and isinstance(data.test, Rows)
    assert set(data.train.targets.tolist()) == {NORMAL}
    assert set(data.test.targets.tolist()) == {NORMAL, ANOMALY}
    assert data.task.positive == "yes" and data.task.classes == ("no", "yes")
    assert "fault" not in data.encoding.columns and "word" in data.encoding.columns
    assert any("not trained on" in str(entry) for entry in data.ledger)


def test_a_row_without_a_label_is_trained_on() -> None:
    table = frame()
    table.loc[20:60, "fault"] = None
    data = read(table, task="reconstruction", target="fault")
    assert isinstance(data.train, Rows)
    assert set(data.train.targets.tolist()) == {NORMAL, NOT_KNOWN}


def test_without_a_label_every_column_is_learned() -> None:
    data = read(frame(), task="reconstruction")
    assert "fault" in data.encoding.columns and data.task.target == ""
    assert read("diabetes", task="reconstruction").encoding.columns[-1] == "progression"
    assert read("iris", task="reconstruction").task.target == "species"


def test_many_classes_are_set_aside_and_none_is_an_anomaly() -> None:
    data = read("digits", task="reconstruction")
    assert isinstance(data.train, Rows)
    assert set(data.train.targets.tolist()) == {NOT_KNOWN} and data.task.positive is None


def test_pictures_are_rebuilt_from_0_to_1_and_drawn_from_minus_1_to_1() -> None:
    for task, low in (("reconstruction", 0.0), ("generation", -1.0)):
        data = read("digits", task=task)
        pixels = next(iter(data.train.batches(2000))).inputs
        (prepared,) = data.encoding.prepare(pixels)
        assert prepared.min().item() == pytest.approx(low, abs=1e-6)
        assert prepared.max().item() == pytest.approx(1.0, abs=1e-6)
        assert torch.equal(data.encoding.restore(prepared), pixels[0])


def test_numbers_to_be_drawn_come_back_as_they_were() -> None:
    table = frame()
    table.loc[::7, "b"] = np.nan
    data = read(table, task="generation")
    assert isinstance(data.train, Rows)
    assert data.encoding.columns == ["a", "b", "c"]  # words are not drawn, and the ledger says so
    assert any("not drawn: word, fault" in str(entry) for entry in data.ledger)
    back = data.encoding.restore(data.train.inputs[0])
    pd.testing.assert_frame_equal(
        back, data.train.raw[["a", "b", "c"]].reset_index(drop=True), atol=1e-5
    )


def test_a_class_to_draw_is_given_where_every_row_has_one() -> None:
    data = read("moons", task="generation")
    assert data.task.classes == ("lower", "upper") and sum(data.class_counts) == len(data.train)
    assert read("8-gaussians").task.classes == ()


def test_eight_gaussians_lie_around_their_modes() -> None:
    data = read("8-gaussians", seed=3)
    assert isinstance(data.train, Rows)
    points = torch.from_numpy(data.train.raw.to_numpy(np.float64))
    near = torch.cdist(points, torch.from_numpy(gaussian_modes())).min(1)
    assert near.values.square().mean().sqrt().item() == pytest.approx(2**0.5 * MODE_NOISE, rel=0.1)
    assert torch.bincount(near.indices).min() > len(points) / 10


def test_a_folder_of_pictures_alone_can_be_learned(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(20):
        pixels = rng.integers(0, 255, (12, 12), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    assert len(read(tmp_path, task="generation").train) > 10
    with pytest.raises(DataError, match="or use --task reconstruction or generation"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        (frame()[["word", "fault"]], {"task": "generation"}, "holds numbers that differ"),
        (pd.DataFrame({"a": [1.0] * 50, "b": ["x"] * 50}), {"task": "reconstruction"}, "that diff"),
        (frame(rows=1), {"task": "reconstruction"}, "There are 1 rows; at least 10"),
        (frame(), {"task": "reconstruction", "target": "a"}, "100 different values"),
        (frame(), {"task": "generation", "target": "nothing"}, "There is no column 'nothing'"),
    ],
)
def test_what_cannot_be_learned_is_refused(table, options, words) -> None:
    with pytest.raises(DataError, match=words):
        read(table, **options)


def test_options_of_other_tasks_are_refused() -> None:
    with pytest.raises(UsageError, match="asks for a forecast"):
        read(frame(), task="generation", horizon=3)
    with pytest.raises(UsageError, match="one column of labels"):
        read(frame(), task="reconstruction", target="word,fault")


def test_texts_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "story.txt"
    file.write_text("Once upon a time there was a net. " * 100)
    with pytest.raises(DataError, match="use --task language-modelling"):
        read(file, task="generation")


def test_a_label_of_one_class_says_nothing_and_stops_nothing() -> None:
    data = read(frame(odd=0), task="reconstruction", target="fault")
    assert data.task.positive is None
    assert any("one class only" in str(entry) for entry in data.ledger)


def test_words_alone_can_be_rebuilt_and_constant_columns_are_left_out() -> None:
    table = frame()[["word", "fault"]].assign(same="s", one=1.0)
    data = read(table, task="reconstruction")
    assert data.encoding.columns == ["word", "fault"]
    assert data.encoding.shapes()["numeric"] == 0
