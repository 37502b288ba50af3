"""Is each row answered by itself, whoever else is in its batch?"""

from netwright.check.result import Check
from netwright.check.seen import Seen, of_finding

__all__ = ["row_independence"]

NAME = "row-independence"


def row_independence(seen: Seen) -> Check:
    """Fail where a row's answer in eval() changes with the other rows of its batch."""
    found = of_finding(seen, NAME, ("cross-sample-coupling",))
    if found is not None:
        return found
    change = seen.trace.last("coupling")
    if change is None:
        words = "it is asked of one net that answers a row of numbers with a row, the same again"
        return Check(name=NAME, status="skipped", words=words)
    return Check(
        name=NAME,
        status="passed",
        words=f"with other rows beside it a row's answer changes by {change:.1g} of their spread",
        numbers={"difference": change},
    )
