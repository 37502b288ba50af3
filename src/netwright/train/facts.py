"""What a run's trace is told beside the probe's measurements, so that faults can judge it.

"loss.trivial": of the best constant answer on the validation rows, before training. After it:
"weights.restored", 1 where the best epoch's weights came back, and, where the metric that decides
counts classes alike, "class.count" (training rows) and "recall" (validation) of each class.
"""

import torch
from torch import Tensor

from netwright.data.data import Data
from netwright.evaluate.constant import constant_outputs
from netwright.evaluate.judge import loss_of, targets_of
from netwright.objectives.multi_task import MultiTask
from netwright.objectives.reconstruction import Reconstruction
from netwright.objectives.segmentation import Segmentation
from netwright.objectives.semi_supervised import SemiSupervised
from netwright.objectives.supervised import Supervised
from netwright.plan.plan import Recipe
from netwright.watch.trace import Trace

__all__ = ["record_end", "record_start"]

# A metric that is ruined by a class that is never called. By others a rare class may cost nothing:
# then to miss it is a choice of threshold.
OF_CLASSES = ("balanced_accuracy", "recall", "f1", "recall_macro", "f1_macro")
SAME_RECALL = ("binary", "multiclass")
# By a loss of constant answers.
JUDGED = (Supervised, SemiSupervised, Segmentation, Reconstruction, MultiTask)


def record_start(trace: Trace, data: Data, objective: object) -> None:
    """Record what is known before the first step."""
    if not isinstance(objective, JUDGED) or data.task.form == "generation":
        return
    if trace.places("loss.trivial"):
        return
    targets = targets_of(data.validation)
    found = loss_of(objective, constant_outputs(data, objective), targets, data.task)
    if found is not None:
        trace.record("loss.trivial", "", 0, found)


def record_end(
    trace: Trace, data: Data, recipe: Recipe, outputs: Tensor, *, metric: str, step: int
) -> None:
    """Record what is known when training is done. outputs: of the kept weights on the validation
    rows."""
    if recipe.keep == "best":
        trace.record("weights.restored", "", step, 1.0)
    task = data.task
    if task.form not in SAME_RECALL or metric not in OF_CLASSES:
        return
    predicted, targets = outputs.argmax(1), targets_of(data.validation)
    for number, (name, count) in enumerate(zip(task.classes, data.class_counts, strict=True)):
        own = targets == number
        if bool(own.any()):
            trace.record("class.count", name, step, float(count))
            recall = (predicted[own] == number).to(torch.float64).mean().item()
            trace.record("recall", name, step, recall)
