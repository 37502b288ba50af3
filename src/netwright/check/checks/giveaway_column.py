"""Does one column give the target away? What is known only together with the target is not there
when predictions are wanted."""

import numpy as np

from netwright.check.case import Case
from netwright.check.result import Check
from netwright.check.words import listed
from netwright.data.data import several
from netwright.quality.giveaway import GIVES_AWAY, explained_shares

__all__ = ["giveaway_column"]

NAME = "giveaway-column"
FEWEST_ROWS = 50
COPY = 0.999  # of the target explained: a copy under another name
FEWEST_COLUMNS = 2  # a table's only column may well decide its target


def giveaway_column(case: Case) -> Check:
    """Warn of each column that alone explains nearly all of the target; fail on a copy of it."""
    if case.kind != "table":
        return Check(
            name=NAME, status="skipped", words=f"there are no columns in {several(case.kind)}"
        )
    if case.learns_rows:
        return Check(name=NAME, status="skipped", words="labels are set aside, no net is asked")
    targets = case.train.sample.targets
    if case.form == "multilabel" or (targets.ndim == 2 and targets.shape[1] != 1):
        return Check(name=NAME, status="skipped", words="it is asked of one target at a time")
    if len(targets) < FEWEST_ROWS:
        words = f"{len(targets)} training rows are too few to tell"
        return Check(name=NAME, status="skipped", words=words)
    names, columns = [], []
    for at, x in enumerate(case.train.sample.inputs):
        known = case.names[at] if at < 2 and len(case.names[at]) == x.shape[1] else ()
        for k in range(x.shape[1]):
            names.append(known[k] if known else f"input {k}")
            columns.append(x[:, k])
    shares = explained_shares(columns, targets.reshape(-1), classes=case.one_class, seed=case.seed)
    order = np.argsort(shares)[::-1]
    guilty = list(dict.fromkeys(names[at] for at in order if shares[at] > GIVES_AWAY))
    best = float(shares[order[0]])
    numbers = {"largest share": best, "columns": len(guilty)}
    if not guilty:
        words = f"{names[order[0]]!r} says most, {max(best, 0):.1%} of the target"
        return Check(name=NAME, status="passed", words=words, numbers=numbers)
    copied = best >= COPY and len(set(names)) >= FEWEST_COLUMNS
    return Check(
        name=NAME,
        status="failed" if copied else "warning",
        fault="data-leakage",
        words=f"{listed(guilty)} alone {'predict' if len(guilty) > 1 else 'predicts'} {best:.1%} "
        "of the target in rows that were set aside" + case.train.sampled,
        advice="If it is not known at the time of predicting, or is computed from the target, "
        "leave it out. If it is, no net is needed: a rule on this column does it.",
        numbers=numbers,
        columns=tuple(guilty),
    )
