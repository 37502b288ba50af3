"""How it learned: losses, metrics and rate by epoch, and the health of every layer over time."""

from collections.abc import Mapping, Sequence

from netwright.report.draw_training import MOST_LAYERS, draw_history, draw_strip, strip_scale
from netwright.report.figure import to_svg
from netwright.report.markup import Markup, el
from netwright.report.palette import RAMP_STEPS
from netwright.report.report import Report
from netwright.report.sections.parts import figure, section
from netwright.report.words import SIGNALS, capital, metric_title, number, plural

__all__ = ["group_history", "health", "tidy_layers", "training"]

Layers = Mapping[str, tuple[Sequence[int], Sequence[float]]]
# Columns of the history that say where an epoch stands.
NO_CURVES = ("epoch", "seconds", "step", "steps", "members", "environment_steps")
SHARES = ("dead", "saturated", "activation.zeros")


def training(report: Report) -> Markup | None:
    """Return the section of learning curves, or None without a history."""
    groups = group_history(report.history)
    if not groups:
        return None
    unit = "round" if report.members else "epoch"
    tiles = []
    for i, (title, columns) in enumerate(groups.items()):
        shown = {_line_name(name): column for name, column in columns.items()}
        picture = to_svg(
            draw_history(shown, best_epoch=report.best_epoch, log=title == "Loss", unit=unit),
            alt=f"{title} by {unit}",
            name=f"history{i}",
        )
        tiles.append(figure(picture, title))
    return section(
        "training", "How it learned", _ended(report), el("div", {"class": "tiles"}, *tiles)
    )


def _ended(report: Report) -> str:
    stopped = f"; stopped: {report.stopped}." if report.stopped else "."
    if not report.members:
        kept = f" The weights of epoch {report.best_epoch} were kept." if report.best_epoch else ""
        began = f" {capital(report.began)}." if report.began else ""
        return f"Trained for {plural(report.epochs, 'epoch')}{stopped}{kept}{began}"
    words = (
        f"Trained for {plural(report.epochs, 'round')}, an epoch of each net in training{stopped} "
        "The validation scores are those of the ensemble as it then was."
    )
    if report.epochs > max(member.epochs for member in report.members):
        words += " Nets of unlike shape trained in turn: the training loss begins anew with each."
    return words


def group_history(
    history: Mapping[str, Sequence[float | None]],
) -> dict[str, dict[str, Sequence[float | None]]]:
    """Sort the columns into figures: losses together, the rate alone, each metric with its
    splits."""
    groups: dict[str, dict[str, Sequence[float | None]]] = {}
    for name, column in history.items():
        if name in NO_CURVES or all(v is None for v in column):
            continue
        if name == "loss" or name.endswith("_loss"):
            title = "Log loss" if name.endswith("log_loss") else "Loss"
        elif name == "lr" or name.endswith("_lr"):
            title = "Learning rate"
        else:
            title = metric_title(_without_split(name))
        groups.setdefault(title, {})[name] = column
    order = sorted(groups, key=lambda title: {"Loss": 0, "Learning rate": 2}.get(title, 1))
    return {title: groups[title] for title in order}


def _without_split(name: str) -> str:
    for split in ("train_", "validation_", "val_", "test_"):
        name = name.removeprefix(split)
    return name


def _line_name(name: str) -> str:
    for split, words in (
        ("train_", "training"),
        ("validation_", "validation"),
        ("val_", "validation"),
    ):
        if name.startswith(split):
            return words
    return {"loss": "training", "lr": "rate"}.get(name, metric_title(name).lower())


def health(report: Report) -> Markup | None:
    """Return the section of per-layer strips, or None without a trace."""
    order = [layer.name for layer in report.layers]
    signals = sorted(report.trace.items(), key=lambda pair: _rank(pair[0]))
    strips = [
        _strip(signal, tidy_layers(layers, order), place)
        for place, (signal, layers) in enumerate(signals)
        if layers
    ]
    if not strips:
        return None
    return section(
        "health",
        "Inside, layer by layer",
        ("In one member, the heaviest. " if report.members else "")
        + "Measured on sampled steps while it trained: a row is a layer, from the inputs down to "
        "the outputs, and "
        "time runs to the right.",
        el("div", {"class": "tiles wide"}, *strips),
    )


def tidy_layers(layers: Layers, order: Sequence[str]) -> Layers:
    """Return the rows of a strip in the order of the forward: weights under their layer's name.

    A bias moves with its weight and the whole net is the sum of its layers: where those are there,
    the rows would only be twice as many.
    """
    places = [name for name in layers if name not in ("", "whole net")] or list(layers)
    kept = [
        name
        for name in places
        if not (name.endswith(".bias") and name.removesuffix("bias") + "weight" in layers)
    ]

    def key(name: str) -> int:
        parents = [i for i, layer in enumerate(order) if f"{name}.".startswith(f"{layer}.")]
        return parents[-1] if parents else len(order)

    return {name.removesuffix(".weight"): layers[name] for name in sorted(kept, key=key)}


def _rank(signal: str) -> int:
    known = list(SIGNALS)
    return known.index(signal) if signal in known else len(known)


def _strip(signal: str, layers: Layers, place: int) -> Markup:
    title, note = SIGNALS.get(signal, (metric_title(signal), ""))
    share = signal in SHARES
    scale, low, high = ("share", 0, 1) if share else strip_scale(layers)
    if len(layers) > MOST_LAYERS:
        note = f"{note} The first {MOST_LAYERS} of {len(layers)} layers.".strip()
    alt = f"{title} of {len(layers)} layers over the steps, from {number(low)} to {number(high)}"
    picture = to_svg(draw_strip(layers, share=share), alt=alt, name=f"strip{place}")
    return figure(Markup(_key(share, low, high, scale) + picture), title, note)


def _key(share: bool, low: float, high: float, scale: str) -> Markup:
    ramp = "oranges" if share else "blues"
    steps = [el("i", {"style": f"background:var(--{ramp}-{i})"}) for i in range(RAMP_STEPS)]
    return el(
        "div",
        {"class": "key", "aria-hidden": "true"},
        number(low),
        el("span", {}, *steps),
        number(high),
        " (logarithmic)" if scale == "log" else "",
    )
