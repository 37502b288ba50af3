"""Are the numbers that come in and the targets finite; does a column never change, is one value a
code for missing?"""

import torch
from torch import Tensor

from netwright.check.result import Check
from netwright.check.seen import Seen, of_finding
from netwright.check.tapes import inputs_of
from netwright.watch.kept import target_of

__all__ = ["input_values"]

NAME = "input-values"
MOST_NAMED = 20


def input_values(seen: Seen) -> Check:
    """Fail on numbers that are not finite and break the loss; tell of constant columns."""
    if seen.kept is None:
        return Check(name=NAME, status="skipped", words="no batch was kept")
    targets = [t for t in map(target_of, seen.kept.tapes) if t is not None]
    bad = _not_finite(targets)
    if bad:
        return Check(
            name=NAME,
            status="failed",
            fault="bad-input-values",
            words=f"The targets hold {bad:,} values that are not finite, in {len(targets)} batches "
            "looked at: one of them makes the loss of its batch NaN",
            advice="Drop or impute those rows.",
            numbers={"targets not finite": bad},
            where=seen.where(),
        )
    found = of_finding(seen, NAME, ("bad-input-values",))
    if found is not None:
        return found
    x = inputs_of(seen.kept.tapes)
    if x is None:
        words = "the net's first input is no tensor, or has another shape in each batch"
        return Check(name=NAME, status="skipped", words=words)
    said = f"{len(x):,} rows of {len(seen.kept.tapes)} batches hold finite numbers only"
    if not x.is_floating_point():
        said = f"{len(x):,} rows hold codes up to {int(x.max())}" if x.numel() else "no rows"
    dead = _constant(x)
    if dead:
        said += f"; {len(dead)} columns never change ({', '.join(map(str, dead[:4]))})"
    return Check(
        name=NAME,
        status="info" if dead else "passed",
        words=said,
        numbers={"rows": len(x), "constant": len(dead)},
        columns=tuple(map(str, dead[:MOST_NAMED])),
        where=seen.where("forward") if dead else {},
    )


def _not_finite(tensors: list[Tensor]) -> int:
    return sum(int((~t.isfinite()).sum()) for t in tensors if t.is_floating_point())


def _constant(x: Tensor) -> list[int]:
    """Return the columns of a table, (rows, columns), that hold one value."""
    if x.ndim != 2 or len(x) < 2 or not x.is_floating_point():
        return []
    return torch.nonzero((x == x[:1]).all(0)).flatten().tolist()
