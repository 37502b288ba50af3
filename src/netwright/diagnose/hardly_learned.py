"""Hardly learned: on the test rows a net is no better, within chance, than a guess that looks at no
input.

Signals, written when a run is judged (`concluding.py`), all turned so that larger is better:
"score.least" (the worse end of the 95 % interval of the deciding metric), "score.constant" (of that
guess) and "score.simple" (the worse end of the best simple model, where one was measured). The
losses of a short run do not tell it, nor those of boxes or of words that are heard, of which no
constant answer's loss is known.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from netwright.diagnose.fault import Evidence
from netwright.diagnose.symptoms import end_of, finite, losses
from netwright.watch.trace import Trace

__all__ = ["SAID", "Why", "hardly_learned", "or_hardly_learned", "simple_models_fail", "why"]

Why = Literal["cut short", "by heart", "at rest", ""]
BY_HEART = 0.5  # of the validation loss, below which the training loss shows rows that are known
SAID = "is no better on the test rows, within chance, than a guess that looks at no input"


def hardly_learned(trace: Trace) -> bool:
    """Whether the test rows say so; False where none were judged."""
    least, guess = trace.last("score.least"), trace.last("score.constant")
    return least is not None and guess is not None and least <= guess


def simple_models_fail(trace: Trace) -> bool:
    """Whether simple models were measured on the same rows and are no better than the guess either:
    the inputs may say nothing about the target."""
    simple, guess = trace.last("score.simple"), trace.last("score.constant")
    return simple is not None and guess is not None and simple <= guess


def why(trace: Trace) -> Why:
    """Read from the losses why the net hardly learned; "" where it did, or where they are not
    finite, for which other faults stand."""
    validation, training = trace.values("loss.validation"), losses(trace)
    if not hardly_learned(trace) or len(finite(validation)) < len(validation):
        return ""
    if not len(validation) or validation[-1] <= validation.min():
        return "cut short"
    known = finite(training)
    if len(known) and end_of(known) < BY_HEART * validation[-1]:
        return "by heart"
    return "at rest"


def or_hardly_learned(
    found: Sequence[Evidence],
    trace: Trace,
    reason: Why,
    *,
    advice: str,
    remedies: tuple[str, ...] = (),
) -> Iterator[Evidence]:
    """Yield what a rule found; where that is no alarm, and the net hardly learned for this reason,
    that instead: a note where simple models fail as well, unless training was cut short, for they
    may not see what a longer training finds (motion, say)."""
    if why(trace) != reason or any(one.severity != "info" for one in found):
        yield from found
        return
    fail = simple_models_fail(trace) and reason != "cut short"
    beside = ""
    if fail:
        beside = " Simple models do no better: the inputs may say nothing about the target."
    elif trace.places("score.simple") and not simple_models_fail(trace):
        beside = " A simple model is better on the same rows: the inputs do tell."
    numbers = {
        "score on the test rows, worse end (larger is better)": trace.last("score.least") or 0.0,
        "score of a guess": trace.last("score.constant") or 0.0,
        "epochs": len(trace.values("loss.validation")),
    }
    yield Evidence(
        severity="info" if fail else None,
        numbers=numbers,
        confidence=0.6,
        remedies=remedies,
        explanation=f"{advice} It {SAID}.{beside}",
    )
