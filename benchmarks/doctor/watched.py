"""What the other tools are given: the same lines in every script, as their quick starts ask for.

All of them watch one run: torchmortem (its hooks and the loss of each step), torch-audit
(`autopatch`, each 20 steps), training-doctor (loss, learning rate and gradient norm of each step),
mldoct (its linter on the script, its classifier on losses and gradient norms of the epochs), and
the published rules of `published.py`.
A script calls `start`, `step` and `epoch`; the runner calls `found`.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from published import MEANS, Published

_held: dict[str, Any] = {}


def start(model: torch.nn.Module, optimizer: object) -> None:
    """The net is built, its optimizer too (None where there is none of torch's)."""
    from torch_audit import autopatch
    from torchmortem import Autopsy
    from training_doctor import Doctor

    known = optimizer if isinstance(optimizer, torch.optim.Optimizer) else None
    autopsy = Autopsy(model, optimizer=known)
    autopsy.attach()
    audit = autopatch(model, optimizer=known, every_n_steps=20, run_static=True, run_init=True)
    _held.update(
        model=model, optimizer=known, autopsy=autopsy, audit=audit,
        rules=Published(model, known), doctor=Doctor().set_auto_print(False), steps=0, losses=[],
        norms=[], epochs=[],
    )  # fmt: skip


def step(loss: float) -> None:
    """After each optimizer step."""
    if "model" not in _held:
        return
    norms = [p.grad.norm() for p in _held["model"].parameters() if p.grad is not None]
    norm = float(torch.stack(norms).norm()) if norms else 0.0
    lr = _held["optimizer"].param_groups[0]["lr"] if _held["optimizer"] else 0.0
    _held["autopsy"].step(loss=loss)
    _held["doctor"].log(step=_held["steps"], loss=loss, lr=lr, grad_norm=norm)
    _held["rules"].step(loss)
    _held["losses"].append(loss)
    _held["norms"].append(norm)
    _held["steps"] += 1


def epoch(validation_loss: float | None = None) -> None:
    """After each epoch; without a validation loss the training loss stands in for it."""
    if not _held.get("losses"):
        return
    n = len(_held["losses"])
    loss, norm = sum(_held["losses"]) / n, sum(_held["norms"]) / n
    _held["epochs"].append((loss, loss if validation_loss is None else validation_loss, norm))
    _held["rules"].epoch(*_held["epochs"][-1][:2])
    _held["losses"], _held["norms"] = [], []


TORCHMORTEM = {
    "Vanishing gradients": ("vanishing-gradient",),
    "Exploding gradients": ("exploding-gradient", "learning-rate-too-high"),
    "Gradient stalling": ("vanishing-gradient", "frozen-parameters", "disconnected-loss"),
    "Dead units": ("dying-relu",),
    "Activation saturation": ("saturated-units", "unscaled-inputs"),
    "Update ratio too low": ("learning-rate-too-low", "frozen-parameters", "unregistered-module",
                             "optimizer-missing-parameters"),
    "Update ratio too high": ("learning-rate-too-high", "wrong-loss-reduction"),
    "Training divergence": ("learning-rate-too-high", "exploding-gradient", "flipped-loss-sign"),
    "Loss plateau": ("learning-rate-too-low", "underfitting"),
    "Weight norm explosion": ("exploding-gradient", "learning-rate-too-high", "missing-zero-grad"),
    "Stagnant weight norms": ("learning-rate-too-low", "optimizer-missing-parameters"),
    "Inter-layer weight norm": ("wrong-initialization",),
}  # fmt: skip
TORCH_AUDIT = {
    "TA100": ("numerical-instability", "bad-input-values"),
    "TA102": ("exploding-gradient", "learning-rate-too-high", "missing-zero-grad"),
    "TA103": ("dying-relu",),
    "TA104": ("frozen-parameters", "disconnected-loss", "optimizer-missing-parameters"),
    "TA105": ("dying-relu", "saturated-units"),
    "TA301": ("unscaled-inputs",),
    "TA302": ("bad-input-values",),
    "TA305": ("bad-input-values", "numerical-instability"),
    "TA402": ("weight-decay-too-strong",),
    "TA500": ("unregistered-module", "optimizer-missing-parameters"),
}
CORRECTNESS = ("TA100", "TA102", "TA103", "TA104", "TA105", "TA305", "TA500")
TRAINING_DOCTOR = {
    "rate likely too high": ("learning-rate-too-high", "exploding-gradient"),
    "rate likely too low": ("learning-rate-too-low", "undertrained"),
    "rate may be too low": ("learning-rate-too-low", "undertrained"),
    "verfit": ("overfitting",),
    "lateau": ("underfitting", "learning-rate-too-low"),
    "nstab": ("learning-rate-too-high", "exploding-gradient", "numerical-instability"),
    "xplo": ("exploding-gradient", "learning-rate-too-high"),
    "anish": ("vanishing-gradient",),
    "NaN": ("numerical-instability", "learning-rate-too-high"),
}
MLDOCT = {
    "missing_zero_grad": ("missing-zero-grad",),
    "double_softmax": ("output-loss-mismatch",),
    "missing_eval": ("wrong-train-eval-mode",),
    "Exploding Gradients": ("exploding-gradient", "learning-rate-too-high"),
    "Vanishing Gradients": ("vanishing-gradient",),
    "underfitting": ("underfitting", "learning-rate-too-low"),
    "overfitting": ("overfitting",),
    "Severe Label Noise / Corrupted Labels": ("corrupted-labels",),
}


def read_as(said: str, table: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """A finding in our terms; `also` holds all ids that the words may generously mean."""
    ids = next((ids for words, ids in table.items() if words in said), ())
    return {"said": said, "fault": ids[0] if ids else said, "severity": "warning", "also": ids}


def found(script: Path) -> dict[str, list[dict[str, Any]]]:
    """What each tool alarms about, in its own order."""
    results: dict[str, list[dict[str, Any]]] = {"mldoct": linted(script)}
    if "model" not in _held:
        return results
    audit = [f for f in _held["audit"].finish().findings if f.severity.value != "INFO"]
    audit.sort(key=lambda f: f.severity, reverse=True)
    rules = [f.rule_id for f in audit]
    results["torch-audit"] = [read_as(rule, TORCH_AUDIT) for rule in rules]
    results["torch-audit-correctness"] = [
        read_as(rule, TORCH_AUDIT) for rule in rules if rule.startswith(CORRECTNESS)
    ]
    autopsy = _held["autopsy"]
    autopsy.detach()
    report = autopsy._report  # the public way to it writes a page
    results["torchmortem"] = [
        read_as(f.title, TORCHMORTEM)
        for f in sorted(report.findings, key=lambda f: -int(f.severity))
        if int(f.severity) > 0
    ]
    named = [d for d in _held["doctor"].analyze() if d.severity.value != "info"]
    results["training-doctor"] = [read_as(d.problem, TRAINING_DOCTOR) for d in named]
    results["mldoct"] += curve()
    for tool, rules in _held["rules"].found().items():
        results[tool] = [read_as(rule, MEANS) for rule in rules]
    return results


def linted(script: Path) -> list[dict[str, Any]]:
    from mldoctor.linter import lint_script

    found, _ = lint_script(str(script))
    return [read_as(f["type"], MLDOCT) for f in found if f["severity"] != "INFO"]


def curve() -> list[dict[str, Any]]:
    """mldoct's classifier on the epochs; it knows no non-finite number."""
    import tempfile

    import pandas as pd
    from mldoctor.advisor import diagnose_csv

    rows = pd.DataFrame(_held["epochs"], columns=["train_loss", "val_loss", "grad_norm"])
    if rows.empty:
        return []
    rows = rows.clip(-1e6, 1e6).fillna(1e6)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.csv"
        rows.to_csv(path, index=False)
        try:
            label = str(diagnose_csv(str(path))["label"])
        except Exception as problem:  # its own file may not load here: said, not hidden
            print(f"mldoct: {problem}", file=sys.stderr)
            return [{"said": f"failed: {problem}", "fault": "-", "severity": "info", "also": ()}]
    return [] if label.lower().startswith("healthy") else [read_as(label, MLDOCT)]
