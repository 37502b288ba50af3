"""Apache Parquet: typed columns, read whole or in bounded batches."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from netwright.data.header import unique_names
from netwright.data.ledger import Ledger
from netwright.errors import DataError

__all__ = ["iterate_parquet", "read_parquet", "to_frame"]

BUFFER_BYTES = 1 << 20


def read_parquet(path: Path, ledger: Ledger) -> pd.DataFrame:
    """Read a whole file; columns keep their types."""
    with _opened(path) as file:
        _check_rows(path, file)
        try:
            table = file.read()
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, error) from error
    return to_frame(path, table, ledger)


def iterate_parquet(path: Path, ledger: Ledger, batch_rows: int) -> Iterator[pd.DataFrame]:
    """Yield frames of at most `batch_rows` rows; memory is bounded, also for a single row group."""
    with _opened(path, buffer_size=BUFFER_BYTES) as file:
        _check_rows(path, file)
        try:
            for batch in file.iter_batches(batch_size=batch_rows):
                yield to_frame(path, pa.Table.from_batches([batch]), ledger)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, error) from error


def to_frame(path: Path, table: pa.Table, ledger: Ledger) -> pd.DataFrame:
    """Turn an Arrow table into a frame with unique names, without the index columns that pandas
    stores.
    """
    names = list(table.column_names)
    index = [at for at, name in enumerate(names) if name.startswith("__index_level_")]
    if index and len(index) < len(names):
        ledger.note("dropped", path.name, "index columns stored by pandas", len(index))
        table = table.select([at for at in range(len(names)) if at not in index])
    unique, unnamed, renamed = unique_names(table.column_names)
    if renamed:
        ledger.note("read", path.name, "duplicate column names made unique with a number", renamed)
    if unnamed:
        what = f"columns without a name are called {unique[unnamed[0]]}, ..."
        ledger.note("guessed", path.name, what, len(unnamed))
    # Metadata of pandas would bring an index back, which is no column.
    return table.rename_columns(list(unique)).to_pandas(ignore_metadata=True)


def _opened(path: Path, *, buffer_size: int = 0) -> pq.ParquetFile:
    try:
        # With a buffer column chunks are read piece by piece and not as a whole.
        return pq.ParquetFile(path, buffer_size=buffer_size, pre_buffer=not buffer_size)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _check_rows(path: Path, file: pq.ParquetFile) -> None:
    if not file.metadata.num_rows or not file.metadata.num_columns:
        raise DataError(
            f"{path} holds {file.metadata.num_rows} rows of {file.metadata.num_columns} columns. "
            "Expected at least one row of data; export it again."
        )


def _damaged(path: Path, error: Exception) -> DataError:
    first = str(error).splitlines()[0]
    return DataError(f"{path} is a damaged Parquet file: {first}. Write or download it again.")
