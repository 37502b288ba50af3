"""Do the inputs come on one scale? If not, does standardising them help this net?"""

from netwright.check.result import Check
from netwright.check.seen import Seen, of_finding

__all__ = ["input_scales"]

NAME = "input-scales"


def input_scales(seen: Seen) -> Check:
    """Warn where features differ widely in scale and the net learns better once they do not."""
    found = of_finding(seen, NAME, ("unscaled-inputs",), certain=lambda _: False)
    if found is not None:
        return found
    ratio, largest = seen.trace.last("input.std.ratio"), seen.trace.last("input.std.largest")
    if ratio is None or largest is None:
        words = "the inputs are codes, or too few rows were seen"
        return Check(name=NAME, status="skipped", words=words)
    shift = seen.trace.last("input.shift") or 0.0
    said = (
        f"standard deviations differ by a factor of {ratio:.3g} at most, the largest is "
        f"{largest:.3g}, means lie up to {shift:.3g} of them from zero"
    )
    plain, scaled = seen.trace.last("trial.as.is"), seen.trace.last("trial.standardised")
    if plain is not None and scaled is not None:
        said += (
            f"; a short trial ends at a loss of {plain:.4g}, with standardised inputs at "
            f"{scaled:.4g}: the net does not mind"
        )
    return Check(
        name=NAME,
        status="passed",
        words=said,
        numbers={"std ratio": ratio, "largest std": largest, "largest mean over std": shift},
    )
