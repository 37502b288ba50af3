"""Do evaluated rows stand in training, does a column give the target away, do evaluated inputs come
otherwise than training inputs?"""

from netwright.check.result import Check
from netwright.check.seen import Seen, of_finding

__all__ = ["duplicate_rows", "giveaway_column", "split_shift"]


def duplicate_rows(seen: Seen) -> Check:
    """Fail where evaluated rows are copies of training rows and score better than the others."""
    name = "duplicate-rows"
    found = of_finding(seen, name, ("data-leakage",), number="share of shared rows")
    if found is not None:
        return found
    shared = seen.trace.last("rows.shared")
    if shared is None:
        words = _no_evaluation(seen) or (
            "too few of the training rows were seen, or their values are too few, to tell copies"
        )
        return Check(name=name, status="skipped", words=words)
    words = f"{shared:.1%} of the evaluated rows stand in training too"
    return Check(name=name, status="passed", words=words, numbers={"share": shared})


def giveaway_column(seen: Seen) -> Check:
    """Fail where one column of the inputs is the target, and the others tell something too."""
    name = "giveaway-column"
    found = of_finding(seen, name, ("data-leakage",), number="column")
    if found is not None:
        return found
    fit = seen.trace.last("leak.fit")
    if fit is None:
        words = "it is asked of tables of three columns and a target, and of 128 rows"
        return Check(name=name, status="skipped", words=words)
    words = f"the best single column orders the targets to {max(fit, 0.0):.0%}"
    return Check(name=name, status="passed", words=words, numbers={"fit": fit})


def split_shift(seen: Seen) -> Check:
    """Warn where the inputs of evaluations have another mean or spread than those of training."""
    name = "split-shift"
    found = of_finding(
        seen,
        name,
        ("train-test-mismatch", "corrupted-labels"),
        # A first epoch that is sorted has not shown every class yet.
        certain=lambda finding: finding.fault == "train-test-mismatch",
    )
    if found is not None:
        return found
    share = seen.trace.last("shift.share")
    if share is None:
        words = _no_evaluation(seen) or "evaluation and training cannot be compared row by row"
        return Check(name=name, status="skipped", words=words)
    words = f"{share:.0%} of the features stand otherwise in evaluations than in training"
    return Check(name=name, status="passed", words=words, numbers={"share": share})


def _no_evaluation(seen: Seen) -> str:
    if seen.kept is not None and seen.kept.evaluations:
        return ""
    return f"no evaluation was seen within {seen.steps} steps (--steps N watches more)"
