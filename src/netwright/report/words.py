"""How numbers, metrics and signals are spelled for people."""

import math
from collections.abc import Mapping
from typing import Any

__all__ = [
    "METRIC_TITLES",
    "SIGNALS",
    "count",
    "duration",
    "interval",
    "metric_title",
    "number",
    "plural",
    "shorten",
    "spell",
]

METRIC_TITLES: Mapping[str, str] = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "precision_macro": "Precision, macro",
    "recall_macro": "Recall, macro",
    "f1_macro": "F1, macro",
    "precision_weighted": "Precision, weighted",
    "recall_weighted": "Recall, weighted",
    "f1_weighted": "F1, weighted",
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "ece": "Calibration error",
    "kappa_quadratic": "Quadratic kappa",
    "mae": "MAE",
    "rmse": "RMSE",
    "r2": "R²",
    "mape": "MAPE",
    "smape": "sMAPE",
    "mase": "MASE",
    "nats": "Nats",
    "perplexity": "Perplexity",
    "bleu": "BLEU",
    "iou": "IoU",
    "map50": "mAP50",
    "lr": "Learning rate",
}

# signal -> (title, what a healthy strip looks like)
SIGNALS: Mapping[str, tuple[str, str]] = {
    "grad.norm": (
        "Gradient norm",
        "How hard the loss pulls at each layer. Healthy: the rows are of similar shade and fade slowly; "
        "a row that goes pale at the bottom of the net means that nothing reaches it.",
    ),
    "update.ratio": (
        "Update against weight",
        "How far a step moves the weights, against their size. Around 1/1000 is usual; 1/10 is a jump, "
        "1/100,000 is standing still.",
    ),
    "act.dead": (
        "Dead units",
        "Share of units that give zero for every row of the batch. Dark rows have units that no longer learn.",
    ),
    "act.std": (
        "Activation spread",
        "Standard deviation of what a layer gives. Healthy: neither towards zero nor growing from layer to layer.",
    ),
    "weight.norm": ("Weight norm", "The size of each layer's weights."),
}


def metric_title(name: str) -> str:
    """Spell a metric for people: "roc_auc" is "ROC AUC"."""
    return METRIC_TITLES.get(name, name.replace("_", " ").replace(".", " ").capitalize())


def number(value: float | int | None, digits: int = 3) -> str:
    """Spell a number with about `digits` significant places behind what matters: 0.986, 48,213, 1.2e-05."""
    if value is None or not math.isfinite(value):
        return "–"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return f"{int(value):,}" if abs(value) < 1e9 else f"{value:.3g}"
    size = abs(value)
    if size >= 10_000:
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:,.1f}"
    if size >= 10:
        return f"{value:.2f}"
    if size >= 0.001:
        return f"{value:.{digits}f}" if size >= 0.1 else f"{value:.{digits}g}"
    return f"{value:.2g}"


def interval(score: Mapping[str, float | None]) -> str:
    """Spell an interval: "0.978 to 0.993"; a dash where there is none."""
    low, high = score.get("low"), score.get("high")
    if low is None or high is None:
        return "–"
    return f"{_like(low, score)} to {_like(high, score)}"


def _like(end: float, score: Mapping[str, float | None]) -> str:
    """Spell an end of an interval in the same number of places as a score: 1.000, not 1."""
    value = score.get("value")
    if (
        value is not None
        and abs(value) <= 10
        and abs(end) <= 10
        and max(abs(value), abs(end)) >= 0.1
    ):
        return f"{end:.3f}"
    return number(end)


def count(value: int | None) -> str:
    """Spell a count: 48,213."""
    return "–" if value is None else f"{int(value):,}"


def plural(amount: int, noun: str, nouns: str | None = None) -> str:
    """Return "1 epoch" or "3 epochs"."""
    return f"{amount:,} {noun if amount == 1 else nouns or noun + 's'}"


def duration(seconds: float) -> str:
    """Spell a duration: 8.4 s, 1 min 12 s, 2 h 5 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def shorten(value: str, length: int) -> str:
    """Return one line of at most `length` characters."""
    line = " ".join(str(value).split())
    return line if len(line) <= length else line[: max(1, length - 1)].rstrip() + "…"


def spell(value: Any) -> str:
    """Spell any cell or plan value on one line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value) if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else "missing"
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return ", ".join(spell(item) for item in value) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {spell(item)}" for key, item in value.items())
    return str(value)
