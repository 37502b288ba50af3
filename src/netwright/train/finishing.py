"""A training that has ended becomes a Run: its kept weights, calibrated, scored and diagnosed."""

import copy
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from torch import Tensor

from netwright.data.data import Rows, Split
from netwright.diagnose.diagnose import diagnose
from netwright.evaluate.calibration import fit_temperature
from netwright.evaluate.judge import outputs_of, score_outputs, targets_of, tasks_of
from netwright.evaluate.score_tags import best_outside
from netwright.model.ensemble import ensemble
from netwright.model.gallery import gallery_of_rows
from netwright.model.intervals import fit_interval
from netwright.model.model import Model
from netwright.train.facts import record_end
from netwright.train.run import FailedTraining, Run

if TYPE_CHECKING:
    from netwright.train.training import Training

__all__ = ["calibrate_", "finish"]


def finish(training: "Training", interrupted: bool, *, briefly: bool) -> Run:
    """Return the Run; FailedTraining where no epoch gave finite numbers. briefly: score by the
    metric alone, without an interval."""
    state, data = training.state, training.data
    if not training.best:
        raise _nothing_learned(training)
    net = training.average.net
    net.load_state_dict(training.best)
    net.eval()
    model = training.model
    model.net = net
    if len(training.snapshots) > 1:
        model = training.model = _ensemble_of_snapshots(training)
    outputs = outputs_of(model, data.validation)
    calibrate_(model, outputs, data.validation)
    if data.task.form == "tagging" and not briefly:
        targets = targets_of(data.validation)
        model.outside = best_outside(outputs, targets, data.task.classes)
    if data.task.form == "similarity" and isinstance(data.train, Rows):
        model.gallery = gallery_of_rows(model, data.train)
    trace, recipe, metric = training.trace, training.plan.recipe, training.metric
    record_end(trace, data, recipe, outputs, metric=metric, step=state.step)
    if training.folder:
        trace.save(training.folder)
    if training.progress:
        training.progress.stop(state.stopped, kept=state.kept_epoch + 1)
    return Run(
        plan=training.plan,
        model=model,
        trace=trace,
        history=state.history,
        validation=score_outputs(
            model,
            outputs,
            data.validation,
            metric=metric,
            only=(metric,) if briefly else None,
            resamples=0 if briefly else 1000,
        ),
        findings=diagnose(trace),
        seconds=state.seconds + time.monotonic() - training.begun,
        stopped=state.stopped,
        kept_epoch=state.kept_epoch + 1,
        seed=training.seed,
        folder=training.folder,
        interrupted=interrupted,
        notes=training.notes,
    )


def calibrate_(model: Model, outputs: Tensor, validation: Split) -> None:
    """Give the model, from its raw outputs on validation rows, the temperature of its probabilities
    (of each task, where there are several) or the intervals of what it forecasts."""
    form, targets = model.task.form, targets_of(validation)
    if form == "multi-task":
        found = {task.target: 1.0 for task in model.task.tasks}
        for one, own, rows in tasks_of(model, outputs, validation):
            if one.task.is_classification:
                found[one.task.target] = fit_temperature(own, rows.targets, form=one.task.form)
        model.temperatures = tuple(found.values())
    elif model.task.is_classification:
        model.temperature = fit_temperature(outputs, targets, form=form)
    elif form == "forecasting" or len(model.quantiles) > 1:
        model.interval = fit_interval(outputs, targets, quantiles=model.quantiles)


def _ensemble_of_snapshots(training: "Training") -> Model:
    models = []
    for weights in training.snapshots:
        net = copy.deepcopy(training.model.net)
        net.load_state_dict(weights)
        models.append(replace(training.model, net=net))
    training.notes["snapshots"] = len(models)
    return ensemble(models)


def _nothing_learned(training: "Training") -> FailedTraining:
    findings, state = diagnose(training.trace), training.state
    said = f"No epoch was finished ({state.stopped}). Give it more time with --time."
    if state.history:
        found = "; ".join(finding.explanation for finding in findings[:2])
        said = (
            f"Training failed: the loss was not finite in epoch {state.epoch} at lr "
            f"{training.plan.recipe.lr:g}. Lower it with --set recipe.lr=..., or clip gradients "
            f"with --set recipe.clip=1. {found}".rstrip()
        )
    if training.folder:
        training.trace.save(training.folder)
    return FailedTraining(
        said,
        plan=training.plan,
        trace=training.trace,
        findings=findings,
        seed=training.seed,
    )
