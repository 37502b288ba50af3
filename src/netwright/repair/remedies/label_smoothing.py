"""Label smoothing: the net is asked for 90 %, not for certainty."""

from collections.abc import Iterator

from netwright.plan.plan import Plan
from netwright.repair.remedy import always, remedy
from netwright.watch.trace import Trace

__all__ = ["label_smoothing"]


@remedy(
    "label-smoothing",
    advice="Pass label_smoothing=0.1 to nn.CrossEntropyLoss.",
    late=True,
    intervention=always("label-smoothing", late=True, amount=0.1),
)
def label_smoothing(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Gives a tenth of the target to all classes, so that logits stay bounded and wrong labels
    weigh less.

    Szegedy et al. 2016, arXiv:1512.00567; Lukasik et al. 2020, arXiv:2003.02819.
    """
    classes = plan.objective.get("loss", "cross-entropy") == "cross-entropy"
    if classes and plan.recipe.label_smoothing == 0:
        yield plan.with_({"recipe.label_smoothing": 0.1}, why="certainty is not asked for")
