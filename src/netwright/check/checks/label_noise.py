"""Do the labels say what the inputs say? Out-of-fold predictions of a plain model against the
labels (confident learning: Northcutt, Jiang and Chuang 2021, arXiv:1911.00068)."""

import numpy as np
from numpy.typing import NDArray

from netwright.check.case import Case
from netwright.check.result import Check
from netwright.data.data import several
from netwright.quality.label_noise import disagreement, information, noise_floor

__all__ = ["label_noise"]

NAME = "label-noise"
FEWEST_ROWS = 100
MOST_SHOWN = 10
CERTAIN = 0.7  # margin of probability over the label's: a row worth looking at
NOTHING = 0.01  # of the labels' entropy removed, or of the variance of ranks explained; chance
# alone removes up to 0.5 / sqrt(rows) and explains up to 4 / rows
OUTLIER = 8.0  # times the usual error


def label_noise(case: Case) -> Check:
    """Warn where labels are wrong among the rows that a model is surest of; list the worst rows."""
    if len(case.train) < FEWEST_ROWS:
        words = f"{len(case.train)} training rows are too few to tell wrong labels from hard ones"
        return Check(name=NAME, status="skipped", words=words)
    if case.learns_rows:
        return Check(name=NAME, status="skipped", words="labels are set aside, no net is asked")
    if case.out_of_fold is None:
        words = (
            "it is asked of one target at a time"
            if case.form == "multi-task"
            else f"no plain model is known for {case.form} of {several(case.kind)} that is quick "
            "enough"
        )
        return Check(name=NAME, status="skipped", words=words)
    return _classes(case) if case.one_class else _values(case)


def _classes(case: Case) -> Check:
    assert case.out_of_fold is not None
    index, model = case.out_of_fold
    labels = case.train.sample.targets[index]
    floor = noise_floor(model.predictions, labels)
    doubt = disagreement(model.predictions, labels)
    certain = doubt.margin > CERTAIN
    rows = tuple(
        case.train.place(
            int(index[row]),
            before=f"labelled {case.class_name(int(labels[row]))!r}, looks like "
            f"{case.class_name(int(other))!r}: ",
        )
        for row, other in zip(doubt.rows[certain], doubt.counts_as[certain], strict=True)
    )[:MOST_SHOWN]
    numbers: dict[str, float | str] = {
        "candidates": int(certain.sum()),
        "error": floor.overall,
        "error of the commonest class": floor.trivial,
        "error among the surest half": floor.surest,
    }
    said = (
        f"{model.words} disagree with {floor.overall:.1%} of the labels, out of fold, and with "
        f"{floor.surest:.1%} in the half where they are surest"
    )
    if floor.notable:
        return Check(
            name=NAME,
            status="warning",
            fault="corrupted-labels",
            words=f"{said}, hardly less: about {floor.surest:.0%} of the labels are wrong, "
            "or the outcome is chance to that extent",
            advice="Look at the rows listed and at how labels were joined to inputs; correct or "
            "drop wrong ones, or soften them (--set recipe.label_smoothing=0.1).",
            numbers=numbers,
            rows=rows,
        )
    known = information(model.predictions, labels)
    numbers["entropy removed"] = known
    if known < max(NOTHING, 0.5 / len(index) ** 0.5) and not model.cut:
        return _nothing(said, numbers, "labels")
    words = said + (f"; {certain.sum()} rows are worth a look" if len(rows) else "")
    return Check(
        name=NAME, status="info" if len(rows) else "passed", words=words, numbers=numbers, rows=rows
    )


def _values(case: Case) -> Check:
    assert case.out_of_fold is not None
    index, model = case.out_of_fold
    targets = case.train.sample.targets[index].reshape(len(index), -1)
    errors = model.predictions - targets
    explained = 1 - float((errors**2).mean() / max(targets.var(0).mean(), 1e-12))
    ranks = max(
        _rank_correlation(said, true)
        for said, true in zip(model.predictions.T, targets.T, strict=True)
    )
    size = np.abs(errors).max(1)
    usual = float(np.median(size))
    order = np.argsort(-size, kind="stable")
    far = [int(at) for at in order[:MOST_SHOWN] if size[at] > OUTLIER * usual]
    numbers: dict[str, float | str] = {
        "r2": explained,
        "rank correlation": ranks,
        "outliers": len(far),
    }
    said = f"{model.words} explain {explained:.1%} of the target's variance, out of fold"
    if ranks < max(NOTHING, 4 / len(index)) ** 0.5 and not model.cut:
        return _nothing(said, numbers, "targets")
    return Check(
        name=NAME,
        status="info" if far else "passed",
        words=said + (f"; {len(far)} rows lie far off and are worth a look" if far else ""),
        numbers=numbers,
        rows=tuple(case.train.place(int(index[at])) for at in far),
    )


def _rank_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    ranks = [np.argsort(np.argsort(x, kind="stable"), kind="stable") for x in (a, b)]
    return float(np.asarray(np.corrcoef(ranks[0], ranks[1]))[0, 1])


def _nothing(said: str, numbers: dict[str, float | str], what: str) -> Check:
    return Check(
        name=NAME,
        status="warning",
        fault="corrupted-labels",
        words=f"{said}: no better than a constant. Either the inputs say nothing about the "
        f"{what}, or inputs and {what} do not belong together",
        advice=f"Look at some rows: are inputs and {what} still in one order (shuffled apart, "
        "joined on a wrong key, shifted by a row)?",
        numbers=numbers,
    )
