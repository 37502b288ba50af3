"""Augmentation: rows are changed as their meaning allows, anew in each epoch."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import remedy
from netwright.watch.trace import Trace

__all__ = ["augmentation"]


@remedy(
    "augmentation",
    advice=(
        "Change training inputs at random in ways that keep their label: shifts and mirrors "
        "of pictures, shifts and noise in sounds, unknown words in texts, noise and scale in "
        "series, mixup of table rows."
    ),
    late=True,
)
def augmentation(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Changes training rows at random as fits their kind: pictures are moved, words left out,
    series jittered and scaled, rows of tables mixed.

    Shorten and Khoshgoftaar 2019; Zhang et al. 2018, arXiv:1710.09412 (mixup).
    """
    names = _fitting(plan)
    if names and not plan.recipe.augment:
        yield plan.with_({"recipe.augment": names}, why="no row is seen twice as it is")


def _fitting(plan: Plan) -> tuple[str, ...]:
    """Return changes that keep the label, by the kind of data that the net reads."""
    if "height" in plan.net:
        return ("shift",)
    if "sample_rate" in plan.net:
        return ("shift", "noise") if plan.objective["name"] == "supervised" else ("noise",)
    if "vocab" in plan.net:
        return ("token-dropout",)
    if "in_channels" in plan.net:
        return ("jitter", "scale")
    if "in_features" in plan.net:  # graphs: a batch of them has no rows to be mixed
        return ()
    # Ordered grades cannot be mixed: between two of them lies another one.
    return () if plan.objective.get("loss") == "cumulative" else ("mixup",)
