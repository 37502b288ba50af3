"""Several targets of a table: one MLP for what they have in common, a head for each."""

import math

from netwright.data.data import Data
from netwright.plan.choices import INIT_REASON, Choices, epochs_for
from netwright.plan.rules.table import embed_numbers

__all__ = ["multi_task"]

STEPS = 4000


def multi_task(data: Data, c: Choices) -> None:
    """Choose a trunk, heads and weights of the tasks."""
    rows, tasks = len(data.train), data.task.tasks
    width = 64 if rows < 500 else 128
    c.net("name", "mlp", "a table: what the tasks have in common is learned by one MLP")
    c.net("width", width, f"{rows:,} training rows")
    c.net("depth", 2, "and the layer that the heads read")
    c.net("activation", "relu", "cheap, and He initialisation fits it")
    embed_numbers(data, c)
    c.net("dropout", 0.1 if rows >= 5000 else 0.2, "fewer rows need more of it")
    c.as_trunk()
    c.net("name", "multi-task", "a trunk and a head for each target (Caruana 1997)")
    c.net("heads", [task.outputs for task in tasks], "a number each, a logit for each class")
    c.net("width", width, "what the trunk hands to the heads")
    c.objective("name", "multi-task", "targets of different kinds, each with its own loss")
    c.objective("weighting", "uncertainty", "a task that stays noisy weighs less (Kendall 2018)")
    size = int(min(max(2 ** round(math.log2(max(rows / 100, 1))), 16), 256))
    c.recipe("init", "auto", INIT_REASON["relu"])
    c.recipe("batch_size", size, "about a hundred steps an epoch, 16 to 256 rows")
    c.recipe("optimizer", "adamw", "robust to scale; decay is decoupled")
    c.recipe("lr", 2e-3, "the log variances must move, too, which a range test does not see")
    c.recipe("weight_decay", 0.03, "mild; vectors are spared")
    epochs = epochs_for(STEPS, rows, size, low=16, high=150)
    c.recipe("epochs", epochs, f"about {STEPS:,} steps; the schedule shrinks to the time bound")
    c.recipe("patience", max(epochs // 3, 8), "epochs without a better validation score")
    c.recipe("schedule", "cosine", "anneals to zero by the end")
    c.recipe("clip", 1.0, "one bad batch cannot throw the net far")
