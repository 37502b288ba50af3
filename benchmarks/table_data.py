"""The open tables, and what a contestant of tables.py is given of them: the rows of one split.

`netwright.read` divides the rows; everybody gets the same ones as raw frames (numbers, words,
missing cells), without the columns that only number the rows. A folder holds train.parquet,
validation.parquet, test.parquet, targets.npz (class ids, or values in their own unit), facts.json.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import netwright as nw
from netwright.data.data import Data, Rows

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Table:
    """source, test: below the folder of tables. numbering: columns that name rows."""

    source: str
    target: str | None = None
    task: str | None = None
    test: str | None = None
    numbering: tuple[str, ...] = ()

    def options(self, folder: Path, seed: int) -> dict[str, Any]:
        """Return the arguments of `netwright.read` after the source."""
        test = None if self.test is None else str(folder / self.test)
        return {"target": self.target, "task": self.task, "test": test, "seed": seed}


TABLES = {
    "adult": Table("adult/adult.zip", "class"),
    "auto_mpg": Table("auto_mpg/mpg.csv", "mpg"),
    "bank_churn": Table(
        "bank_churn/Churn_Modelling.csv", "Exited", numbering=("RowNumber", "CustomerId")
    ),
    "california_housing": Table("california_housing/housing.csv", "median_house_value"),
    "credit_default": Table(
        "credit_default/UCI_Credit_Card.zip", "default.payment.next.month", numbering=("ID",)
    ),
    "higgs_subset": Table("higgs_subset/binary.train", "column_1", test="higgs_subset/binary.test"),
    "ionosphere": Table("ionosphere/ionosphere.csv"),
    "mammography": Table("mammography/mammography.csv"),
    "pima": Table("pima/pima-indians-diabetes.csv"),
    "sonar": Table("sonar/sonar.csv"),
    "titanic": Table("titanic/train.csv", "Survived", numbering=("PassengerId",)),
    # The larger of its two files. Grades 3 to 9 are values here, as in most of the literature.
    "wine_quality": Table("wine_quality/winequality-white.csv", task="regression"),
}


@dataclass(frozen=True)
class Split:
    """One split of a table. classes: how many; 0 for a regression. digest: of all that is given."""

    frames: dict[str, pd.DataFrame]
    targets: dict[str, NDArray[Any]]
    classes: int
    digest: str

    @property
    def measure(self) -> str:
        """The metric that decides."""
        return "accuracy" if self.classes else "rmse"


def read_split(name: str, seed: int, folder: Path) -> Split:
    """Read a table and divide it as netwright does. folder: the one of the tables."""
    table = TABLES[name]
    data = nw.read(folder / table.source, **table.options(folder, seed))
    parts = {part: rows for part, rows in data.splits().items() if isinstance(rows, Rows)}
    raw = pd.concat([parts[part].raw for part in PARTS], keys=PARTS)
    raw = _typed(raw.drop(columns=list(table.numbering)))
    frames = {part: raw.loc[part].reset_index(drop=True) for part in PARTS}
    targets = {part: _targets(data, parts[part]) for part in PARTS}
    return Split(frames, targets, len(data.task.classes), _digest(frames, targets))


def write_split(split: Split, out: Path) -> None:
    """Write what a worker reads."""
    for part, frame in split.frames.items():
        frame.to_parquet(out / f"{part}.parquet")
    np.savez(out / "targets.npz", **split.targets)
    (out / "facts.json").write_text(json.dumps({"classes": split.classes}))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers where every cell is one, words elsewhere, as any reader of CSV gives them."""
    columns = {}
    for name in frame.columns:
        numbers = pd.to_numeric(frame[name], errors="coerce")
        whole = numbers.isna().equals(frame[name].isna())
        columns[name] = numbers.astype(float) if whole else frame[name].astype("str")
    return pd.DataFrame(columns)


def _targets(data: Data, rows: Rows) -> NDArray[Any]:
    if data.task.classes:
        return rows.targets.numpy()
    mean, std = data.task.target_mean, data.task.target_std
    values: NDArray[Any] = rows.targets.double().numpy() * np.array(std) + np.array(mean)
    return values[:, 0]


def _digest(frames: dict[str, pd.DataFrame], targets: dict[str, NDArray[Any]]) -> str:
    whole = hashlib.sha256()
    for part in PARTS:
        whole.update("\0".join(frames[part].columns).encode())
        whole.update(pd.util.hash_pandas_object(frames[part], index=False).to_numpy().tobytes())
        # Values went through a standardisation: rounded so that its last bits do not count.
        numbers = targets[part] if targets[part].dtype.kind == "i" else np.float32(targets[part])
        whole.update(np.ascontiguousarray(numbers).tobytes())
    return whole.hexdigest()[:16]
