"""Concluding, what follows training: test scores, baselines beside them, a verdict, the report.

The trace is told the scores ("score.*", see `diagnose/hardly_learned.py`), so that findings know of
a net that is no better than a guess.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from netwright.data.data import Data, Rows
from netwright.diagnose.diagnose import diagnose
from netwright.diagnose.finding import findings_json
from netwright.evaluate.baselines import INFORMED, Baselines, baselines
from netwright.evaluate.judge import outputs_of, predictions_of, score_outputs
from netwright.evaluate.scores import Scores
from netwright.evaluate.verdict import verdict
from netwright.evaluate.worst import (
    WorstExample,
    worst_examples,
    worst_pairs,
    worst_rows,
    worst_sentences,
)
from netwright.evaluate.worst_speech import worst_speech
from netwright.report.build import build_report
from netwright.report.card import model_card
from netwright.report.html import to_html
from netwright.report.report import Report
from netwright.report.tasks import conflicts, task_results
from netwright.train.freezing import learning
from netwright.train.run import Run

__all__ = ["Conclusion", "conclude"]

LONGEST_BASELINE_SHARE = 0.12  # of a time bound; the contract allows 0.2, the net uses it better
REPORT_SHARE = 0.03  # of a time bound, for the report
SHORTEST_BASELINES = 15.0  # seconds that they get, however short training was, within the bound
# Forms of which no single row is right or wrong.
WITHOUT_MISTAKES = (
    "contrastive", "control", "detection", "embedding", "forecasting", "generation",
    "language-modelling", "masked-language-modelling", "multi-task", "segmentation", "translation",
)  # fmt: skip


@dataclass(frozen=True)
class Conclusion:
    """run: with what the test rows showed among its findings. metrics, findings: what metrics.json
    and findings.json hold. page: report.html. card: the model's."""

    run: Run
    metrics: dict[str, Any]
    findings: dict[str, Any]
    report: Report
    page: str
    card: str


def conclude(
    run: Run,
    data: Data,
    *,
    bound: float,
    begun: float,
    metric: str | None,
    seed: int,
    proof: Mapping[str, Any] | None = None,
) -> Conclusion:
    """Judge a run on the test rows. bound: seconds for the whole job since `begun` (monotonic).
    proof: proof.json's object of the repair that led to the run, for its report."""
    outputs = outputs_of(run.model, data.test)
    test = score_outputs(run.model, outputs, data.test, metric=metric, seed=seed)
    left = bound * (1 - REPORT_SHARE) - (time.monotonic() - begun)
    allowed = max(
        min(left, bound * LONGEST_BASELINE_SHARE, max(run.seconds / 3, SHORTEST_BASELINES)), 0.5
    )
    code_size = int(run.plan.net.get("code_size", 0))
    beside = baselines(data, seconds=allowed, metric=metric, seed=seed, code_size=code_size)
    says = verdict(test, beside)
    if data.task.form not in INFORMED and _record_scores(run, test, beside):
        run = replace(run, findings=diagnose(run.trace))
    seconds = time.monotonic() - begun
    worst = _worst(run, data, outputs)
    report = build_report(run, data, test, outputs, beside, says, worst, seconds=seconds)
    report = replace(report, repair=proof or {})
    return Conclusion(
        run,
        _metrics(run, data, test, beside, says, seconds),
        findings_json(run.findings),
        report,
        to_html(report),
        model_card(report),
    )


def _record_scores(run: Run, test: Scores, beside: Baselines) -> bool:
    """Tell the trace how the net and what is simpler score on the test rows; say whether it is new.
    Of each the worse end of its interval, but of the guess the score itself, as the report has
    it."""
    name, trace = test.primary, run.trace
    sign = 1.0 if test.higher_is_better() else -1.0

    def least(scores: Scores) -> float:
        end = scores[name].low if sign > 0 else scores[name].high
        return sign * (scores[name].value if end is None else end)

    known = {key: b.scores for key, b in beside.items() if b.scores and name in b.scores}
    trivial = known.pop("trivial", None)
    if trivial is None or trace.places("score.least"):  # a run that was resumed when it was done
        return False
    found = {"least": least(test), "constant": sign * trivial[name].value}
    if known:
        found["simple"] = max(map(least, known.values()))
    step = int(run.history[-1].get("step", run.epochs)) if run.history else 0
    for what, value in found.items():
        trace.record(f"score.{what}", "", step, value)
    return True


def _metrics(
    run: Run, data: Data, test: Scores, beside: Baselines, says: str, seconds: float
) -> dict[str, Any]:
    return {
        "task": data.task.name,
        "form": data.task.form,
        "primary": {
            "name": test.primary,
            "value": test[test.primary].value,
            "higher_is_better": test.higher_is_better(test.primary),
        },
        "validation": run.validation.to_dict(),
        "test": test.to_dict(),
        "baselines": beside.to_dict(),
        "baseline_models": beside.reasons(),
        "verdict": says,
        "seconds": round(seconds, 3),
        "epochs": run.epochs,
        "parameters": sum(p.numel() for p in run.model.net.parameters()),
        "parameters_trained": learning(run.model.net),
        **_members(run),
        **_tasks(run, test, beside),
        "rows": data.sizes(),
    }


def _tasks(run: Run, test: Scores, beside: Baselines) -> dict[str, Any]:
    found = task_results(run, test, beside)
    return {"tasks": found, "gradient_conflict": conflicts(run)} if found else {}


def _members(run: Run) -> dict[str, Any]:
    found = run.notes.get("members")
    if not found:
        return {}
    return {"members": {"trained": len(found), "chosen": sum(m["weight"] > 0 for m in found)}}


def _worst(run: Run, data: Data, outputs: torch.Tensor) -> list[WorstExample]:
    form = data.task.form
    if form == "reconstruction":
        return worst_rows(data.test, outputs, data.task)
    if form in WITHOUT_MISTAKES:
        return []
    if form == "similarity":
        return worst_pairs(data.test, outputs)
    if form == "speech-recognition" and isinstance(data.test, Rows):
        return worst_speech(data.test, outputs, run.model.transcribe(data.test.inputs))
    if form == "tagging" and isinstance(data.test, Rows):
        return worst_sentences(data.test, outputs, data.task, outside=run.model.outside)
    predicted, truth = predictions_of(run.model, outputs, data.test)
    return worst_examples(data.test, predicted, truth, data.task)
