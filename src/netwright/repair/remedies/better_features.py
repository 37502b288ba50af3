"""Better features: what the net is given says more."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.repair.sizes import setting
from netwright.watch.trace import Trace

__all__ = ["better_features"]


@remedy(
    "better-features",
    advice=(
        "Give what a person would look at: ratios, differences, dates as weekday and month, "
        "logarithms of skewed numbers; or embed numbers by learned sines or pieces."
    ),
)
def better_features(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Embeds each number of a table in a vector of learned pieces or sines, so that a net need not
    make its curves itself.

    Gorishniy, Rubachev and Babenko 2022, arXiv:2203.05556.
    """
    if setting(plan, "numeric_embedding") == "none" and plan.net.get("numeric"):
        for name in ("piecewise-linear", "periodic"):
            yield plan.with_({"net.numeric_embedding": name}, why="each number becomes a vector")
