"""Class weights: a row of a rare class counts for more in the loss."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["class_weights"]

WEIGHABLE = ("cross-entropy", "binary-cross-entropy")


@remedy(
    "class-weights",
    advice=(
        "Give the loss weights inverse to the classes' counts: nn.CrossEntropyLoss(weight=n / "
        "(k * counts)), or pos_weight of BCEWithLogitsLoss."
    ),
    intervention=always("class-weights", late=True),
)
def class_weights(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Weighs each class by the inverse of its share, so that giving up a rare one costs as much as
    giving up a common one. The probabilities are bent by it.

    King and Zeng 2001, "Logistic Regression in Rare Events Data".
    """
    weighable = plan.objective.get("loss", "cross-entropy") in WEIGHABLE
    if weighable and plan.recipe.class_weights == "none":
        yield plan.with_({"recipe.class_weights": "balanced"}, why="a rare class counts as much")
