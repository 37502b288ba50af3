"""Data leakage: rows of the evaluation were trained on, or a column gives the target away.

## What it does
Looks for rows of evaluations among the training rows, and whether the net is better on those than
on the others. Looks for one input column that orders the rows as the target does, or stands for it.

## Why is this bad?
The score says how well the net does on what it has seen, or with an answer that nobody will have
when it is used. It is no estimate for new rows.

## Example
    x, y = oversample(x, y)
    train, test = split(x, y)  # copies of one row fall on both sides

Use instead:

    train, test = split(x, y)
    train = oversample(*train)

## References
- Kaufman et al. 2012, "Leakage in Data Mining" (ACM TKDD)
- Kapoor and Narayanan 2023, "Leakage and the reproducibility crisis" (Patterns)
"""

from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import skill_gained, skill_of
from netwright.watch.trace import Trace

__all__ = ["data_leakage"]

_SHARED = 0.1  # of the evaluation's rows
_MANY = 0.25  # texts and readings come again by themselves
_MOSTLY = 0.5


@fault("data-leakage", severity="error", remedies=("split-first", "drop-column"))
def data_leakage(trace: Trace) -> Iterator[Evidence]:
    """A quarter or more of the evaluated rows are copies of training rows, and the loss on the
    others is higher by a third and by three standard errors; or most are, and no other evaluation
    is free of copies; or half of them are, and rows stand several times both in training batches
    and in the evaluation; or rows come in groups of near copies, half of the evaluated ones in
    groups that are trained on, and a simple model tells clearly less of groups that it has not seen
    than of rows, and than the net of the evaluated rows; or one column, and no other, has the order
    of a target of numbers, or stands for the class.
    """
    yield from _dealt_out(trace)
    yield from _near_copies(trace)
    shared, gain = trace.last("rows.shared"), trace.last("rows.gain")
    noise, difference = trace.last("rows.noise"), trace.last("rows.difference")
    if shared is not None and shared >= _SHARED and trace.last("rows.repeated") is None:
        hurts = shared > _MOSTLY and trace.last("rows.clean") is None
        worse = False
        if gain is not None and noise is not None and difference is not None:
            worse = shared >= _MANY and gain > 4 / 3 and (hurts or difference > 3 * noise)
        yield Evidence(
            event="evaluation",
            severity=None if hurts or worse else "info",
            numbers={"share of shared rows": shared, "loss on others over loss on them": gain or 1},
            confidence=0.95,
            explanation=(
                f"About {shared:.0%} of the evaluated rows are copies of training rows"
                + (f", and the loss on the others is {gain:.1f} times as high" if worse else "")
                + ": the score is partly one of memory. Drop duplicates before you split, and "
                "oversample or augment after."
            ),
        )
    column, fit = trace.last("leak.column"), trace.last("leak.fit")
    if column is not None and fit is not None:
        yield Evidence(
            event="loss",
            numbers={"column": column, "fit": fit},
            confidence=0.95,
            explanation=(
                f"Column {column:.0f} of the inputs gives the target away: it orders the rows as "
                "the target does, and no other column comes near. Drop it unless it will be known "
                "when the net is used."
            ),
        )


def _dealt_out(trace: Trace) -> Iterator[Evidence]:
    """Copies of rows that were made before the split."""
    repeated, shared = trace.last("rows.repeated"), trace.last("rows.shared")
    if repeated is None or shared is None:
        return
    yield Evidence(
        event="evaluation",
        severity=None if shared > _MOSTLY else "info",
        numbers={"share of shared rows": shared, "share of rows that come again": repeated},
        confidence=0.95,
        explanation=(
            f"{shared:.0%} of the evaluated rows also stand in training, and rows come several "
            f"times in training batches and in the evaluation itself ({repeated:.0%} there): rows "
            "were copied, or drawn with replacement, before they were split, so that the score is "
            "one of memory. Split first; oversample or augment the training rows alone."
        ),
    )


def _near_copies(trace: Trace) -> Iterator[Evidence]:
    groups, near = trace.last("copies.groups"), trace.last("copies.near")
    own, apart = skill_of(trace, "evaluated"), skill_of(trace, "baseline")
    mixed = skill_of(trace, "baseline.mixed")
    if groups is None or near is None or near < _MOSTLY or own is None:
        return
    if apart is None or mixed is None:
        return
    for name in ("evaluated", "baseline.mixed"):
        if not skill_gained(trace, name, "baseline", least=0.4, errors=4):
            return
    yield Evidence(
        event="evaluation",
        numbers={
            "groups": groups,
            "evaluated rows of groups that are trained on": near,
            "net's skill on evaluated rows": own[0],
            "a simple model's, near copies on both sides": mixed[0],
            "whole groups on one side": apart[0],
        },
        confidence=0.8,
        explanation=(
            f"Rows come in groups of near copies (readings of one site, frames of one film), and "
            f"{near:.0%} of the evaluated rows belong to groups that are trained on. The net tells "
            f"{own[0]:.2f} of them (0: one answer for all, 1: all right); a simple model "
            f"{mixed[0]:.2f} where near copies stand on both sides, and {apart[0]:.2f} of groups "
            "that it has not seen: the score is one of memory. Split by group, unless only known "
            "groups will be asked for."
        ),
    )
