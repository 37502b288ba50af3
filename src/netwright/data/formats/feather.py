"""Feather, the Arrow file format: typed columns."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.feather as pf

from netwright.data.formats.parquet import to_frame
from netwright.data.ledger import Ledger
from netwright.errors import DataError

__all__ = ["read_feather"]


def read_feather(path: Path, ledger: Ledger) -> pd.DataFrame:
    """Read a whole file; columns keep their types."""
    try:
        table = pf.read_table(path)
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0]
        raise DataError(
            f"{path} is a damaged Feather file: {first}. Write or download it again."
        ) from error
    if not len(table) or not table.num_columns:
        raise DataError(
            f"{path} holds {len(table)} rows of {table.num_columns} columns. "
            "Expected at least one row of data; export it again."
        )
    return to_frame(path, table, ledger)
