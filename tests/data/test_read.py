"""read, read_rows and read_labelled, over all kinds of source."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from netwright.data.data import Data, Rows
from netwright.data.ledger import Ledger
from netwright.data.read import read, read_labelled, read_rows
from netwright.errors import DataError, UsageError


def agree(found: Data, source: str | Path, **told: str) -> None:
    """The rows read again for the model are the rows it was trained on."""
    again = read_labelled(source, found.encoding, found.task, Ledger(), **told)
    train = found.train
    assert isinstance(train, Rows) and train.rows is not None
    assert torch.equal(again.targets[train.rows], train.targets)
    for before, after in zip(train.inputs, again.inputs, strict=True):
        torch.testing.assert_close(before, after[train.rows])
    raw = read_rows(source, found.encoding, Ledger())
    inputs = found.encoding.encode(raw)
    assert len(inputs[0]) == sum(len(split) for split in found.splits().values())


@pytest.mark.parametrize("name", ["iris", "diabetes", "digits", "moons"])
def test_builtins(name: str) -> None:
    found = read(name)
    assert found.source.name == name
    agree(found, name)


def test_a_builtin_in_time() -> None:
    found = read("sine")
    assert (found.kind, found.task.form) == ("series", "forecasting")
    with pytest.raises(UsageError, match="forecasting"):
        read_labelled("sine", found.encoding, found.task, Ledger())


def write_csv(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=80), "b": rng.choice(["u", "v"], 80)})
    frame["value"] = frame["a"] * 3 + rng.normal(size=80)
    frame.to_csv(folder / "table.csv", index=False)
    return folder / "table.csv"


def test_a_csv_and_its_rows(tmp_path: Path) -> None:
    path = write_csv(tmp_path)
    found = read(path)
    assert (found.task.form, found.task.target) == ("regression", "value")
    assert len(found.source.sha256[0]) == 64
    agree(found, path)
    renamed = pd.read_csv(path).rename(columns={"value": "price"})
    renamed.to_csv(tmp_path / "other.csv", index=False)
    agree(found, tmp_path / "other.csv", target="price")
    with pytest.raises(DataError, match="no column 'value' to score"):
        read_labelled(tmp_path / "other.csv", found.encoding, found.task, Ledger())
    renamed.drop(columns="b").to_csv(tmp_path / "short.csv", index=False)
    with pytest.raises(DataError, match="'b'"):
        found.encoding.encode(read_rows(tmp_path / "short.csv", found.encoding, Ledger()))


def test_a_frame_in_memory() -> None:
    frame = pd.DataFrame({0: np.arange(50) ** 1.5, 1: ["u", "v"] * 25})
    found = read(frame, target="1")
    assert found.task.classes == ("u", "v")
    assert found.train.raw.columns.tolist() == ["0"]  # type: ignore[attr-defined]


def test_rows_of_unknown_classes_are_not_scored(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60), "label": rng.choice(["u", "v"], 60)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    found = read(tmp_path / "t.csv")
    frame.loc[:4, "label"] = ["w", "", "U", "v.", "?"]
    frame.to_csv(tmp_path / "t.csv", index=False)
    ledger = Ledger()
    rows = read_labelled(tmp_path / "t.csv", found.encoding, found.task, ledger)
    assert len(rows) == 57
    assert any(entry.count == 3 for entry in ledger if entry.action == "dropped")
    assert rows.rows is not None and rows.rows[:2].tolist() == [2, 3]


def test_rows_of_classes_not_learned_are_counted_and_named(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(60) % 7, "label": ["u", "v"] * 30})
    found = read(frame)

    def said(label: list[str]) -> str:
        frame.assign(label=label).to_csv(tmp_path / "t.csv", index=False)
        ledger = Ledger()
        rows = read_labelled(tmp_path / "t.csv", found.encoding, found.task, ledger)
        assert len(rows) == 40
        return "\n".join(str(entry) for entry in ledger)

    one = said(["u"] * 40 + ["w"] * 20)
    assert "label: rows of a class that was not learned: 'w' (20)" in one
    many = said(["u"] * 40 + ["w", "x", "y", "z"] * 4 + [""] * 4)
    assert "rows of 4 classes that were not learned: 'w', 'x', 'y', ... (16)" in many
    assert "rows without a known target are not scored (20)" in many


def test_a_source_without_columns_refuses_a_target(tmp_path: Path) -> None:
    found = read("digits")
    with pytest.raises(UsageError, match="--target 'label' names a column, but digits has none"):
        read_labelled("digits", found.encoding, found.task, Ledger(), target="label")
    hidden = read("digits", task="reconstruction")
    with pytest.raises(UsageError, match="--target 'label' names a column, but digits has none"):
        read_labelled("digits", hidden.encoding, hidden.task, Ledger(), target="label")


def test_text_folders_and_lines(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    words = "film plot actor music good bad scene end".split()
    for label in ("neg", "pos"):
        (tmp_path / "folder" / label).mkdir(parents=True)
        lines = [" ".join(rng.choice(words, 8)) for _ in range(20)]
        for n, line in enumerate(lines):
            (tmp_path / "folder" / label / f"{n:02d}.txt").write_text(line)
        (tmp_path / "lines").mkdir(exist_ok=True)
        (tmp_path / "lines" / f"{label}.txt").write_text("\n".join(lines))
    for name in ("folder", "lines"):
        found = read(tmp_path / name)
        assert (found.kind, found.task.classes) == ("text", ("neg", "pos"))
        agree(found, tmp_path / name)


@pytest.mark.parametrize(
    ("shape", "dtype", "kind"),
    [
        ((60, 3), np.float64, "table"),
        ((60, 9, 9), np.uint8, "image"),
        ((60, 9, 2), np.float32, "series"),
    ],
)
def test_arrays(tmp_path: Path, shape: tuple[int, ...], dtype: type, kind: str) -> None:
    rng = np.random.default_rng(0)
    x = (rng.random(shape) * 200).astype(dtype)
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(60) % 3)
    found = read(tmp_path / "a.npz")
    assert (found.kind, found.task.classes) == (kind, ("0", "1", "2"))
    agree(found, tmp_path / "a.npz")


def test_arrays_of_splits(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    parts = {"x_train": rng.normal(size=(50, 4)), "y_train": rng.normal(size=(50, 2))}
    parts |= {"x_test": rng.normal(size=(20, 4)), "y_test": rng.normal(size=(20, 2))}
    np.savez(tmp_path / "a.npz", **parts)
    found = read(tmp_path / "a.npz")
    assert (found.task.form, found.task.outputs, len(found.test)) == ("regression", 2, 20)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.array([{}, {}], dtype=object)}, "without dtype=object"),
        ({"weights": np.ones((3, 3))}, "inputs called x"),
        ({"x": np.ones((5, 2)), "y": np.ones(4)}, "4 targets"),
        ({"x": np.ones((5, 2))}, "no targets"),
        ({"x": np.ones((5, 2, 3, 7)), "y": np.ones(5)}, "shape"),
    ],
)
def test_arrays_that_cannot_be_used(
    tmp_path: Path, arrays: dict[str, np.ndarray], words: str
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=words):
        read(tmp_path / "a.npz")


def test_arrays_that_are_damaged_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones((60, 3)), y=np.arange(60) % 2)
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(content[:300] + bytes(200) + content[500:])
    with pytest.raises(DataError, match=r"a.npz holds Python objects or damaged arrays \("):
        read(tmp_path / "a.npz")
    (tmp_path / "none.txt").write_bytes(b"")
    with pytest.raises(DataError, match=r"none.txt is empty; .* Expected a file that holds rows"):
        read(tmp_path / "none.txt")


def test_files_without_a_class_say_what_they_need(tmp_path: Path) -> None:
    (tmp_path / "one.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt ")
    with pytest.raises(DataError, match=r"flat-audio.*a folder for each class, or .*transcripts"):
        read(tmp_path)


def test_wrong_arguments() -> None:
    with pytest.raises(UsageError, match="Did you mean 'regression'"):
        read("iris", task="regresion")
    with pytest.raises(UsageError, match="horizon"):
        read("iris", horizon=0)
    with pytest.raises(DataError, match="Did you mean 'iris'"):
        read("irs")


def test_a_model_of_one_kind_refuses_another(tmp_path: Path) -> None:
    digits = read("digits")
    with pytest.raises(DataError, match="trained on images"):
        read_rows(write_csv(tmp_path), digits.encoding, Ledger())


def test_real_tables(shared_data: Path) -> None:
    found = read(shared_data / "tables" / "auto_mpg" / "mpg.csv", target="mpg")
    assert found.task.form == "regression"
    agree(found, shared_data / "tables" / "auto_mpg" / "mpg.csv")
    titanic = read(shared_data / "tables" / "titanic" / "train.csv", target="Survived")
    assert titanic.task.positive == "1"
    assert "PassengerId" not in titanic.encoding.columns  # type: ignore[attr-defined]
    assert "Name text 1" in titanic.encoding.feature_names()  # type: ignore[attr-defined]
