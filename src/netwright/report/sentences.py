"""The two sentences a report begins with: what was learned, and how good it is, in plain words."""

import math
from collections.abc import Mapping

from netwright.data.task import Task
from netwright.report.words import metric_title, number, plural, shorten

__all__ = ["describe_score", "describe_task"]

SOURCES = {
    "table": "the other columns",
    "image": "an image",
    "audio": "a sound",
    "video": "a clip",
    "text": "a text",
    "series": "a series",
    "graph": "a graph",
    "node-classification": "a node and its neighbours",
    "sentence": "a sentence",
    "text-pair": "a text",
}
ROWS = {"table": "rows", "image": "pictures", "series": "series"}  # that are rebuilt or drawn
NOUNS = {
    "forecasting": "test forecast",
    "tagging": "test sentence",
    "translation": "test pair",
    "segmentation": "test picture",
    "detection": "test picture",
    "speech-recognition": "test sound",
}
LONGEST = 30  # characters of a name in a sentence


def describe_task(task: Task, kind: str) -> str:
    """Say what was learned: "Predict progression from the other columns"."""
    source = SOURCES.get(task.name, SOURCES.get(kind, "the inputs"))
    target = shorten(task.target, LONGEST)
    names = [shorten(name, LONGEST) for name in task.classes]
    what = f" by {target}" if kind == "table" and target else ""
    match task.form:
        case "binary" if len(names) == 2:
            return f"Tell {names[0]} from {names[1]}{what}, given {source}"
        case "binary" | "multiclass":
            return f"Tell {len(names)} classes apart{what}, given {source}"
        case "multilabel":
            return f"Give the labels that hold, out of {len(names)}, to {source}"
        case "ordinal":
            return f"Predict {target}, a grade from {names[0]} to {names[-1]}, given {source}"
        case "forecasting":
            return f"Forecast {target}, {plural(task.horizon, 'step')} ahead"
        case "tagging":
            return f"Give each token of a sentence one of {len(names)} tags"
        case "translation":
            return f"Translate {task.source} into {target}"
        case "speech-recognition":
            return f"Write down the {target or 'words'} that is heard in a sound"
        case "segmentation":
            return f"Give each pixel of an image one of {len(names)} classes"
        case "detection":
            kinds = names[0] if len(names) == 1 else f"things of {len(names)} classes"
            return f"Find {kinds} in an image, each with a box around it"
        case "similarity":
            return f"Tell whether two are of one class, for {source} of classes never seen"
        case "contrastive":
            return f"Know {SOURCES.get(kind, 'a row')} again when it is changed, among others"
        case "language-modelling":
            return "Predict what comes next in a text"
        case "masked-language-modelling":
            return "Fill in words that were taken out of a text"
        case "reconstruction":
            found = f", and find {task.positive!r} by their error" if task.positive else ""
            return f"Rebuild {ROWS.get(kind, 'rows')} from a short code{found}"
        case "generation":
            given = f", given {target}" if task.classes else ""
            return f"Draw {ROWS.get(kind, 'rows')} like those that are there{given}"
        case "multi-task":
            targets = [shorten(name, LONGEST) for name in task.target_names]
            return f"Predict {', '.join(targets[:-1])} and {targets[-1]} together, given {source}"
        case "embedding":
            return "Learn vectors of words from the words around them"
        case "control":
            return "Choose the action that brings the most reward, given the state"
        case _:
            return f"Predict the number {target} from {source}"


def describe_score(
    metric: str,
    scores: Mapping[str, Mapping[str, float | None]],
    *,
    rows: int,
    task: Task,
    level: float | None = None,
) -> str:
    """Say how good it is on the test rows: "It is right for 347 of 357 test rows ...". level: of
    prediction intervals, where there are some."""
    value = scores[metric]["value"]
    assert value is not None
    noun = NOUNS.get(task.form, "test row")
    unseen = f"{plural(rows, noun)} it had never seen"
    if metric == "entity_f1":
        found, right = (scores[f"entity_{n}"]["value"] or 0.0 for n in ("recall", "precision"))
        return (
            f"It finds {100 * found:.0f} of 100 entities, and of 100 that it names "
            f"{100 * right:.0f} are right; measured on {unseen}."
        )
    if metric == "accuracy" and task.form == "tagging":
        return f"It tags {100 * value:.1f} of 100 tokens rightly, over {unseen}."
    if task.form == "speech-recognition" and metric.endswith("error_rate"):
        unit = "words" if metric == "word_error_rate" else "symbols"
        return (
            f"Of 100 {unit} that are said it gets {100 * value:.1f} wrong, leaves them out or adds "
            f"them; measured on {unseen}."
        )
    if metric == "one_shot_accuracy":
        return (
            f"Shown one example of each new class, it finds the right one {_times(value)}; "
            f"measured on {unseen}."
        )
    if metric == "accuracy" and task.form == "contrastive":
        return f"It knows a changed picture again, among 64, {_times(value)}; measured on {unseen}."
    if metric == "accuracy" and task.form == "segmentation":
        return f"It is right for {value:.1%} of the pixels of {unseen}."
    if metric == "map50":
        return (
            f"Its mean average precision is {number(value)} (1: all things found, no box wrong), "
            f"where a box has to overlap its thing by half; over {unseen}."
        )
    if metric == "spearman":
        return (
            f"Its vectors rank {plural(rows, 'pair')} of words as people do with a correlation of "
            f"{number(value)}."
        )
    if task.form == "embedding":
        return (
            "Asked which of eleven words stood near another, it hesitates as between "
            f"{math.exp(value):,.1f}, over {plural(rows, 'held-out word')}."
        )
    if metric == "mean_return":
        return (
            f"An episode brings it a reward of {number(value)} on average, over "
            f"{plural(rows, 'test episode')} that training never began."
        )
    if metric == "accuracy":
        return f"It is right for {round(value * rows):,} of {unseen}."
    if metric == "roc_auc" and task.form == "binary":
        return (
            f"Of one row that is {shorten(task.positive or 'positive', LONGEST)} and one that is "
            f"not, it ranks the right one higher {_times(value)}; measured on {unseen}."
        )
    if metric == "roc_auc" and task.form == "reconstruction":
        return (
            f"Of one row that is {shorten(task.positive or 'an anomaly', LONGEST)} and one that is "
            f"not, it gives the former the larger error {_times(value)}; measured on {unseen}."
        )
    if metric == "mse" and task.form == "reconstruction":
        return (
            f"It rebuilds a number of a row to within {number(math.sqrt(value))} (root mean "
            f"square), over {unseen}."
        )
    if metric == "skill":
        return (
            f"Averaged over its {len(task.tasks)} tasks {value:.0%} of the error of a constant "
            f"answer is gone, over {unseen}."
        )
    if metric == "energy_distance":
        return (
            f"What it draws is {number(value)} in energy distance from {unseen} (0: drawn alike)."
        )
    error = scores.get("mae", {}).get("value")
    if task.form in ("regression", "forecasting") and error is not None:
        target = shorten(task.target, LONGEST) or "the target"
        held = scores.get("interval_coverage", {}).get("value")
        also = ""
        if held is not None and level is not None:
            also = f" Its {level:.0%} intervals held {held:.0%} of what came."
        return f"On average it is off by {number(error)} in {target}, over {unseen}.{also}"
    if task.form == "ordinal" and error is not None:
        near = scores.get("accuracy_within_one", {}).get("value")
        also = "" if near is None else f"; {near:.0%} are at most one grade off"
        return f"On average it is off by {number(error)} grades, over {unseen}{also}."
    if task.form == "masked-language-modelling" and metric == "nats":
        return (
            f"At a word that was taken out it hesitates as between {math.exp(value):,.1f} equally "
            f"likely ones, over {unseen}."
        )
    if task.form == "language-modelling" and metric == "nats":
        return (
            f"At each step it hesitates as between {math.exp(value):,.1f} equally likely tokens, "
            f"over {unseen}."
        )
    return f"Its {metric_title(metric)} is {number(value)} over {unseen}."


def _times(share: float) -> str:
    """Spell a share as a frequency, which people judge better (Gigerenzer and Hoffrage 1995)."""
    of = 100 if share < 0.995 else 1000
    return f"{min(round(share * of), of):,} times in {of:,}"
