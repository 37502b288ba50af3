"""Tables: packs of MLPs, TabM, nets that remember rows, or MLPs on folds, by size and target."""

import math
from typing import Any

from netwright.data.data import Data
from netwright.plan.choices import INIT_REASON, Choices, epochs_for, steps_an_epoch

__all__ = ["one_net", "table"]

# From so many training rows on, validation rows are enough to choose members by; beyond the second
# number minutes on a CPU are not enough for many nets, and TabM was ahead on validation rows.
PACK_ROWS = {"classes": (1000, 25_000), "numbers": (1000, 5000)}
# Beyond so many rows it was not tried: a step compares its batch with a share of them all.
MOST_NEIGHBOURS = 50_000
NEIGHBOURS = "nets that answer from the nearest training rows (ModernNCA) err otherwise"
# Classes of fewer rows are learned on folds, so that every row trains and every row validates; to
# numbers that was no gain (auto_mpg: RMSE 1 to 4 % worse than TabM's).
FOLDS = 5


def table(data: Data, c: Choices) -> None:
    """Choose a net for a table and how to train it."""
    rows = len(data.train)
    shapes = data.encoding.shapes()
    numbers = data.task.form == "regression"
    least, most = PACK_ROWS["numbers" if numbers else "classes"]
    foldable = data.blocks is not None and len(data.blocks.unique()) >= 2 * FOLDS
    if rows < least and foldable and not numbers:
        _few_rows_of_classes(data, c)
        return
    if least <= rows < most:
        c.net("name", "mlp", "a table: MLPs unlike each other, the best together chosen (TabPack)")
        _pack(c, _width(rows, numbers=numbers), numeric=bool(shapes["numeric"]))
        if numbers:
            plain: dict[str, Any] = {}
            c.members("kinds", [plain, plain, plain, _neighbours(rows)], NEIGHBOURS)
        _sizes(data, c)
    else:
        one_net(data, c)
    if numbers and most <= rows < MOST_NEIGHBOURS:
        near = _neighbours(rows)
        c.members("count", 3, "TabM, and two nets that err otherwise")
        c.members("kinds", [{}, near, near | {"net.dropout": 0.3}], NEIGHBOURS)


def one_net(data: Data, c: Choices) -> None:
    """Choose a net of members that share most of their weights, and how to train it."""
    c.net("name", "tabm", "a table: an MLP of many slightly different members, averaged (TabM)")
    c.net("members", 16, "members agree where the data speaks and differ where it does not")
    _sizes(data, c)


def _width(rows: int, *, numbers: bool) -> int:
    return 64 if rows < 500 else 256 if numbers and rows >= 5000 else 128


def _sizes(data: Data, c: Choices) -> None:
    """Choose the sizes of an MLP or TabM, and how to train it."""
    rows, shapes = len(data.train), data.encoding.shapes()
    features = shapes["numeric"] + len(shapes["cardinalities"])
    numbers = data.task.form == "regression"
    c.net("width", _width(rows, numbers=numbers), f"{rows:,} training rows and {features} features")
    c.net("depth", 2 if rows < 5000 else 3, "constant width; more rows carry more layers")
    c.net("activation", "relu", "cheap, and He initialisation fits it")
    c.recipe("init", "auto", INIT_REASON["relu"])
    embed_numbers(data, c)
    c.net("dropout", 0.1 if rows >= 5000 else 0.2, "fewer rows need more of it")
    size = int(min(max(2 ** round(math.log2(max(rows / 100, 1))), 16), 256))
    c.recipe("batch_size", size, "about a hundred steps an epoch, 16 to 256 rows")
    c.recipe("optimizer", "adamw", "robust to scale; decay is decoupled")
    c.recipe("weight_decay", 0.03, "mild; vectors are spared")
    steps = 6000 if numbers else 2000
    epochs = epochs_for(steps, rows, size, low=16, high=150)
    why = "numbers are fitted ever finer" if numbers else "classes are soon learned by heart"
    c.recipe("epochs", epochs, f"about {steps:,} steps: {why}")
    c.recipe("patience", max(epochs // 3, 8), "epochs without a better validation score")
    c.recipe("schedule", "cosine", "anneals to zero by the end")
    c.recipe("clip", 1.0, "one bad batch cannot throw the net far")


def embed_numbers(data: Data, c: Choices) -> None:
    """Choose how an MLP takes a table's numbers."""
    rows, numeric = len(data.train), data.encoding.shapes()["numeric"]
    if numeric and rows >= 500:
        why = "each number becomes a vector of learned sines (Gorishniy 2022)"
        c.net("numeric_embedding", "periodic", why)
        many = rows >= 20_000
        c.net("embedding_size", 16 if many else 8, "more rows carry more numbers a column")
        c.net("frequency_scale", 4.0 if many else 2.0, "more rows tell nearer values apart")
    else:
        few = f"{rows:,} rows are too few to learn embeddings of numbers"
        c.net("numeric_embedding", "none", few if numeric else "there are no numbers")


def _neighbours(rows: int) -> dict[str, Any]:
    """Return the changes that make a member a ModernNCA: settings that did well on validation rows
    of white wine and California."""
    epochs = 24 if rows < 5000 else 18
    return {
        "net.name": "modern-nca",
        "net.width": 128,
        "net.depth": 1,
        "net.numeric_embedding": "periodic",
        "net.embedding_size": 16,
        "net.frequencies": 32,
        "net.frequency_scale": 0.1,
        "net.candidates": round(min(2000 / rows, 0.3), 3),  # what a step costs grows with it
        "recipe.batch_size": 256 if rows < 5000 else 512,
        "recipe.lr": 1e-3 if rows < 5000 else 2e-3,
        "recipe.weight_decay": 1e-3,
        "recipe.epochs": epochs,
        "recipe.patience": epochs // 2,
        "recipe.clip": None,
    }


def _few_rows_of_classes(data: Data, c: Choices) -> None:
    """MLPs on folds, with short schedules: see benchmarks/small_tables.py."""
    pool = len(data.train) + len(data.validation)
    rows = pool - pool // FOLDS
    numeric = bool(data.encoding.shapes()["numeric"])
    c.net("name", "mlp", "a small table: MLPs trained on folds, the best together chosen")
    c.net("width", 64, f"{rows:,} training rows in each fold")
    c.net("depth", 2, "deeper nets were no better on small tables")
    c.net("activation", "relu", "cheap, and He initialisation fits it")
    c.recipe("init", "auto", INIT_REASON["relu"])
    if numeric:
        why = "each number becomes a vector of learned sines (Gorishniy 2022)"
        c.net("numeric_embedding", "periodic", why)
        c.net("embedding_size", 4, "few rows carry few numbers a column")
        c.net("frequencies", 8, "few rows tell few frequencies apart")
    else:
        c.net("numeric_embedding", "none", "there are no numbers")
    size = 16 if rows < 250 else 32
    c.recipe("batch_size", size, "many small steps for few rows")
    c.recipe("optimizer", "adamw", "robust to scale; decay is decoupled")
    epochs = max(round(400 / steps_an_epoch(rows, size)), 8)
    c.recipe("epochs", epochs, "about 400 steps: longer schedules learn few rows by heart")
    c.recipe("patience", None, "short: the best epoch is kept, whichever it is")
    c.recipe("schedule", "cosine", "anneals to zero by the end")
    c.recipe("clip", 1.0, "one bad batch cannot throw the net far")
    why = "drawn by each member: what suits this table is found on its folds"
    space: dict[str, Any] = {
        "net.dropout": {"uniform": [0.0, 0.5]},
        "recipe.lr": {"log": [5e-4, 4e-3]},
        "recipe.weight_decay": {"log": [1e-2, 0.5]},
    }
    if numeric:
        space["net.frequency_scale"] = {"log": [0.05, 1.0]}
    c.members("count", 8, "each on every fold: enough to choose from, and seconds to train")
    c.members("folds", FOLDS, f"of {pool:,} rows: every row trains and every row validates")
    c.members("space", space, why)


def _pack(c: Choices, width: int, *, numeric: bool) -> None:
    """Members of a table's ensemble: what each draws for itself."""
    why = "drawn by each member: what suits this table is found on its validation rows"
    space: dict[str, Any] = {
        "net.width": [width // 2, width],
        "net.depth": [1, 2, 3],
        "net.dropout": {"uniform": [0.0, 0.5]},
        "recipe.lr": {"log": [5e-4, 8e-3]},
        "recipe.weight_decay": {"log": [1e-3, 0.5]},
    }
    if numeric:
        space["net.frequency_scale"] = {"log": [0.1, 8.0]}
    c.members("count", 16, "trained as one, they cost about what TabM of 16 members does")
    c.members("space", space, why)
