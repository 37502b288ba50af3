"""ReadOptions: what the user said about a source. Apart from `read` so that every reader can import
it."""

from dataclasses import dataclass, fields
from pathlib import Path

__all__ = ["READING", "ReadOptions"]


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What the user said about the source; None means: infer it, and say so in the ledger.

    target: column to learn, or several as "a,b,c". task: what is written after --task. test: a
    second file or folder, kept for the end. time_column: rows are ordered by it and split in time.
    group: rows of one group stay in one split. horizon: steps ahead (forecasting). split: a column
    or a file that gives "train", "validation" or "test" for each row. unlabelled: rows without a
    class are learned from too, which otherwise are left out. order: of the grades of an ordinal
    task, the lowest first: "poor,fair,good". encoding_of: a model folder whose
    encoding is kept, for a net that is trained on.
    """

    target: str | None = None
    task: str | None = None
    test: str | Path | None = None
    seed: int = 0
    time_column: str | None = None
    group: str | None = None
    horizon: int | None = None
    split: str | None = None
    unlabelled: bool = False
    order: str | None = None
    encoding_of: str | None = None


# Of a source, as commands spell it.
READING = tuple(field.name for field in fields(ReadOptions) if field.name != "encoding_of")
