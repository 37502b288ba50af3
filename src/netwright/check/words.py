"""Words that several checks say alike."""

from collections.abc import Sequence

__all__ = ["listed"]


def listed(names: Sequence[str], most: int = 4) -> str:
    """Join names for a sentence."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more
