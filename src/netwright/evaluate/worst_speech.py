"""worst_speech: the sounds of which most was misheard."""

from collections.abc import Sequence

from torch import Tensor

from netwright.data.data import Rows
from netwright.evaluate.worst import WorstExample

__all__ = ["worst_speech"]


def worst_speech(
    split: Rows, facts: Tensor, said: Sequence[str], *, count: int = 12
) -> list[WorstExample]:
    """Return up to `count` sounds with the most edits a symbol, the most nats first among equals.

    facts: (rows, 3), see speech_metrics; said: what was recognised in each. loss: nats a symbol.
    """
    nats, edits, symbols = facts.double().unbind(1)
    share, loss = edits / symbols.clamp_min(1), nats / symbols.clamp_min(1)
    order = sorted(range(len(facts)), key=lambda at: (-float(share[at]), -float(loss[at])))
    return [
        WorstExample(
            row=at,
            target=split.raw[at][1],
            prediction=said[at],
            probability=None,
            loss=float(loss[at]),
            raw=split.raw[at][0],
            source_row=None if split.rows is None else int(split.rows[at]),
        )
        for at in order[:count]
        if edits[at] > 0
    ]
