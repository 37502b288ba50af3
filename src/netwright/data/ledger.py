"""The ledger: everything that was guessed, dropped, imputed, clipped or encoded on the way from
files to tensors."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Action = Literal[
    "guessed",
    "read",
    "dropped",
    "imputed",
    "clipped",
    "encoded",
    "split",
    "weighted",
    "warned",
    "trained",
]


@dataclass(frozen=True)
class Entry:
    """One line of the ledger. `where` is a column, file or split; `count` how many rows, cells or
    files it touched."""

    action: Action
    where: str
    what: str
    count: int | None = None

    def __str__(self) -> str:
        count = f" ({self.count:,})" if self.count is not None else ""
        return f"{self.action} {self.where}: {self.what}{count}"


@dataclass
class Ledger:
    """A list of entries that only grows. Readers and encoders write, report and screen read."""

    entries: list[Entry] = field(default_factory=list)

    def note(self, action: Action, where: str, what: str, count: int | None = None) -> None:
        """Append one entry; the same entry is kept once."""
        entry = Entry(action, where, what, count)
        if entry not in self.entries:
            self.entries.append(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def to_list(self) -> list[dict[str, Any]]:
        """Return the JSON form: a list of {"action", "where", "what", "count"}."""
        return [asdict(entry) for entry in self.entries]
