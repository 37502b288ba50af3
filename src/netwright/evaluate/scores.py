"""Score and Scores: what was measured on a set of rows, each number with its 95 % interval."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netwright.data.task import Task
from netwright.errors import UsageError, did_you_mean
from netwright.evaluate.tag_metrics import has_entities

__all__ = [
    "METRICS",
    "Metric",
    "Score",
    "Scores",
    "higher_is_better",
    "primary_metric",
    "watched_metric",
]

CLASSES = ("binary", "multiclass", "multilabel", "ordinal")
NUMBERS = ("regression", "forecasting")
RANKED = (*CLASSES, "reconstruction")  # of which an anomaly is told by its error
TAGS = ("tagging",)
TOKENS = ("language-modelling", "masked-language-modelling", "translation")
MAPS = "segmentation"
BOXES = "detection"
PAIRS = "similarity"
WORDS = "embedding"
TASKS = "multi-task"
SPEECH = ("speech-recognition",)
VIEWS = "contrastive"
# What stands for a metric between epochs, where the metric itself needs whole sequences written.
WATCHED = {"bleu": "nats", "spearman": "nats", "word_error_rate": "token_error_rate"}


@dataclass(frozen=True)
class Metric:
    """higher_is_better: which way is up. forms: the task forms it is measured for. title: one line
    on what it is.
    """

    higher_is_better: bool
    forms: tuple[str, ...]
    title: str


# With more than two classes: macro averages, the areas one-vs-rest.
METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "entity_f1": Metric(True, TAGS, "F1 of whole entities, with their type"),
        "entity_precision": Metric(True, TAGS, "share of the called entities that are right"),
        "entity_recall": Metric(True, TAGS, "share of the entities found"),
        "accuracy": Metric(
            True, (*CLASSES, *TAGS, MAPS, VIEWS, WORDS), "rows (tokens, pixels) that are right"
        ),
        "balanced_accuracy": Metric(True, CLASSES, "recall, averaged over the classes"),
        "precision": Metric(True, CLASSES, "share of the called that are right"),
        "recall": Metric(True, CLASSES, "share of the positives found"),
        "f1": Metric(True, CLASSES, "harmonic mean of precision and recall"),
        "precision_macro": Metric(True, CLASSES, "precision, averaged over the classes"),
        "recall_macro": Metric(True, CLASSES, "recall, averaged over the classes"),
        "f1_macro": Metric(True, CLASSES, "F1, averaged over the classes"),
        "precision_weighted": Metric(True, CLASSES, "precision, classes weighted by their rows"),
        "recall_weighted": Metric(True, CLASSES, "recall, classes weighted by their rows"),
        "f1_weighted": Metric(True, CLASSES, "F1, classes weighted by their rows"),
        "one_shot_accuracy": Metric(True, (PAIRS,), "nearest of one row of each of 20 new classes"),
        "roc_auc": Metric(True, (*RANKED, PAIRS), "chance to rank a positive above a negative"),
        "pr_auc": Metric(True, RANKED, "average precision"),
        "log_loss": Metric(False, (*CLASSES, MAPS), "nats a row (or label, or pixel)"),
        "brier": Metric(False, CLASSES, "squared error of the probabilities"),
        "ece": Metric(False, CLASSES, "expected calibration error, 15 bins"),
        "accuracy_within_one": Metric(True, ("ordinal",), "rows at most one grade off"),
        "kappa_quadratic": Metric(True, ("ordinal",), "agreement of grades beyond chance"),
        "mse": Metric(False, ("reconstruction",), "mean squared error a number of a row"),
        "mae": Metric(
            False, (*NUMBERS, "ordinal", "reconstruction"), "mean absolute error, in units"
        ),
        "rmse": Metric(False, NUMBERS, "root mean squared error, in the target's unit"),
        "r2": Metric(True, NUMBERS, "share of the variance explained"),
        "mape": Metric(False, NUMBERS, "absolute error as a share of the target"),
        "smape": Metric(False, NUMBERS, "the same, of target and prediction's mean"),
        "mase": Metric(False, ("forecasting",), "error over the seasonal naive's in training"),
        "interval_coverage": Metric(True, NUMBERS, "share of the targets within their interval"),
        "interval_width": Metric(False, NUMBERS, "how wide the intervals are, in units"),
        "interval_score": Metric(False, NUMBERS, "width, and more where a target is outside"),
        "energy_distance": Metric(False, ("generation",), "how far drawn rows are from real ones"),
        "coverage": Metric(True, ("generation",), "real rows with a drawn one near them"),
        "token_error_rate": Metric(
            False, SPEECH, "wrong, missing and added symbols, of those said"
        ),
        "word_error_rate": Metric(False, SPEECH, "the same, of words"),
        "bleu": Metric(True, ("translation",), "0 to 100, as sacrebleu gives it"),
        "nats": Metric(False, (*TOKENS, *TAGS, WORDS, *SPEECH), "nats a token"),
        "spearman": Metric(True, (WORDS,), "rank correlation with what people say"),
        "perplexity": Metric(False, TOKENS, "exp(nats): the branching factor left"),
        "dice": Metric(True, (MAPS,), "overlap 2 |A B| / (|A| + |B|), averaged over the classes"),
        "map50": Metric(True, (BOXES,), "mean average precision of boxes that overlap by half"),
        "map": Metric(True, (BOXES,), "the same, averaged over overlaps of 0.5 to 0.95"),
        "iou": Metric(True, (MAPS,), "overlap |A B| / |A or B|, averaged over the classes"),
        "skill": Metric(True, (TASKS,), "share of the constant answer's error that is gone"),
        "mean_return": Metric(True, ("control",), "sum of an episode's rewards, greedy actions"),
    }
)


def higher_is_better(name: str) -> bool:
    """Say which way is up for a metric; an unknown name is a UsageError with "did you mean"."""
    if name not in METRICS:
        raise UsageError(f"There is no metric named {name!r}.{did_you_mean(name, METRICS)}")
    return METRICS[name].higher_is_better


def primary_metric(
    task: Task, *, metric: str | None = None, class_counts: Sequence[int] = ()
) -> str:
    """Return the metric that decides: the one asked for, else by these rules.

    binary: accuracy; roc_auc where the rarer class has less than 20 % of the rows (always saying
    "no" would look good). multiclass: accuracy; balanced_accuracy where the rarest class has less
    than a fifth of an even share. multilabel: f1. ordinal: mae, in grades. regression: rmse.
    forecasting: mase. language-modelling, masked or not: nats. reconstruction: mse; roc_auc where
    a label says which rows are anomalies. generation: energy_distance. tagging: entity_f1, or
    accuracy where tags are of no spans. translation: bleu. segmentation: dice. detection: map50.
    similarity: one_shot_accuracy. contrastive: accuracy. control: mean_return. embedding: nats, or
    spearman where the test is pairs of words. multi-task: skill. speech-recognition:
    token_error_rate.
    """
    if metric is not None:
        fitting = [name for name, known in METRICS.items() if task.form in known.forms]
        if metric not in METRICS:
            raise UsageError(f"There is no metric named {metric!r}.{did_you_mean(metric, fitting)}")
        if metric not in fitting:
            raise UsageError(
                f"The metric {metric!r} is not measured for {task.form}. "
                f"Choose one of {', '.join(fitting)}."
            )
        # One name for one number: outside binary tasks the plain names are the macro averages.
        return metric if task.form == "binary" else metric.removesuffix("_macro")
    counts = [count for count in class_counts if count > 0]
    rarest = min(counts) / sum(counts) if counts else 1.0
    if task.form == "binary":
        return "roc_auc" if rarest < 0.2 else "accuracy"
    if task.form == "multiclass":
        return "balanced_accuracy" if rarest < 0.2 / max(len(task.classes), 1) else "accuracy"
    if task.form == "tagging":
        return "entity_f1" if has_entities(task.classes) else "accuracy"
    return {
        "multilabel": "f1",
        "ordinal": "mae",
        "regression": "rmse",
        "forecasting": "mase",
        "language-modelling": "nats",
        "masked-language-modelling": "nats",
        "reconstruction": "mse" if task.positive is None else "roc_auc",
        "generation": "energy_distance",
        "translation": "bleu",
        "segmentation": "dice",
        "detection": "map50",
        "similarity": "one_shot_accuracy",
        "contrastive": "accuracy",
        "control": "mean_return",
        "embedding": "nats",
        "multi-task": "skill",
        "speech-recognition": "token_error_rate",
    }[task.form]


def watched_metric(
    task: Task, *, metric: str | None = None, class_counts: Sequence[int] = ()
) -> str:
    """Return the metric that epochs are compared by: the primary one, unless measuring that takes
    long (see WATCHED)."""
    primary = primary_metric(task, metric=metric, class_counts=class_counts)
    if task.form == "reconstruction":  # no net is chosen by labels that it is not to see
        return "mae" if primary == "mae" else "mse"
    return WATCHED.get(primary, primary)


@dataclass(frozen=True)
class Score:
    """A value and its 95 % interval; the ends are None where no resamples were asked for."""

    value: float
    low: float | None = None
    high: float | None = None

    def to_dict(self) -> dict[str, float | None]:
        """Return {"value", "low", "high"}."""
        return {"value": self.value, "low": self.low, "high": self.high}

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.4g}"
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"


@dataclass(frozen=True, eq=False)
class Scores(Mapping[str, Score]):
    """Metrics by name, of one set of rows. `primary` names the one that decides.

    per_class: one dict a class, label, output or forecast step. confusion: counts, row true and
    column predicted. curves: points of "roc", "pr" and "reliability". notes: what a reader of the
    numbers must know. replicates: each metric on every bootstrap resample, so that two Scores of
    the same rows can be compared in pairs. tasks: of several tasks, each one's own by its target.
    """

    by_name: Mapping[str, Score]
    primary: str
    rows: int
    per_class: Sequence[Mapping[str, Any]] = ()
    confusion: Sequence[Sequence[int]] | None = None
    curves: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    replicates: Mapping[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)
    tasks: Mapping[str, "Scores"] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Score:
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    def higher_is_better(self, name: str | None = None) -> bool:
        """Say which way is up for a metric (the primary one by default)."""
        return higher_is_better(name or self.primary)

    def to_dict(self) -> dict[str, dict[str, float | None]]:
        """Return {"accuracy": {"value", "low", "high"}, ...}, as metrics.json holds it."""
        return {name: score.to_dict() for name, score in self.by_name.items()}

    def details(self) -> dict[str, Any]:
        """Return all else in JSON form: rows, primary, per_class, confusion, curves, notes."""
        return {
            "rows": self.rows,
            "primary": self.primary,
            "per_class": [dict(row) for row in self.per_class],
            "confusion": [list(row) for row in self.confusion] if self.confusion else None,
            "curves": dict(self.curves),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        """The primary metric first, one on a line."""
        order = [self.primary, *(name for name in self.by_name if name != self.primary)]
        width = max(len(name) for name in order)
        lines = [f"{name:<{width}}  {self.by_name[name]}" for name in order if name in self.by_name]
        for name, own in self.tasks.items():
            lines.append(f"{name}: {own.primary} {own[own.primary]}")
        return "\n".join([*lines, *(f"({note})" for note in self.notes)])
