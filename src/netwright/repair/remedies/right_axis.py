"""Reducing over the right axis: samples are the first one."""

from collections.abc import Iterator

from netwright.diagnose.finding import Finding
from netwright.plan.plan import Plan
from netwright.repair.remedy import Dose, remedy
from netwright.watch.intervene import Intervention
from netwright.watch.trace import Trace

__all__ = ["right_axis"]

SEQUENTIAL = ("RNN", "LSTM", "GRU", "MultiheadAttention")


def _live(finding: Finding, trace: Trace) -> Iterator[Dose]:
    sequential = any(f"type:{name}" in trace.signals() for name in SEQUENTIAL)
    names = ("batch-first", "softmax-of-row") if sequential else ("softmax-of-row", "rows-apart")
    for name in names:
        yield (Intervention(name, late=True),)


@remedy(
    "right-axis",
    advice=(
        "Give softmax, mean, std and norms the features' axis (dim=-1), and sequence "
        "layers batch_first=True where the batch comes first."
    ),
    intervention=_live,
)
def right_axis(plan: Plan, trace: Trace) -> Iterator[Plan]:
    """Keeps samples apart, so that each one's answer is its own. The nets of the catalogue do; in
    a net of one's own it is a change of code.

    PyTorch, torch.nn.Softmax: dim.
    """
    yield from ()
