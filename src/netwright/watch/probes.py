"""probe: what is looked up on copies once the script has ended, written into the trace as signals.

Each probe says in its own file what it measures; one that could not be made is noted ("unprobed",
text by probe: why). They share `Kept`: the batches that can be run
again and the nets as they began and as they ended.
"""

import time
from collections.abc import Callable, Sequence

from torch import Tensor, nn

from netwright.watch.answered import answered
from netwright.watch.completing import completing
from netwright.watch.continuing import continuing
from netwright.watch.coupling import coupling
from netwright.watch.inputs import inputs
from netwright.watch.kept import Kept, kept_of
from netwright.watch.labels import labels
from netwright.watch.learner import Learner
from netwright.watch.metrics import metrics
from netwright.watch.modes import modes
from netwright.watch.outputs import outputs
from netwright.watch.reduction import reduction
from netwright.watch.single_ones import single_ones
from netwright.watch.skills import skills
from netwright.watch.sources import sources
from netwright.watch.trivial import trivial

_PROBES: Sequence[Callable[[Kept], None]] = (
    trivial, outputs, labels, modes, coupling, completing, metrics, single_ones, sources, answered,
    skills, inputs, continuing, reduction,
)  # fmt: skip


def probe(learner: Learner, *, seconds: float = 6.0) -> None:
    """Write the probes' signals into the learner's trace; seconds: of this thread's work, so that a
    busy machine finds what an idle one does."""
    left_out(learner)
    kept = kept_of(learner, end=time.thread_time() + seconds)
    if kept is None:
        return
    for one in _PROBES:
        if time.thread_time() > kept.end:
            learner.trace.note("unprobed", "time was up", place=one.__name__)
            continue
        try:
            one(kept)
        except Exception as error:  # the user's own code may refuse another batch
            learner.trace.note("unprobed", f"{type(error).__name__}: {error}", place=one.__name__)


def left_out(learner: Learner) -> None:
    """Record parameters that no optimizer ever stepped and that never changed.

    "left.out" (numel): in the loss's graph all the same. "never.trained": frozen, and neither
    loaded nor trained before. By parameter.
    """
    trace = learner.trace
    before = learner.snapshots[0] if learner.snapshots else None
    reached = set(trace.places("reached"))
    for name, parameter in learner.parameters().items():
        if before is not None and id(parameter) in before.originals:
            if not _same(before.originals[id(parameter)], parameter):
                continue
        if any(name == p or name.startswith(f"{p}.") for p in trace.places("loaded")):
            continue
        if parameter.requires_grad and name in reached and id(parameter) not in learner.held:
            trace.record("left.out", name, learner.step, parameter.numel())
        frozen = not parameter.requires_grad and id(parameter) not in learner.trained
        if frozen and isinstance(parameter, nn.Parameter):
            trace.record("never.trained", name, learner.step, parameter.numel())


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and bool((a.detach() == b.detach()).all())
