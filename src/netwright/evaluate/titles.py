"""What people call metrics: "roc_auc" is "ROC AUC", mAP as papers on boxes write it."""

from collections.abc import Mapping

__all__ = ["METRIC_TITLES", "metric_in_words", "metric_title"]

METRIC_TITLES: Mapping[str, str] = {
    "accuracy_within_one": "Accuracy within one",
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
    "mse": "Mean squared error",
    "energy_distance": "Energy distance",
    "coverage": "Coverage",
    "mape": "MAPE",
    "interval_coverage": "Interval coverage",
    "interval_width": "Interval width",
    "interval_score": "Interval score",
    "smape": "sMAPE",
    "mase": "MASE",
    "nats": "Nats",
    "perplexity": "Perplexity",
    "entity_f1": "Entity F1",
    "entity_precision": "Entity precision",
    "entity_recall": "Entity recall",
    "bleu": "BLEU",
    "token_error_rate": "Token error rate",
    "word_error_rate": "Word error rate",
    "mean_return": "Mean return",
    "skill": "Skill",
    "spearman": "Spearman's rho",
    "iou": "IoU",
    "one_shot_accuracy": "One-shot accuracy",
    "map50": "mAP@.5",
    "map": "mAP@[.5:.95]",
    "lr": "Learning rate",
}
NAMES = ("Spearman", "Brier")  # of people, which keep their capital


def metric_title(name: str) -> str:
    """Spell a metric for people: "roc_auc" is "ROC AUC"."""
    return METRIC_TITLES.get(name, name.replace("_", " ").replace(".", " ").capitalize())


def metric_in_words(name: str) -> str:
    """Spell a metric within a sentence: "log loss", "ROC AUC", "mAP@.5"."""
    title = metric_title(name)
    if title.startswith(NAMES) or not title[1:2].islower() or title[1:] != title[1:].lower():
        return title
    return title[:1].lower() + title[1:]
