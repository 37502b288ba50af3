"""Unshuffled data: batches of one class after another; each is learned and then forgotten."""

from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.watch.trace import Trace

__all__ = ["unshuffled_data"]


@fault(
    "unshuffled-data",
    severity="error",
    remedies=("shuffle",),
    explains=(
        "learning-rate-too-high", "exploding-gradient", "underfitting", "undertrained",
        "overfitting", "class-imbalance",
    ),
)  # fmt: skip
def unshuffled_data(trace: Trace) -> Iterator[Evidence]:
    """The targets of a batch are spread less than half as far as those of all batches, and the net
    at its end does twice as badly on all kept batches as on the last ones it saw.
    """
    spread = trace.last("label.spread")
    everywhere, recent = trace.last("kept.loss"), trace.last("kept.recent")
    if spread is None or everywhere is None or recent is None or spread > 0.5:
        return
    forgot = everywhere > 2 * abs(recent)
    yield Evidence(
        event="forward",
        severity=None if forgot else "info",
        numbers={"spread in a batch over all": spread, "loss all": everywhere, "recent": recent},
        confidence=0.9,
        explanation=(
            f"The targets within a batch are {spread:.0%} as varied as over all batches: the data "
            f"come in order. The net's last losses were about {recent:.3g}, but over batches of "
            f"the whole run it is now at {everywhere:.3g}: it forgets what came before. Shuffle "
            "the training rows (shuffle=True, or a random permutation each epoch)."
        ),
    )
