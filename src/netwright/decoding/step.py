"""What a search asks of a net: a step from tokens and a state to scores and the next state.

A state is None, a tensor whose first axis is the batch, or a tuple of states, nested as deep as the
net likes, so that a search may keep some rows and drop others.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor

__all__ = ["Step", "pick_rows"]

# tokens int64 (batch, time), state or None -> logits (batch, time, vocab), state.
Step = Callable[[Tensor, Any], tuple[Tensor, Any]]


def pick_rows(state: Any, index: Tensor) -> Any:
    """Return the state of the rows at `index` (int64), in this order; a row may come twice."""
    if isinstance(state, tuple):
        return tuple(pick_rows(part, index) for part in state)
    return None if state is None else state.index_select(0, index)
