"""Train-test mismatch: rows of the evaluation did not go through the training rows' transform.

## What it does
Compares each input feature (each channel of images) of evaluations with the training rows', and
tries the evaluation again with the features given the training rows' mean and spread.

## Why is this bad?
The net learned what numbers on one scale mean, and is shown them on another. Its score on these is
near chance however well it learned, and so will its use be.

## Example
    train(net, scaler.fit_transform(x_train), y_train)
    evaluate(net, x_test, y_test)

Use instead:

    evaluate(net, scaler.transform(x_test), y_test)

## References
- Sculley et al. 2015, "Hidden Technical Debt in Machine Learning Systems" (NeurIPS)
- Breck et al. 2019, "Data Validation for Machine Learning" (MLSys): training-serving skew
"""

from collections.abc import Iterator

from netwright.diagnose.fault import Evidence, fault
from netwright.diagnose.symptoms import skill_gained, skill_of
from netwright.watch.trace import Trace

__all__ = ["train_test_mismatch"]


@fault(
    "train-test-mismatch",
    severity="error",
    remedies=("same-transform",),
    explains=("overfitting", "unscaled-inputs", "wrong-train-eval-mode", "corrupted-labels"),
)
def train_test_mismatch(trace: Trace) -> Iterator[Evidence]:
    """Half of the features stand elsewhere in evaluations; the net is good on training rows, loses
    half of that there, and has most of it back once mean and spread are the training rows'. Or a
    simple model finds the answers within the training rows and within the evaluated rows, but not
    from the one to the other, where the net fails as well: they were made in another way (another
    vocabulary, order of columns or of classes).
    """
    yield from _made_otherwise(trace)
    share = trace.last("shift.share")
    names = ("loss", "mended", "train", "trivial")
    loss, mended, train, trivial = (trace.last(f"shift.{name}") for name in names)
    if share is None or share < 0.5 or None in (loss, mended, train, trivial):
        return
    assert loss is not None and mended is not None and train is not None and trivial is not None
    learned = trivial - train
    if train > 0.7 * trivial or learned <= 0:
        return
    if loss < train + 0.5 * learned or mended > train + 0.4 * learned:
        return
    yield Evidence(
        event="evaluation",
        numbers={
            "share of features": share, "loss in evaluation": loss,
            "with the training rows' mean and spread": mended, "loss in training": train,
        },
        confidence=0.95,
        explanation=(
            f"{share:.0%} of the input features have another mean or spread in evaluations than in "
            f"training: the loss is {loss:.3g} there and {train:.3g} on training rows, but "
            f"{mended:.3g} once they are brought to the same scale. Apply the transform that was "
            "fitted on the training rows to every row."
        ),
    )  # fmt: skip


def _made_otherwise(trace: Trace) -> Iterator[Evidence]:
    train, there = skill_of(trace, "train"), skill_of(trace, "evaluated")
    within, across = skill_of(trace, "evaluated.baseline"), skill_of(trace, "across")
    if train is None or there is None or within is None or across is None:
        return
    each = all(
        skill_gained(trace, name, "across", least=0.3, errors=4)
        for name in ("baseline", "evaluated.baseline")
    )
    if not each or across[0] > 0.25 * within[0] or there[0] > 0.25 * train[0]:
        return
    yield Evidence(
        event="evaluation",
        numbers={
            "net's skill on training rows": train[0],
            "on evaluated rows": there[0],
            "a simple model's within the evaluated rows": within[0],
            "from training rows to evaluated ones": across[0],
        },
        confidence=0.85,
        explanation=(
            "Of what can be told about the targets (0: one answer for all, 1: all right), the net "
            f"tells {train[0]:.2f} of its training rows and {there[0]:.2f} of the evaluated ones. "
            f"A simple model fitted to half of the evaluated rows tells {within[0]:.2f} of the "
            f"other half, fitted to training rows {across[0]:.2f}: they were not prepared alike. "
            "Fit vocabulary, scaler, column order and class numbers on the training rows, once, "
            "and use them for every row."
        ),
    )
