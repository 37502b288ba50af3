"""build_report: gather what a finished run knows into one Report value."""

import platform
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from netwright.data.data import Data, Rows
from netwright.evaluate.baselines import Baselines
from netwright.evaluate.scores import Scores
from netwright.evaluate.verdict import compare
from netwright.evaluate.worst import WorstExample
from netwright.model.drawing import example_noise
from netwright.nets.ensemble import Ensemble
from netwright.plan.fields import fields_of
from netwright.report.boxes import sample_boxes
from netwright.report.columns import describe_columns
from netwright.report.drawn import show_cloud, show_pictures
from netwright.report.examples import show_example
from netwright.report.forecasts import sample_forecasts
from netwright.report.maps import sample_maps
from netwright.report.neighbours import sample_neighbours
from netwright.report.report import Baseline, Choice, Headline, Layer, Member, Report
from netwright.report.sentences import describe_score, describe_task
from netwright.report.tasks import conflicts, task_results
from netwright.report.translations import sample_translations
from netwright.train.freezing import learning
from netwright.train.run import Run

__all__ = ["build_report", "heaviest_member", "layers_of"]

# What the strips of the report show; the rest of the trace is for the doctor.
STRIPS = ("grad.norm", "update.ratio", "activation.std", "dead", "saturated")
MOST_PAIRS = 1500


def build_report(
    run: Run,
    data: Data,
    test: Scores,
    outputs: Tensor,
    beside: Baselines,
    says: str,
    worst: Sequence[WorstExample] = (),
    *,
    seconds: float,
) -> Report:
    """Return the Report of a run. outputs: the net's raw outputs on the test split."""
    task = data.task
    score = test[test.primary]
    names = list(dict.fromkeys(name for row in run.history for name in row if name != "epoch"))
    selection = run.notes.get("selection", {})
    parameters = sum(p.numel() for p in run.model.net.parameters())
    return Report(
        title=data.source.name,
        task=describe_task(task, data.kind),
        headline=Headline(
            metric=test.primary,
            value=score.value,
            low=score.low,
            high=score.high,
            higher_is_better=test.higher_is_better(),
            sentence=describe_score(
                test.primary,
                test.to_dict(),
                rows=len(data.test),
                task=task,
                level=run.model.interval.level if run.model.interval else None,
            ),
        ),
        verdict=says,
        lead=_lead(test, beside),
        target=task.target,
        kind=data.kind,
        form=task.form,
        rows=data.sizes(),
        columns=describe_columns(data.encoding),
        class_counts=dict(zip(task.classes, data.class_counts, strict=False)),
        choices=_choices(run),
        history={name: [row.get(name) for row in run.history] for name in names},
        best_epoch=run.kept_epoch or None,
        stopped=run.stopped,
        validation=run.validation.to_dict(),
        test=test.to_dict(),
        notes=[*test.notes, *_calibration_notes(run)],
        per_class=list(test.per_class),
        confusion=test.confusion,
        classes=task.classes,
        curves=test.curves,
        pairs=_pairs(run, data, outputs),
        baselines=_baselines(beside),
        trace=_strips(run),
        tasks=task_results(run, test, beside),
        conflicts=conflicts(run),
        examples=[show_example(example, data) for example in worst],
        forecasts=sample_forecasts(run.model, data, outputs),
        pictures=show_pictures(run.model, data),
        cloud=show_cloud(data, outputs),
        translations=sample_translations(run.model, data),
        maps=sample_maps(run.model, data, outputs) or sample_boxes(data, outputs),
        neighbours=sample_neighbours(run.model),
        findings=[finding.to_dict() for finding in run.findings],
        ledger=data.ledger.to_list(),
        layers=layers_of(heaviest_member(run.model.net), data),
        parameters=parameters,
        learning=own if (own := learning(run.model.net)) < parameters else 0,
        began="; ".join(entry.what for entry in data.ledger if entry.where == "weights"),
        members=[
            Member(
                number=one["number"],
                weight=one["weight"],
                changes=one["changes"],
                score=one["score"],
                epochs=one["epochs"],
                stopped=one["stopped"],
            )
            for one in run.notes.get("members", ())
        ],
        selection=selection.get("method", ""),
        growth=selection.get("scores", ()),
        folds=run.notes.get("folds", {}).get("count", 0),
        seconds=seconds,
        device=str(run.notes.get("device", "")),
        seed=run.seed,
        versions={"python": platform.python_version(), "torch": torch.__version__},
        folder=str(run.folder or ""),
    )


def _calibration_notes(run: Run) -> list[str]:
    """Say where probabilities come from, of losses that are not made least by true ones."""
    loss, found = run.plan.objective.get("loss"), f"T = {run.model.temperature:.2g}"
    if not run.model.task.is_classification:
        return []
    if loss == "hinge":
        return [
            "the hinge loss learns margins and no probabilities: these are what a temperature "
            f"({found}), fitted on the validation rows, makes of them"
        ]
    if loss == "focal":
        return [
            "the focal loss is not made least by true probabilities: a temperature "
            f"({found}), fitted on the validation rows, brings them back"
        ]
    return []


def heaviest_member(net: nn.Module) -> nn.Module:
    """Return the net that weighs most in an ensemble, or the net itself where it is none."""
    if not isinstance(net, Ensemble):
        return net
    weights = net.member_weights.split([max(size, 1) for size in net.sizes])
    return net.nets[int(torch.stack([own.sum() for own in weights]).argmax())]


def _choices(run: Run) -> list[Choice]:
    plan = run.plan.to_dict()
    parts = ("net", "objective", "recipe", "members")
    fields = {f"{part}.{k}": v for part in parts for k, v in fields_of(plan.get(part, {})).items()}
    drawn = fields.pop("members.space", {})
    reasons = dict(run.plan.why) | dict.fromkeys(drawn, "each member draws its own")
    return [
        Choice(field=field, value=value, why=reasons.get(field, ""))
        for field, value in (fields | drawn).items()
    ]


def layers_of(net: nn.Module, data: Data) -> list[Layer]:
    """Run one row through the net and list its leaf modules in the order they were called."""
    rows = next(iter(data.test.batches(1)), None)
    if rows is None:
        return []
    device = next(net.parameters()).device
    found: dict[str, Layer] = {}
    handles = []
    given = example_noise(net) or data.encoding.prepare(rows.inputs)

    def watch(name: str, module: nn.Module) -> None:
        def hook(module: nn.Module, args: Any, output: Any) -> None:
            first = output[0] if isinstance(output, tuple) else output
            if isinstance(first, Tensor) and name not in found:
                found[name] = Layer(
                    name=name,
                    type=type(module).__name__,
                    output_shape=tuple(first.shape[1:]),
                    parameters=sum(p.numel() for p in module.parameters()),
                )

        handles.append(module.register_forward_hook(hook))

    for name, module in net.named_modules():
        if name and not list(module.children()):
            watch(name, module)
    was_training = net.training
    net.eval()
    try:
        with torch.no_grad():
            net(*(x.to(device) for x in given))
    finally:
        for handle in handles:
            handle.remove()
        net.train(was_training)
    return list(found.values())


def _lead(test: Scores, beside: Baselines) -> dict[str, float | None] | None:
    """How much better than the best baseline, compared in pairs of resamples."""
    rivals = [one.scores for one in beside.values() if one.scores and test.primary in one.scores]
    if not rivals:
        return None
    sign = 1 if test.higher_is_better() else -1
    best = max(rivals, key=lambda scores: sign * scores[test.primary].value)
    return compare(test, best).to_dict()


def _baselines(beside: Baselines) -> dict[str, Baseline]:
    return {
        name: Baseline(
            model=one.model, scores=one.scores.to_dict() if one.scores else None, reason=one.reason
        )
        for name, one in beside.items()
    }


def _strips(run: Run) -> dict[str, Mapping[str, tuple[Sequence[int], Sequence[float]]]]:
    trace = run.trace
    # No step moved what rested throughout: a row of zeros would look like a fault.
    still = {("update.ratio", p) for p in trace.places("frozen") if trace.last("frozen", p)}
    return {
        signal: {
            place or "whole net": (
                trace.steps(signal, place).tolist(),
                trace.values(signal, place).tolist(),
            )
            for place in trace.places(signal)
            if (signal, place) not in still
        }
        for signal in STRIPS
        if signal in trace.signals()
    }


def _pairs(run: Run, data: Data, outputs: Tensor) -> dict[str, list[tuple[float, float]]]:
    """Actual against predicted values of test rows, at most MOST_PAIRS evenly taken."""
    if data.task.form != "regression" or not isinstance(data.test, Rows):
        return {}
    predicted = run.model.values(run.model.middle(outputs))
    actual = run.model.values(data.test.targets.cpu())
    every = max(len(predicted) // MOST_PAIRS, 1)
    return {
        name: list(zip(actual[::every, i].tolist(), predicted[::every, i].tolist(), strict=True))
        for i, name in enumerate(data.task.target_names or (data.task.target,))
    }
