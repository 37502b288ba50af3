"""Do the rows come mixed, or one kind after another?"""

from netwright.check.result import Check
from netwright.check.seen import Seen, of_finding

__all__ = ["shuffling"]

NAME = "shuffling"


def shuffling(seen: Seen) -> Check:
    """Warn where a batch's targets are much more alike than those of all batches."""
    # A short trial on mixed rows may beat a few steps for its length alone: never certain.
    found = of_finding(seen, NAME, ("unshuffled-data",), certain=lambda _: False)
    if found is not None:
        return found
    spread = seen.trace.last("label.spread")
    if spread is None:
        words = "fewer than eight batches of eight rows with a target each"
        return Check(name=NAME, status="skipped", words=words)
    return Check(
        name=NAME,
        status="passed",
        words=f"the targets of a batch are {spread:.0%} as varied as those of all batches",
        numbers={"spread in a batch over all": spread},
    )
