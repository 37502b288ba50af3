"""A plausible report on digits: real pictures and curves of a small scikit-learn model."""

import math

import numpy as np
from sample_parts import VERSIONS, make_trace, png, reliability, score
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_curve

from netwright.report.report import (
    Baseline,
    Choice,
    Example,
    Headline,
    Layer,
    Report,
)


def sample_digits() -> Report:
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
