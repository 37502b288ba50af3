"""Are the gradients cleared once a step?"""

from netwright.check.result import Check
from netwright.check.seen import Seen, of_finding

__all__ = ["zero_grad"]

NAME = "zero-grad"


def zero_grad(seen: Seen) -> Check:
    """Fail where every step adds up the gradients of all steps before."""
    found = of_finding(seen, NAME, ("missing-zero-grad",))
    if found is not None:
        return found
    carried = seen.trace.values("grad.carried")
    if len(carried) < 2:
        words = f"{seen.steps} steps are too few to tell"
        return Check(name=NAME, status="skipped", words=words)
    words = f"no gradient of an earlier step was there at {len(carried)} steps looked at"
    if carried[1:].any():
        words = "gradients of earlier steps are there, but do not add up"
    return Check(name=NAME, status="passed", words=words)
