"""Is every parameter that the loss uses registered, held by an optimizer and free to learn?"""

from netwright.check.result import Check
from netwright.check.seen import Seen, of_finding
from netwright.diagnose.finding import Finding
from netwright.diagnose.symptoms import would_gain

__all__ = ["parameters"]

NAME = "parameters"
FAULTS = ("unregistered-module", "optimizer-missing-parameters", "frozen-parameters")
NEARLY_ALL = 0.99  # of the weights: the optimizer holds another net's


def parameters(seen: Seen) -> Check:
    """Fail where parameters stay as initialised and a short training with them goes better."""

    def certain(found: Finding) -> bool:
        share = found.evidence.get("share of all weights", 0.0)
        return would_gain(seen.trace, "complete") or float(share) > NEARLY_ALL

    found = of_finding(seen, NAME, FAULTS, certain=certain)
    if found is not None:
        return found
    count = len(seen.trace.places("reached"))
    if not count:
        return Check(name=NAME, status="skipped", words="the graph of the loss was not seen")
    words = f"the loss reaches {count} parameters, and an optimizer holds them"
    return Check(name=NAME, status="passed", words=words, numbers={"parameters": count})
