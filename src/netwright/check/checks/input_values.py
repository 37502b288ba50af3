"""Are the inputs numbers that a net can use? NaN, infinity, blank rows, columns that never change,
codes such as -999 among measurements."""

import numpy as np

from netwright.check.case import Case, Part
from netwright.check.result import Check, Place
from netwright.check.words import listed
from netwright.quality.values import bad_values, constant_columns, far_off_code

__all__ = ["input_values"]

NAME = "input-values"
MOST_SHOWN = 5
MANY_BLANK = 0.01  # of the rows


def input_values(case: Case) -> Check:
    """Fail on numbers that are not finite; tell of blank rows, dead columns and far-off codes."""
    for part in case.parts.values():
        found = _not_finite(case, part)
        if found is not None:
            return found
    seen, columns = [], []
    dead = _dead(case)
    if dead:
        seen.append(f"{len(dead)} inputs never change in the training rows ({listed(dead)})")
        columns += dead
    codes = _codes(case.train)
    if codes:
        seen.append("; ".join(codes.values()))
        columns += list(codes)
    blank = _blank(case)
    if len(blank):
        seen.append(f"{len(blank):,} training rows hold one value throughout (blank)")
    many = len(blank) > max(MANY_BLANK * len(case.train), 2)
    rows = sum(len(part) for part in case.parts.values())
    return Check(
        name=NAME,
        status="warning" if many else "info" if seen else "passed",
        fault="bad-input-values" if seen else "",
        words=f"{rows:,} encoded rows hold finite numbers only"
        + (f"; {'; '.join(seen)}" if seen else "")
        + _not_known(case)
        + "".join(part.sampled for part in case.parts.values()),
        advice=_advice(bool(codes), bool(len(blank))),
        numbers={"rows": rows, "constant": len(dead), "codes": len(codes), "blank": len(blank)},
        rows=tuple(case.train.place(int(at)) for at in blank[:MOST_SHOWN]),
        columns=tuple(columns),
    )


def _not_finite(case: Case, part: Part) -> Check | None:
    arrays = [x for x in part.sample.inputs if x.dtype.kind == "f"]
    names = case.names[0]
    targets = part.sample.targets
    if case.form == "multi-task":
        targets = np.nan_to_num(targets, posinf=np.inf, neginf=-np.inf)  # NaN: left out of the loss
    for what, x in [*(("inputs", x) for x in arrays), ("targets", targets)]:
        bad = bad_values(x)
        if not bad.count:
            continue
        known = what == "inputs" and len(names) == int(np.prod(x.shape[1:]))
        columns = tuple(names[at] for at in bad.columns[:20]) if known else ()
        rows: tuple[Place, ...] = ()
        rows = tuple(part.place(int(at)) for at in bad.rows[:MOST_SHOWN])
        where = f" in {listed(columns)}" if columns else ""
        return Check(
            name=NAME,
            status="failed",
            fault="bad-input-values",
            words=f"The {part.name} {what} hold {bad.missing:,} NaN and {bad.infinite:,} infinite "
            f"values{where}, in {len(bad.rows):,} of {len(part):,} rows: one of them makes the "
            "loss of its batch NaN",
            advice="Impute the missing cells or drop those rows; look for divisions by zero and "
            "logarithms of zero where the inputs are made.",
            numbers={"missing": bad.missing, "infinite": bad.infinite, "rows": len(bad.rows)},
            rows=rows,
            columns=columns,
        )
    return None


def _not_known(case: Case) -> str:
    """Say how many of several targets are not known."""
    if case.form != "multi-task" or not (missing := int(np.isnan(case.train.sample.targets).sum())):
        return ""
    return f"; {missing:,} targets of training rows are not known, and left out of the loss"


def _dead(case: Case) -> list[str]:
    """Name the encoded columns of a table that hold one value."""
    if case.kind != "table":
        return []
    found = []
    for x, names in zip(case.train.sample.inputs, case.names, strict=False):
        if names and x.ndim == 2 and x.shape[1] == len(names):
            found += [names[at] for at in constant_columns(x)]
    return found


def _codes(part: Part) -> dict[str, str]:
    if part.frame is None:
        return {}
    found = {}
    for name in part.frame.columns:
        cells = part.frame[name]
        if not isinstance(cells.dtype, np.dtype) or cells.dtype.kind not in "fiu":
            continue
        code = far_off_code(cells.to_numpy(np.float64))
        if code is not None:
            found[str(name)] = (
                f"{name!r} is {code.value:g} in {code.share:.1%} of the rows, far from all others "
                f"(the nearest is {code.nearest:g})"
            )
    return found


def _blank(case: Case) -> np.ndarray:
    if case.kind == "table":
        return np.empty(0, dtype=np.int64)
    x = case.train.sample.inputs[0]
    flat = x.reshape(len(x), -1)
    if flat.shape[1] < 2:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero((flat == flat[:, :1]).all(1))


def _advice(codes: bool, blank: bool) -> str:
    parts = []
    if codes:
        parts.append("If the far-off value stands for 'unknown', write an empty cell in its place.")
    if blank:
        parts.append("Look at the blank rows; drop them if they are broken.")
    return " ".join(parts)
