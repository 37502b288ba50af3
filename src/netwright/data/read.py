"""read(source): a file, a folder, an archive or a built-in name becomes Data."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from netwright.data.builtin import load_builtin
from netwright.data.data import Data, Source
from netwright.data.forecasting import forecasting_data
from netwright.data.images import image_data
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.sources import COMING_KINDS, KINDS, Found, locate, sha256_of
from netwright.data.tables import read_parts, table_data
from netwright.data.task import parse_task
from netwright.errors import DataError, UsageError

__all__ = ["ReadOptions", "read"]


def read(
    source: str | Path | pd.DataFrame,
    *,
    target: str | None = None,
    task: str | None = None,
    test: str | Path | None = None,
    seed: int = 0,
    time_column: str | None = None,
    group: str | None = None,
    horizon: int | None = None,
    split: str | None = None,
) -> Data:
    """Read `source` (see `netwright data`, or a DataFrame) as Data. What is not said is inferred
    and noted in the ledger."""
    options = ReadOptions(
        target=target,
        task=task,
        test=test,
        seed=seed,
        time_column=time_column,
        group=group,
        horizon=horizon,
        split=split,
    )
    if task is not None:
        parse_task(task)
    if horizon is not None and horizon < 1:
        raise UsageError(f"horizon is {horizon}; expected at least 1 step ahead.")
    ledger = Ledger()
    if isinstance(source, pd.DataFrame):
        frame = source.rename(columns=str).reset_index(drop=True)
        return _from_frames({"all": frame}, Source("table"), options, ledger)
    found = locate(source, test=test)
    if found.kind == "builtin":
        return _from_builtin(found, options, ledger)
    origin = Source(found.name, tuple(str(p) for p in found.paths), sha256_of(found.paths))
    if found.kind == "table":
        return _from_frames(read_parts(found, ledger), origin, options, ledger)
    raise _unsupported(found)


def _unsupported(found: Found) -> DataError:
    what = KINDS.get(found.kind) or COMING_KINDS.get(found.kind, found.kind)
    kinds = ", ".join(KINDS)
    return DataError(
        f"{found.name!r} holds {found.kind} ({what}), which cannot be trained on. Expected one of: "
        f"{kinds}. `netwright data` explains each."
    )


def _from_frames(
    parts: dict[str, pd.DataFrame], source: Source, options: ReadOptions, ledger: Ledger
) -> Data:
    if options.task == "forecasting" or options.horizon is not None:
        return forecasting_data(parts, source=source, options=options, ledger=ledger)
    return table_data(parts, source=source, options=options, ledger=ledger)


def _from_builtin(found: Found, options: ReadOptions, ledger: Ledger) -> Data:
    """A data set that says itself what is to be learned; what the user says comes first."""
    builtin = load_builtin(found.name, options.seed)
    source = Source(found.name)
    ledger.note("read", found.name, builtin.description)
    if builtin.images is not None:
        return image_data(
            builtin.images,
            builtin.targets,
            source=source,
            options=options,
            ledger=ledger,
            target=builtin.target,
        )
    assert builtin.frame is not None
    told = replace(
        options,
        target=options.target or ",".join(builtin.target_columns) or builtin.target,
        task=options.task or builtin.task,
        time_column=options.time_column or builtin.time_column,
    )
    return _from_frames({"all": builtin.frame}, source, told, ledger)
