"""Interventions: one thing of a training done otherwise, from outside, on live objects.

    detach = intervene_([Intervention("scale-lr", {"factor": 0.1})])   # before the script's lines
    ...                                                               # the script trains
    detach()

An Intervention is a plain value (a name and numbers), so that it can be handed to another process.
What each does stands beside its name: `on_steps.py` (optimizer and backward), `on_nets.py`
(weights, modes, dropout, norms), `on_activations.py` (inside and at the end), `on_data.py` (scales,
missing values), `on_graph.py` (where it is cut), `on_losses.py` (targets, weights of classes),
`on_order.py` (of rows), `on_loops.py` (how often the script's loop goes round).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from netwright.errors import UsageError, did_you_mean
from netwright.watch.on_activations import ON_ACTIVATIONS
from netwright.watch.on_data import ON_DATA
from netwright.watch.on_graph import ON_GRAPH
from netwright.watch.on_loops import ON_LOOPS
from netwright.watch.on_losses import ON_LOSSES
from netwright.watch.on_nets import ON_NETS
from netwright.watch.on_order import ON_ORDER
from netwright.watch.on_steps import ON_STEPS
from netwright.watch.rewire import Undo

__all__ = ["KNOWN", "Intervention", "intervene_"]

KNOWN: Mapping[str, Callable[..., Undo]] = {
    **ON_STEPS,
    **ON_NETS,
    **ON_ACTIVATIONS,
    **ON_DATA,
    **ON_GRAPH,
    **ON_LOSSES,
    **ON_LOOPS,
    **ON_ORDER,
}


@dataclass(frozen=True)
class Intervention:
    """name: one of KNOWN. values: the arguments of its function. late: its effect shows at the end
    of a training only, so that short runs cannot tell."""

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    late: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the form that goes to another process."""
        return {"name": self.name, "values": dict(self.values)}


def intervene_(interventions: Iterable[Intervention]) -> Undo:
    """Change torch so that trainings from here on are done otherwise; the result undoes it."""
    undo: list[Undo] = []
    for one in interventions:
        if one.name not in KNOWN:
            raise UsageError(
                f"There is no intervention {one.name!r}.{did_you_mean(one.name, KNOWN)}"
            )
        undo.append(KNOWN[one.name](**one.values))

    def detach() -> None:
        for put_back in reversed(undo):
            put_back()

    return detach
