"""Would the run go better if every parameter that the nets hold were trained?

Signals: "trial.as.is" and "trial.complete" (loss on held-out kept batches after the same steps from
the first state, with the user's own parameters and with all of them), where some are left out.
"trial.reconnected": the same with the graph whole, where it does not reach some that are held.
"""

import math
from collections.abc import Sequence
from contextlib import nullcontext

from torch import Tensor, nn

from netwright.watch.kept import Kept
from netwright.watch.retried import is_cut, whole_graph
from netwright.watch.snapshot import Snapshot
from netwright.watch.trial import measure, trial

_STEPS = 150
_SIGNALS = ("left.out", "never.trained", "unregistered")


def completing(kept: Kept) -> None:
    """Try the run with the parameters that it leaves out."""
    left = any(kept.trace.places(signal) for signal in _SIGNALS)
    cut = is_cut(kept)
    if not left and not cut:
        return
    training = kept.tapes[::2]
    held_out = kept.tapes[1::2] or training
    held = {i for _, ids in kept.recipe.groups for i in ids}

    def everything(copied: Snapshot) -> Sequence[Tensor]:
        more = {}
        for original, value in copied.originals.items():
            if isinstance(value, nn.Parameter) and value.is_floating_point():
                value.requires_grad_(True)
                if original not in held:
                    more[id(value)] = value
        return list(more.values())

    tried = [("as.is", None), *([("complete", everything)] if left else [])]
    for name, prepare in tried + ([("reconnected", None)] if cut else []):
        with whole_graph() if name == "reconnected" else nullcontext():
            state, losses = trial(
                kept.first, training, kept.recipe, steps=_STEPS, prepare=prepare,
                seconds=max(0.2, kept.left / 4),
            )  # fmt: skip
        if losses and math.isfinite(losses[-1]):
            found = measure(state, held_out)
            kept.trace.record(f"trial.{name}", "", len(losses), math.fsum(found) / len(found))
            kept.trace.record("trial.start", "", 0, losses[0])
