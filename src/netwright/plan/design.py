"""design(data) -> Plan: the designer's rules, each choice with its reason. Never trains; reads
sizes and types only."""

import math
from collections.abc import Callable
from typing import Any

from netwright.data.data import Data, Rows
from netwright.plan.members import Members
from netwright.plan.plan import FIXED, Plan, Recipe

__all__ = ["design"]

# The initialisation that keeps the signal's variance through an activation (He 2015, Glorot 2010,
# Klambauer 2017).
_INIT_REASON = {
    "relu": "He keeps the variance through ReLU",
    "gelu": "He: GELU is a smooth ReLU",
    "silu": "He: SiLU is a smooth ReLU",
    "mish": "He: Mish is a smooth ReLU",
    "tanh": "Xavier keeps the variance through tanh",
    "sigmoid": "Xavier keeps the variance through sigmoid",
    "selu": "LeCun: SELU normalises itself only with variance 1/fan_in",
}


# From so many training rows on, validation rows are enough to choose members by; beyond the second
# number minutes on a CPU are not enough for many nets, and TabM was ahead on validation rows.
PACK_ROWS = {"classes": (1000, 25_000), "numbers": (1000, 5000)}
# Beyond so many rows it was not tried: a step compares its batch with a share of them all.
MOST_NEIGHBOURS = 50_000
NEIGHBOURS = "nets that answer from the nearest training rows (ModernNCA) err otherwise"
# Classes of fewer rows are learned on folds, so that every row trains and every row validates; to
# numbers that was no gain (auto_mpg: RMSE 1 to 4 % worse than TabM's).
FOLDS = 5
# Of so many tokens a convolution's strongest phrase says less than the mean of them all.
LONG_TEXT = 200


def design(data: Data) -> Plan:
    """Return a plan for the data: architecture by kind, sizes by rows and features, loss by task, a
    tested recipe."""
    rules: dict[str, Callable[[Data, _Choices], None]] = {
        "table": _table,
        "image": _image,
        "text": _text,
        "series": _series,
    }
    choices = _Choices()
    for name, value in data.encoding.shapes().items():
        choices.net(name, value, FIXED)
    rules[data.kind](data, choices)
    _loss(data, choices)
    return choices.plan()


class _Choices:
    """Collects fields and their reasons; later choices replace earlier ones."""

    def __init__(self) -> None:
        self._net: dict[str, Any] = {}
        self._recipe: dict[str, Any] = {}
        self._objective: dict[str, Any] = {"name": "supervised"}
        self._members: dict[str, Any] = {}
        self._why: dict[str, str] = {}

    def net(self, name: str, value: Any, why: str) -> None:
        self._net[name] = value
        self._why[f"net.{name}"] = why

    def recipe(self, name: str, value: Any, why: str) -> None:
        self._recipe[name] = value
        self._why[f"recipe.{name}"] = why

    def objective(self, name: str, value: Any, why: str) -> None:
        self._objective[name] = value
        self._why[f"objective.{name}"] = why

    def members(self, name: str, value: Any, why: str) -> None:
        self._members[name] = value
        self._why[f"members.{name}"] = why

    def plan(self) -> Plan:
        net = {"name": self._net.pop("name"), **self._net}
        return Plan(
            net=net,
            objective=self._objective,
            recipe=Recipe(**self._recipe),
            members=Members.from_dict(self._members) if self._members else None,
            why=self._why,
        )


def _loss(data: Data, c: _Choices) -> None:
    task = data.task
    if task.form != "language-modelling":
        c.net("outputs", task.outputs, _outputs_reason(data))
    loss, why = {
        "binary": ("cross-entropy", "two classes: softmax over two logits"),
        "multiclass": ("cross-entropy", "one of several classes: softmax"),
        "multilabel": ("binary-cross-entropy", "several labels a row: one sigmoid each"),
        "ordinal": ("cumulative", "ordered grades: one threshold between neighbours"),
        "regression": ("mse", "the mean is asked for; targets are standardised"),
        "forecasting": ("mae", "forecasts are judged by absolute errors"),
        "language-modelling": ("cross-entropy", "the next token is one of the vocabulary"),
    }[task.form]
    c.objective("loss", loss, why)
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
    if task.is_classification:
        return f"one logit for each of {len(task.classes)} classes"
    return "one for each number predicted"


def _steps(rows: int, batch_size: int) -> int:
    return max(math.ceil(rows / batch_size), 1)


def _epochs_for(steps: int, rows: int, batch_size: int, *, low: int, high: int) -> int:
    return int(min(max(steps / _steps(rows, batch_size), low), high))


def _table(data: Data, c: _Choices) -> None:
    rows = len(data.train)
    shapes = data.encoding.shapes()
    features = shapes["numeric"] + len(shapes["cardinalities"])
    numbers = data.task.form == "regression"
    least, most = PACK_ROWS["numbers" if numbers else "classes"]
    foldable = data.blocks is not None and len(data.blocks.unique()) >= 2 * FOLDS
    if rows < least and foldable and not numbers:
        _few_rows_of_classes(data, c)
        return
    width = 64 if rows < 500 else 256 if numbers and rows >= 5000 else 128
    if least <= rows < most:
        c.net("name", "mlp", "a table: MLPs unlike each other, the best together chosen (TabPack)")
        _pack(c, width, numeric=bool(shapes["numeric"]))
        if numbers:
            plain: dict[str, Any] = {}
            c.members("kinds", [plain, plain, plain, _neighbours(rows)], NEIGHBOURS)
    else:
        c.net("name", "tabm", "a table: an MLP of many slightly different members, averaged (TabM)")
        c.net("members", 16, "members agree where the data speaks and differ where it does not")
    c.net("width", width, f"{rows:,} training rows and {features} features")
    c.net("depth", 2 if rows < 5000 else 3, "constant width; more rows carry more layers")
    c.net("activation", "relu", "cheap, and He initialisation fits it")
    c.recipe("init", "auto", _INIT_REASON["relu"])
    if shapes["numeric"] and rows >= 500:
        why = "each number becomes a vector of learned sines (Gorishniy 2022)"
        c.net("numeric_embedding", "periodic", why)
        many = rows >= 20_000
        c.net("embedding_size", 16 if many else 8, "more rows carry more numbers a column")
        c.net("frequency_scale", 4.0 if many else 2.0, "more rows tell nearer values apart")
    else:
        few = f"{rows:,} rows are too few to learn embeddings of numbers"
        c.net("numeric_embedding", "none", few if shapes["numeric"] else "there are no numbers")
    c.net("dropout", 0.1 if rows >= 5000 else 0.2, "fewer rows need more of it")
    size = int(min(max(2 ** round(math.log2(max(rows / 100, 1))), 16), 256))
    c.recipe("batch_size", size, "about a hundred steps an epoch, 16 to 256 rows")
    c.recipe("optimizer", "adamw", "robust to scale; decay is decoupled")
    c.recipe("weight_decay", 0.03, "mild; vectors are spared")
    steps = 6000 if numbers else 2000
    epochs = _epochs_for(steps, rows, size, low=16, high=150)
    why = "numbers are fitted ever finer" if numbers else "classes are soon learned by heart"
    c.recipe("epochs", epochs, f"about {steps:,} steps: {why}")
    c.recipe("patience", max(epochs // 3, 8), "epochs without a better validation score")
    c.recipe("schedule", "cosine", "anneals to zero by the end")
    c.recipe("clip", 1.0, "one bad batch cannot throw the net far")
    if numbers and most <= rows < MOST_NEIGHBOURS:
        near = _neighbours(rows)
        c.members("count", 3, "TabM, and two nets that err otherwise")
        c.members("kinds", [{}, near, near | {"net.dropout": 0.3}], NEIGHBOURS)


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


def _few_rows_of_classes(data: Data, c: _Choices) -> None:
    """MLPs on folds, with short schedules: see benchmarks/small_tables.py."""
    pool = len(data.train) + len(data.validation)
    rows = pool - pool // FOLDS
    numeric = bool(data.encoding.shapes()["numeric"])
    c.net("name", "mlp", "a small table: MLPs trained on folds, the best together chosen")
    c.net("width", 64, f"{rows:,} training rows in each fold")
    c.net("depth", 2, "deeper nets were no better on small tables")
    c.net("activation", "relu", "cheap, and He initialisation fits it")
    c.recipe("init", "auto", _INIT_REASON["relu"])
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
    epochs = max(round(400 / _steps(rows, size)), 8)
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


def _pack(c: _Choices, width: int, *, numeric: bool) -> None:
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


def _image(data: Data, c: _Choices) -> None:
    rows = len(data.train)
    shapes = data.encoding.shapes()
    size = min(shapes["height"], shapes["width"])
    c.net("name", "cnn", "neighbouring pixels belong together, wherever they are: convolutions")
    if size <= 16:
        c.net("channels", [32, 64], f"pictures of {size} pixels can be halved once or twice")
        c.net("convs", [2, 2], "two convolutions see further than one")
    elif size <= 48:
        many = rows >= 20_000  # an epoch must be cheap, so that enough of them fit into minutes
        why = f"pictures of {size} pixels: three blocks, wider each time"
        c.net("channels", [24 if many else 32, 48, 96], why)
        why = "one convolution where pictures are large, two where small"
        c.net("convs", [1, 1, 2] if many else [1, 2, 2], why)
    else:
        c.net("channels", [24, 48, 96, 160], f"pictures of {size} pixels: four blocks")
        c.net("convs", [1, 1, 2, 2], "few convolutions where pictures are large")
    c.net("norm", "batch", "keeps the signal's scale, so that large steps are safe")
    c.net("pool", "mean", "where a thing is in the picture does not matter")
    c.net("hidden", 0, "the pooled features are told apart by one linear layer")
    c.net("activation", "relu", "cheap, and exact after the max pool")
    c.recipe("init", "auto", _INIT_REASON["relu"])
    c.recipe("batch_size", 128 if rows >= 10_000 else 64, "many small steps for few pictures")
    c.recipe("optimizer", "muon", "ahead of SGD and AdamW on validation rows of Fashion-MNIST")
    c.recipe("lr", 0.01, "worked on validation rows of two open picture sets; batch norm bears it")
    c.recipe("weight_decay", 0.05, "pictures are learned by heart: a strong decoupled decay")
    c.recipe("warmup", 0.1, "the first directions are noise")
    epochs = 30 if rows >= 20_000 else 60 if rows >= 2000 else 40 if size <= 16 else 100
    c.recipe("epochs", epochs, "the schedule shrinks to what the time bound allows")
    if shapes["in_channels"] == 3:
        c.recipe(
            "augment", ("flip", "shift"), "a photograph keeps its class when mirrored or moved"
        )
    elif size <= 16:
        c.recipe("augment", ("shift", "rotate"), "a drawing keeps its class when moved or turned")
    else:
        c.recipe("augment", ("shift",), "moving keeps the class; a mirrored digit is none")
    c.recipe("label_smoothing", 0.05, "keeps the logits bounded")
    c.recipe("ema", 0.995, "the average of the weights is steadier than the last of them")
    c.recipe("patience", max(epochs // 3, 10), "epochs without a better validation score")


def _text(data: Data, c: _Choices) -> None:
    if data.task.form == "language-modelling":
        _language_model(data, c)
        return
    rows = len(data.train)
    c.recipe("optimizer", "adamw", "rare words get few gradients: rates of their own")
    c.recipe("weight_decay", 0.01, "mild; vectors are spared")
    c.recipe("augment", ("token-dropout",), "a text keeps its class when some words are unknown")
    c.recipe("ema", 0.99, "the average of the weights is steadier than the last of them")
    words = _median_length(data)
    if words >= LONG_TEXT:
        c.net("name", "fasttext", f"about {words} tokens a text: which words and word pairs it has")
        c.net("dropout", 0.5, "thousands of word vectors fit any few texts")
        c.recipe("batch_size", 32, "many small steps for few texts")
        c.recipe("lr", 1e-2, "a mean of many vectors moves little: large steps")
        c.recipe("epochs", 30, "early stopping ends it sooner")
        c.recipe("patience", 8, "epochs without a better validation score")
        return
    c.net(
        "name",
        "text-cnn",
        "phrases carry a text's meaning: convolutions over word vectors (Kim 2014)",
    )
    c.net(
        "bag_buckets",
        32_768,
        "beside them a bag of words and word pairs, strong where texts are few",
    )
    c.recipe("batch_size", 32 if rows < 5000 else 64, "many small steps for few texts")
    c.recipe("lr", 1e-3, "the best of 0.001 to 0.003 on validation rows of open text sets")
    c.recipe("epochs", 12, "early stopping ends it sooner")
    c.recipe("patience", 4, "text nets learn the training texts by heart within epochs")


def _median_length(data: Data) -> int:
    """Tokens that the text in the middle keeps."""
    assert isinstance(data.train, Rows)  # texts are never streamed
    (tokens,) = data.train.inputs
    return int((tokens != 0).sum(1).median())


def _language_model(data: Data, c: _Choices) -> None:
    c.net("name", "transformer", "the next token depends on all before it: attention reads them")
    c.net("outputs", 0, "a language model: the vocabulary's logits at every step")
    c.net("causal", True, "a step must not see what comes after it")
    c.net("width", 128, "small enough for a CPU")
    c.net("depth", 4, "each layer relates what the one below found")
    c.net("dropout", 0.1, "small corpora are learned by heart")
    c.recipe("batch_size", 32, "many small steps")
    c.recipe("optimizer", "adamw", "the usual one for transformers")
    c.recipe("weight_decay", 0.1, "the usual one for transformers")
    c.recipe("clip", 1.0, "one bad batch cannot throw the net far")
    c.recipe("epochs", 30, "early stopping or the time bound may end it sooner")
    c.recipe("patience", 5, "epochs without a better validation score")


def _series(data: Data, c: _Choices) -> None:
    if data.task.form == "forecasting":
        c.net("name", "dlinear", "trend and season, each a linear map (Zeng 2023)")
        c.net("normalise", "none", "the encoding forecasts what a naive forecast leaves")
        c.recipe("patience", 15, "epochs without a better validation score")
        c.recipe("epochs", 60, "early stopping ends it sooner")
        c.recipe("batch_size", 64, "many small steps")
        return
    rows = len(data.train)
    c.net("name", "inception-time", "patterns of any duration (Fawaz 2020)")
    c.recipe("init", "auto", _INIT_REASON["relu"])
    size = 16 if rows < 500 else 64
    c.recipe("batch_size", size, "few series: many small steps")
    c.recipe("epochs", _epochs_for(1500, rows, size, low=30, high=400), "about 1,500 steps")
    c.recipe("lr", 1e-3, "the usual one of AdamW")
    c.recipe("weight_decay", 0.01, "mild; vectors are spared")
    c.recipe("ema", 0.99, "the average of the weights is steadier than the last of them")
    c.recipe("patience", None, "a handful of validation series cannot say when to stop")
    if rows < 100:
        c.recipe("keep", "last", "nor which epoch is best")
