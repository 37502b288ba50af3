"""Plausible reports on a table of numbers and on a forecast."""

import math

import numpy as np
from sample_parts import VERSIONS, make_trace, reliability, score
from sklearn.metrics import precision_recall_curve, roc_curve

from netwright.report.report import (
    Baseline,
    Choice,
    Column,
    Example,
    Forecast,
    Headline,
    Layer,
    Report,
)


def sample_table() -> Report:
    """A binary table where the trees win, with cells, many columns and notes."""
    rng = np.random.default_rng(0)
    truth = rng.random(600) < 0.24
    logits = 2.2 * truth + rng.normal(size=600) - 1.6
    probability = 1 / (1 + np.exp(-logits))
    fpr, tpr, _ = roc_curve(truth, probability)
    precision, recall, _ = precision_recall_curve(truth, probability)
    columns = [
        Column(name="age", kind="number", note="quantile bins, 24"),
        Column(name="workclass", kind="category", note="9 values, 'unknown' for others"),
        Column(name="education", kind="category", note="16 values"),
        Column(name="hours-per-week", kind="number", note="quantile bins, 24"),
        Column(name="native-country", kind="category", note="42 values; 19 rare ones together"),
    ]
    return Report(
        title="adult",
        task="Tell whether class is >50K from 14 columns",
        target="class",
        kind="table",
        form="binary",
        headline=Headline(
            metric="accuracy",
            value=0.8689,
            low=0.8637,
            high=0.8741,
            sentence="The network tells >50K from <=50K correctly for 87 of 100 people it had "
            "never seen.",
        ),
        verdict="Boosted trees do slightly better here (0.871 against 0.869, within the "
        "interval): take the trees unless you need a network.",
        rows={"train": 26048, "validation": 6513, "test": 16281},
        columns=columns,
        class_counts={"<=50K": 19775, ">50K": 6273},
        choices=[Choice(field="net.name", value="mlp", why="a table of 14 columns")],
        history={
            "train_loss": [0.4, 0.33, 0.31, 0.3],
            "validation_loss": [0.36, 0.33, 0.32, 0.325],
            "accuracy": [0.84, 0.86, 0.869, 0.868],
            "lr": [1e-3, 8e-4, 4e-4, 1e-5],
        },
        best_epoch=3,
        stopped="no better validation accuracy for 10 epochs",
        validation={"accuracy": score(0.871, 0.006), "roc_auc": score(0.924, 0.004)},
        test={
            "accuracy": score(0.8689, 0.0052),
            "roc_auc": score(0.923, 0.004),
            "pr_auc": score(0.81, 0.01),
            "ece": score(0.008, 0.002),
        },
        notes=["The classes are uneven: always answering <=50K is right in 0.76 of the rows."],
        per_class=[
            {
                "class": "<=50K",
                "precision": 0.89,
                "recall": 0.94,
                "support": 12435,
            },
            {
                "class": ">50K",
                "precision": 0.77,
                "recall": 0.65,
                "support": 3846,
            },
        ],
        confusion=[[11700, 735], [1399, 2447]],
        classes=["<=50K", ">50K"],
        curves={
            "roc": {">50K": {"fpr": fpr.tolist(), "tpr": tpr.tolist()}},
            "pr": {">50K": {"recall": recall.tolist(), "precision": precision.tolist()}},
            "reliability": reliability(0.01, 5),
        },
        baselines={
            "trivial": Baseline(
                model="most common class", scores={"accuracy": score(0.764, 0.006)}
            ),
            "linear": Baseline(
                model="logistic regression", scores={"accuracy": score(0.852, 0.006)}
            ),
            "trees": Baseline(model="boosted trees", scores={"accuracy": score(0.8711, 0.005)}),
        },
        trace=make_trace(["blocks.0", "blocks.1", "head"], steps=12),
        examples=[
            Example(
                row=i * 311,
                truth=">50K",
                predicted="<=50K",
                confidence=0.99,
                loss=4.9 - i / 5,
                cells=[
                    ("age", 23 + i),
                    ("workclass", "Private"),
                    ("education", "HS-grad"),
                    ("hours-per-week", 20.0),
                    ("native-country", None),
                ],
            )
            for i in range(6)
        ],
        ledger=[
            {
                "action": "imputed",
                "where": "workclass",
                "what": "'?' read as missing",
                "count": 1836,
            }
        ],
        layers=[
            Layer(name="embed", type="TabularEmbedding", output_shape=(176,), parameters=2904),
            Layer(name="blocks.0", type="Linear", output_shape=(256,), parameters=45312),
            Layer(name="blocks.0.act", type="ReLU", output_shape=(256,)),
            Layer(name="blocks.1", type="Linear", output_shape=(128,), parameters=32896),
            Layer(name="head", type="Linear", output_shape=(1,), parameters=129),
        ],
        parameters=81241,
        seconds=94.2,
        device="cpu",
        seed=0,
        versions=VERSIONS,
    )


def sample_forecast() -> Report:
    """A series, forecast; the linear baseline has no meaning there."""
    months = [110 + 2.2 * t + (20 + t / 4) * math.sin(math.pi * t / 6) for t in range(144)]
    return Report(
        title="airline-passengers",
        task="Forecast Passengers 24 steps ahead",
        target="Passengers",
        kind="series",
        form="forecasting",
        headline=Headline(
            metric="mase",
            value=0.84,
            low=0.71,
            high=0.98,
            higher_is_better=False,
            sentence="Its errors are 0.84 of those of repeating last year.",
        ),
        verdict="The network beats the seasonal naive forecast; the interval lies below 1.",
        rows={"train": 84, "validation": 24, "test": 24},
        history={
            "train_loss": [1.0, 0.5, 0.3],
            "validation_loss": [1.1, 0.6, 0.5],
            "mase": [1.4, 1.0, 0.9],
        },
        test={"mase": score(0.84, 0.13), "mae": score(21.3, 4.0), "rmse": score(27.8, 5.0)},
        baselines={
            "trivial": Baseline(model="seasonal naive", scores={"mase": score(1.02, 0.1)}),
            "linear": Baseline(model="linear autoregression", scores={"mase": score(0.91, 0.12)}),
            "trees": Baseline(model="boosted trees", reason="trees do not continue a trend"),
        },
        forecasts=[
            Forecast(
                label="24 months from 1959-01",
                history=months[60:120],
                actual=months[120:],
                predicted=[m * 0.97 + 5 * math.sin(i) for i, m in enumerate(months[120:])],
                naive=months[108:120] * 2,
            )
        ],
        pairs={"Passengers": [(m, m * 0.97 + 5 * math.sin(i)) for i, m in enumerate(months)]},
        seconds=12.0,
        versions=VERSIONS,
    )
