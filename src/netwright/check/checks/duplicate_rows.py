"""Do rows of the training split stand in the splits that are scored, equal or nearly so? A net that
learned them by heart then looks better than it is."""

import numpy as np
from numpy.typing import NDArray

from netwright.check.case import Case, Part
from netwright.check.features import distance_features
from netwright.check.result import Check, Place
from netwright.data.guard import row_keys as cell_keys
from netwright.quality.duplicates import Twins, find_twins, match_probability, row_keys
from netwright.quality.near_duplicates import NEAR, NearTwins, find_near_twins

__all__ = ["duplicate_rows"]

NAME = "duplicate-rows"
SHARE = 0.01  # of a split's rows: fewer change its score by less than its interval
FEWEST = 3  # rows: one pair may be chance
AGREE = 0.5  # of what chance leaves of the twins must have one target: one then helps the other
BY_CHANCE = 0.5  # of the twins found: columns of few values
MANY_REPEATS = 0.5  # of the training rows: repeating is in the nature of the data
MOST_SHOWN = 5
NEAR_TEXT = 0.35  # of the usual distance: a word in ten changed
TAKES_ALL = 0.1  # of the rows: the score is no longer one of unseen rows


def duplicate_rows(case: Case) -> Check:
    """Count rows with an equal or a nearly equal one in training."""
    if case.form in ("forecasting", "language-modelling"):
        words = "windows of one series overlap by design; they were divided in time"
        return Check(name=NAME, status="skipped", words=words)
    found = [_equal(case, part) for part in case.others]
    worst = max(found, key=lambda one: (_rank(one), one.numbers.get("share", 0.0)))
    if worst.status in ("warning", "failed"):
        return worst
    near = [one for one in (_near(case, part) for part in case.others) if one is not None]
    if near and _rank(max(near, key=_rank)) > _rank(worst):
        return max(near, key=_rank)
    return worst


def _rank(check: Check) -> int:
    return ("passed", "info", "warning", "failed").index(check.status)


def _equal(case: Case, part: Part) -> Check:
    train, other = _keys(case.train), _keys(part)
    twins = find_twins(train, other)
    if not len(twins.other):
        words = f"no row of {len(part):,} {part.name} rows equals a training row"
        return Check(name=NAME, status="passed", words=words + _sampled(case, part))
    agree = _agreeing(case, part, twins.train, twins.other)
    chance = _chance(case, part)
    numbers: dict[str, float | str] = {
        "rows": len(twins.other),
        "share": twins.share,
        "same target": agree,
        "expected by chance": chance,
        "distinct training rows": twins.distinct,
    }
    said = (
        f"{len(twins.other):,} of {len(part):,} {part.name} rows ({twins.share:.1%}) equal a "
        f"training row in all inputs, {agree:.0%} of them with the same target"
    )
    natural = chance > BY_CHANCE * len(twins.other) or twins.distinct < MANY_REPEATS
    many = twins.share >= SHARE and len(twins.other) >= FEWEST
    harmful = many and _agree(case, agree) and not natural
    if natural:
        said += "; the columns have so few values that rows agree by chance"
    elif not many:
        said += ": too few to move the score"
    severe = harmful and twins.share >= TAKES_ALL
    return _judged(case, part, twins, said, numbers, harmful=harmful, severe=severe)


def _near(case: Case, part: Part) -> Check | None:
    features = distance_features(case, part)
    if features is None:
        return None
    near = NEAR_TEXT if case.kind == "text" else NEAR
    twins = find_near_twins(*features, near=near, seed=case.seed)
    if twins is None or not len(twins.other):
        return None
    share = len(twins.other) / twins.rows
    beyond = len(twins.other) > max(10 * twins.expected, SHARE * twins.rows, 2)
    if not beyond:
        return None
    agree = _agreeing(case, part, twins.train, twins.other)
    numbers: dict[str, float | str] = {
        "rows": len(twins.other),
        "share": share,
        "same target": agree,
        "expected by chance": twins.expected,
        "dimension": twins.dimension,
    }
    said = (
        f"{len(twins.other):,} of {twins.rows:,} {part.name} rows ({share:.1%}) are nearly equal "
        f"to a training row (within {near:.0%} of the usual distance between neighbours), "
        f"{agree:.0%} of them with the same target; {twins.expected:.2g} would be by chance"
    )
    harmful = _agree(case, agree)
    severe = harmful and share >= TAKES_ALL
    return _judged(case, part, twins, said, numbers, harmful=harmful, severe=severe)


def _judged(
    case: Case,
    part: Part,
    twins: Twins | NearTwins,
    words: str,
    numbers: dict[str, float | str],
    *,
    harmful: bool,
    severe: bool,
) -> Check:
    rows: tuple[Place, ...] = ()
    for at, known in list(zip(twins.other, twins.train, strict=True))[:MOST_SHOWN]:
        origin = case.train.place(int(known))
        rows += (part.place(int(at), before=f"as training row {origin.row}: "),)
    way = "The source divides the rows so: take" if case.given else "Take"
    return Check(
        name=NAME,
        status="failed" if severe else "warning" if harmful else "info",
        fault="data-leakage",
        words=words + _sampled(case, part),
        advice=f"{way} repeated rows out before dividing, or keep copies together "
        "(--group with a column that names what they are copies of)."
        if harmful
        else "",
        numbers=numbers,
        rows=rows,
    )


def _sampled(case: Case, part: Part) -> str:
    return case.train.sampled + part.sampled


def _keys(part: Part) -> NDArray[np.uint64]:
    """Cells as they were read tell more apart than encoded ones, which may be clipped."""
    if part.frame is not None:
        return cell_keys(part.frame)
    return row_keys(*part.sample.inputs)


def _chance(case: Case, part: Part) -> float:
    """Return how many rows would have a twin if the columns were independent."""
    train = case.train
    if train.frame is not None:
        columns = [train.frame[name].astype(str).to_numpy() for name in train.frame.columns]
    elif train.sample.inputs[0].ndim == 2 and case.kind == "table":
        columns = [x[:, k] for x in train.sample.inputs for k in range(x.shape[1])]
    else:
        return 0.0
    chance = match_probability(columns)
    return float(len(part) * -np.expm1(len(train) * np.log1p(-min(chance, 1 - 1e-12))))


def _agree(case: Case, agree: float) -> bool:
    """Whether twins have the same target more often than any two rows do."""
    chance = 0.0
    if case.one_class:
        shares = np.bincount(case.train.sample.targets) / len(case.train)
        chance = float((shares**2).sum())
    return agree >= chance + AGREE * (1 - chance)


def _agreeing(case: Case, part: Part, at: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Return the share of pairs with the same target; of numbers, within a tenth of their
    standard deviation."""
    a, b = case.train.sample.targets[at], part.sample.targets[other]
    if a.dtype.kind == "f":
        spread = np.maximum(case.train.sample.targets.std(0), 1e-12)
        same = np.abs(a - b) <= 0.1 * spread
    else:
        same = a == b
    return float(same.reshape(len(same), -1).all(1).mean())
