"""Balanced sampling: each batch draws the classes evenly."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["balanced_sampling"]


@remedy(
    "balanced-sampling",
    advice=(
        "Draw batches with torch.utils.data.WeightedRandomSampler, each row weighted by 1 / "
        "its class's count."
    ),
)
def balanced_sampling(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Draws rows of rare classes more often, so that every batch holds some of them. Rare rows are
    repeated, so augmentation goes well with it.
    """
    one_class = plan.objective.get("loss", "cross-entropy") in ("cross-entropy", "cumulative")
    if one_class and plan.recipe.sampling == "none":
        yield plan.with_({"recipe.sampling": "balanced"}, why="every class is drawn as often")
