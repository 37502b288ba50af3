"""Notes: a wide table says the same of many columns; in the ledger that is one line with all
names."""

from netwright.data.ledger import Action, Ledger

__all__ = ["merge_notes"]

FEW = 3  # columns that may still have a line each


def merge_notes(notes: Ledger, ledger: Ledger, *, where: str = "") -> None:
    """Append `notes` to `ledger`; what is said alike of more than three columns becomes one entry.

    where: put before the place of each, such as "test rows, ".
    """
    groups: dict[tuple[Action, str], list[int]] = {}
    for at, entry in enumerate(notes.entries):
        groups.setdefault((entry.action, entry.what), []).append(at)
    for (action, what), members in groups.items():
        entries = [notes.entries[at] for at in members]
        if len(entries) <= FEW:
            for entry in entries:
                ledger.note(action, where + entry.where, what, entry.count)
            continue
        counted = all(entry.count is not None for entry in entries)
        named = [f"{e.where} ({e.count:,})" if counted else e.where for e in entries]
        total = sum(e.count or 0 for e in entries) if counted else len(entries)
        ledger.note(action, f"{where}{len(entries)} columns", f"{what}: {', '.join(named)}", total)
