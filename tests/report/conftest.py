"""Reports to draw: plausible ones, with real pictures and curves from a small scikit-learn model,
and a hostile one."""

import io
import math
import random

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_curve

from netwright.report.report import (
    Baseline,
    Choice,
    Column,
    Example,
    Forecast,
    Headline,
    Layer,
    Member,
    Report,
)

VERSIONS = {"netwright": "0.1.0", "torch": "2.13.0", "python": "3.11.9"}


def score(value: float, spread: float) -> dict[str, float | None]:
    return {"value": value, "low": value - spread, "high": value + spread}


def make_trace(
    layers: list[str], steps: int = 60
) -> dict[str, dict[str, tuple[list[int], list[float]]]]:
    rng = random.Random(0)
    at = [10 * i for i in range(steps)]
    trace: dict[str, dict[str, tuple[list[int], list[float]]]] = {
        signal: {} for signal in ("grad.norm", "update.ratio", "dead", "activation.std")
    }
    for depth, layer in enumerate(layers):
        fade = [math.exp(-i / 25) for i in range(steps)]
        trace["grad.norm"][layer] = (
            at,
            [(0.05 + f) * rng.lognormvariate(0, 0.25) * 0.7**depth for f in fade],
        )
        trace["update.ratio"][layer] = (
            at,
            [(2e-4 + 3e-3 * f) * rng.lognormvariate(0, 0.1) for f in fade],
        )
        trace["dead"][layer] = (at, [min(1.0, 0.03 * depth + 0.1 * (1 - f)) for f in fade])
        trace["activation.std"][layer] = (at, [0.8 + 0.2 * depth + 0.1 * rng.random() for _ in at])
    return trace


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, format="PNG")
    return buffer.getvalue()


def reliability(gap: float, start: int) -> list[dict[str, float]]:
    return [
        {"confidence": c / 10, "accuracy": min(1.0, c / 10 + gap * (-1) ** c), "share": c * c / 300}
        for c in range(start, 11)
    ]


@pytest.fixture(scope="session")
def digits_report() -> Report:
    """Images, ten classes, a net that wins, two findings."""
    digits = load_digits()
    train, test = slice(0, 1400), slice(1400, None)
    model = LogisticRegression(C=0.05).fit(digits.data[train] / 16, digits.target[train])
    probability = model.predict_proba(digits.data[test] / 16)
    truth, said = digits.target[test], probability.argmax(1)
    nats = -np.log(np.maximum(probability[np.arange(len(truth)), truth], 1e-12))
    worst = np.argsort(-nats)[:12]
    names = [str(d) for d in range(10)]
    curves = {"roc": {}, "pr": {}}
    for i in range(10):
        fpr, tpr, _ = roc_curve(truth == i, probability[:, i])
        precision, recall, _ = precision_recall_curve(truth == i, probability[:, i])
        curves["roc"][names[i]] = {"fpr": fpr.tolist(), "tpr": tpr.tolist()}
        curves["pr"][names[i]] = {
            "recall": recall.tolist(),
            "precision": precision.tolist(),
        }
    curves["reliability"] = reliability(0.03, 3)
    epochs = range(1, 41)
    layers = [
        "stem.conv",
        "stages.0.conv1",
        "stages.0.conv2",
        "stages.1.conv1",
        "stages.1.conv2",
        "head",
    ]
    widths = [32, 32, 32, 64, 64]
    side = [8, 8, 8, 4, 4]
    summary = []
    for name, width, pixels in zip(layers, widths, side, strict=False):
        summary += [
            Layer(
                name=name,
                type="Conv2d",
                output_shape=(width, pixels, pixels),
                parameters=width * width * 9,
            ),
            Layer(
                name=name.replace("conv", "norm"),
                type="BatchNorm2d",
                output_shape=(width, pixels, pixels),
                parameters=2 * width,
            ),
            Layer(
                name=name.replace("conv", "act"), type="ReLU", output_shape=(width, pixels, pixels)
            ),
        ]
    summary += [
        Layer(name="pool", type="AdaptiveAvgPool2d", output_shape=(64, 1, 1)),
        Layer(name="dropout", type="Dropout", output_shape=(64,)),
        Layer(name="head", type="Linear", output_shape=(10,), parameters=650),
    ]
    return Report(
        title="digits",
        task="Tell 10 classes of 8 × 8 grey images apart",
        target="class",
        kind="image",
        form="multiclass",
        headline=Headline(
            metric="accuracy",
            value=0.9889,
            low=0.9778,
            high=0.9972,
            sentence="The network names the digit correctly in 356 of 360 pictures that it had "
            "never seen.",
        ),
        verdict="The network beats the best baseline, boosted trees, by 0.022 in accuracy; the "
        "intervals hardly overlap.",
        rows={"train": 1150, "validation": 287, "test": 360},
        class_counts={name: int((digits.target == i).sum()) for i, name in enumerate(names)},
        choices=[
            Choice(
                field="net.name",
                value="resnet",
                why="images of 8 × 8: a small residual net sees strokes wherever they lie",
            ),
            Choice(
                field="net.width",
                value=32,
                why="1,150 rows carry about 30 channels before they are learned by heart",
            ),
            Choice(field="recipe.optimizer", value="adamw", why="the safest choice without tuning"),
            Choice(
                field="recipe.lr",
                value=0.00316,
                why="range test: the loss fell fastest at 0.0316; a tenth of that is stable",
            ),
            Choice(
                field="recipe.augment",
                value=["shift", "rotate"],
                why="a digit stays itself when moved by a pixel; a flipped one does not",
            ),
            Choice(field="recipe.batch_size", value=64, why="18 steps an epoch"),
        ],
        history={
            "epoch": list(epochs),
            "step": [18 * e for e in epochs],
            "train_loss": [2.2 * math.exp(-e / 6) + 0.02 for e in epochs],
            "validation_loss": [2.1 * math.exp(-e / 6) + 0.05 + 0.01 * math.sin(e) for e in epochs],
            "accuracy": [0.985 - 0.8 * math.exp(-e / 4) + 0.004 * math.sin(2 * e) for e in epochs],
            "lr": [0.00316 * (1 + math.cos(math.pi * e / 40)) / 2 for e in epochs],
            "seconds": [0.4 * e for e in epochs],
        },
        best_epoch=33,
        stopped="all epochs done",
        validation={
            "accuracy": score(0.986, 0.01),
            "log_loss": score(0.05, 0.02),
            "ece": score(0.012, 0.004),
        },
        test={
            "accuracy": {"value": 0.9889, "low": 0.9778, "high": 0.9972},
            "balanced_accuracy": score(0.9886, 0.01),
            "f1_macro": score(0.9885, 0.01),
            "roc_auc": score(0.9995, 0.0004),
            "pr_auc": score(0.9971, 0.002),
            "log_loss": score(0.0473, 0.02),
            "brier": score(0.0191, 0.008),
            "ece": score(0.0104, 0.004),
        },
        per_class=[
            {
                "class": name,
                "precision": 0.97 + i / 400,
                "recall": 0.99 - i / 300,
                "f1": 0.98,
                "support": 36,
            }
            for i, name in enumerate(names)
        ],
        confusion=confusion_matrix(truth, said, labels=range(10)).tolist(),
        classes=names,
        curves=curves,
        baselines={
            "trivial": Baseline(
                model="most common class",
                scores={"accuracy": score(0.102, 0.03), "log_loss": score(2.3, 0.01)},
            ),
            "linear": Baseline(
                model="logistic regression",
                scores={"accuracy": score(0.958, 0.02), "log_loss": score(0.16, 0.05)},
            ),
            "trees": Baseline(
                model="boosted trees",
                scores={"accuracy": score(0.967, 0.018), "log_loss": score(0.14, 0.05)},
            ),
        },
        trace=make_trace(layers),
        examples=[
            Example(
                row=int(i),
                truth=names[truth[i]],
                predicted=names[said[i]],
                confidence=float(probability[i].max()),
                loss=float(nats[i]),
                png=png(255 - digits.images[test][i] * 15.9),
            )
            for i in worst
        ],
        findings=[
            {
                "fault": "overconfident",
                "severity": "warning",
                "confidence": 0.82,
                "where": {"layer": "head", "file": None, "line": None},
                "step": 540,
                "evidence": {"mean confidence": 0.998, "accuracy": 0.989},
                "explanation": "The probabilities are surer than the answers are right; "
                "calibration on validation rows mended most of it.",
                "remedies": ["label-smoothing"],
            },
            {
                "fault": "small-test-set",
                "severity": "info",
                "confidence": 1.0,
                "where": {"layer": "", "file": None, "line": None},
                "step": None,
                "evidence": {"rows": 360},
                "explanation": "Scores move by about 0.01 from one draw of test rows to another.",
                "remedies": [],
            },
        ],
        ledger=[
            {
                "action": "guessed",
                "where": "task",
                "what": "image-classification: a folder a class",
                "count": None,
            },
            {
                "action": "split",
                "where": "test",
                "what": "20 % held out, stratified by class",
                "count": 360,
            },
            {"action": "split", "where": "validation", "what": "20 % of the rest", "count": 287},
            {
                "action": "encoded",
                "where": "images",
                "what": "normalised by the training rows' mean and deviation",
                "count": 1797,
            },
            {"action": "trained", "where": "threads", "what": "1 thread was faster than 2"},
        ],
        layers=summary,
        parameters=sum(layer.parameters for layer in summary),
        seconds=18.4,
        device="cpu",
        seed=0,
        versions=VERSIONS,
        folder="runs/digits-001",
    )


@pytest.fixture(scope="session")
def table_report() -> Report:
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


@pytest.fixture(scope="session")
def forecast_report() -> Report:
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


@pytest.fixture(scope="session")
def hostile_report(digits_report: Report) -> Report:
    """Every name, label and cell tries to be markup, mathematics or a very long word."""
    evil = '<script>alert("x")</script>'
    names = [
        evil,
        "$\\frac{1}{$",
        "_hidden",
        "汉字 🙂",
        "a" * 300,
        "</svg><img src=x onerror=alert(1)>",
    ]
    return Report(
        title=evil,
        task=evil,
        target=evil,
        kind="text",
        headline=Headline(metric="accuracy", value=0.5, sentence=evil),
        verdict=evil,
        rows={evil: 10},
        columns=[Column(name=evil, kind=evil, note=evil)],
        class_counts=dict.fromkeys(names, 4),
        choices=[Choice(field=evil, value=evil, why=evil)],
        history={
            evil: [1.0, 2.0, float("nan")],
            "train_loss": [float("inf"), 1.0, None],
            "lr": [0.0, 0.0, 0.0],
        },
        stopped=evil,
        test={
            "accuracy": {"value": 0.5, "low": None, "high": None},
            evil: {"value": None, "low": None, "high": None},
        },
        notes=[evil],
        per_class=[{"class": name, "recall": 0.5} for name in names],
        confusion=[[1] * 6 for _ in names],
        classes=names,
        curves={
            "roc": {name: {"fpr": [0, 1], "tpr": [0, 1]} for name in names},
            "pr": {name: {"recall": [0, 1], "precision": [1, 0]} for name in names},
            "reliability": [{"confidence": 0.5, "accuracy": 0.5, "share": 1.0}],
        },
        pairs={evil: [(1.0, 1.0)]},
        baselines={evil: Baseline(model=evil, reason=evil)},
        trace={
            "grad.norm": {name: ([0, 1], [1.0, float("nan")]) for name in names},
            evil.replace(" ", ""): {evil: ([0], [0.0])},
        },
        examples=[
            Example(truth=evil, predicted=names[1], text=evil),
            Example(truth=evil, predicted=evil, cells=[(evil, evil)]),
            Example(truth=evil, predicted=evil, series=[[1.0, 2.0], [2.0, 1.0]]),
        ],
        findings=[
            {
                "fault": evil,
                "severity": evil,
                "where": {"layer": evil, "file": evil, "line": 3},
                "evidence": evil,
                "explanation": evil,
                "remedies": [{"name": evil}],
            }
        ],
        ledger=[{"action": evil, "where": evil, "what": evil, "count": None}],
        layers=[Layer(name=evil, type=evil, output_shape=(3,), parameters=1)],
        members=[
            Member(number=0, weight=1.0, changes={evil: evil}, score=float("nan"), stopped=evil),
            Member(number=1, weight=0.0, changes={evil: 0.1}, stopped=evil),
        ],
        selection="greedy",
        growth=[0.1, float("nan"), 0.3],
        versions={evil: evil},
        device=evil,
        folder=evil,
    )
