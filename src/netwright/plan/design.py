"""design(data) -> Plan: the designer's rules, each choice with its reason. Never trains; reads
sizes and types only.

What it chooses for a kind of data stands in `rules/`, a file a kind; the loss follows the task.
Learning without targets has files of its own there, named as its form.
"""

from collections.abc import Mapping
from typing import Any

from netwright import catalogue
from netwright.data.data import Data
from netwright.plan.choices import Choices
from netwright.plan.plan import FIXED, Plan
from netwright.plan.rules._finetuning import finetuning
from netwright.plan.rules._semi_supervised import semi_supervised

__all__ = ["design"]

RULES = "netwright.plan.rules"
# By form: the loss, and why.
LOSSES = {
    "binary": ("cross-entropy", "two classes: softmax over two logits"),
    "multiclass": ("cross-entropy", "one of several classes: softmax"),
    "multilabel": ("binary-cross-entropy", "several labels a row: one sigmoid each"),
    "ordinal": ("cumulative", "ordered grades: one threshold between neighbours"),
    "regression": ("mse", "the mean is asked for; targets are standardised"),
    "forecasting": ("mae", "forecasts are judged by absolute errors"),
    "language-modelling": ("cross-entropy", "the next token is one of the vocabulary"),
    "tagging": ("cross-entropy", "each token has one of several tags: softmax"),
    "translation": ("cross-entropy", "the next piece is one of the vocabulary"),
}
OVER_VOCABULARY = ("language-modelling", "translation")  # which the data fixes


def design(
    data: Data,
    *,
    spec: Mapping[str, Any] | None = None,
    init_from: str = "",
    freeze: str = "none",
) -> Plan:
    """Return a plan for the data: architecture by kind, sizes by rows and features, loss by task, a
    tested recipe. spec: name and arguments of a net that was trained before, whose weights, in the
    folder `init_from`, are trained on; freeze: what of them rests (see Recipe)."""
    choices = Choices()
    for name, value in data.encoding.shapes().items():
        choices.net(name, value, FIXED)
    # A kind of learning of its own has rules for every kind of data.
    rules = data.task.form if data.task.form in catalogue.names(RULES) else data.kind
    if spec is not None:
        finetuning(data, choices, spec, init_from, freeze)
    elif data.unlabelled is not None:
        semi_supervised(data, choices)
    else:
        catalogue.find(RULES, rules, what="kind of data")(data, choices)
    _loss(data, choices)
    return choices.plan()


def _loss(data: Data, c: Choices) -> None:
    """Choose the loss and the outputs of supervised tasks; the rules of other kinds of learning
    name an objective of their own."""
    task = data.task
    if task.form not in LOSSES:
        return
    if task.form not in OVER_VOCABULARY:
        c.net("outputs", task.outputs, _outputs_reason(data))
    if data.unlabelled is None:
        c.objective("loss", *LOSSES[task.form])
    counts = [n for n in data.class_counts if n > 0]
    if (
        task.form in ("multiclass",)
        and counts
        and max(counts) > 10 * min(counts)
        and min(counts) >= 10
    ):
        c.recipe(
            "class_weights",
            "none",
            f"classes are uneven ({min(counts):,} to {max(counts):,} rows), but weights would bend "
            "the probabilities; "
            "per-class figures are in the report",
        )


def _outputs_reason(data: Data) -> str:
    task = data.task
    if task.form == "ordinal":
        return f"{len(task.classes)} grades have {task.outputs} thresholds"
    if task.form == "tagging":
        return f"one logit for each of {len(task.classes)} tags"
    if task.is_classification:
        return f"one logit for each of {len(task.classes)} classes"
    return "one for each number predicted"
