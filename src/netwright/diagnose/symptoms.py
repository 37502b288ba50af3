"""Readings of a Trace that several faults share: the loss, whether it learned, the layers in order.

These are the symptoms. A fault needs one that hurts and, beside it, evidence for its own cause.
"""

import numpy as np
from numpy.typing import NDArray

from netwright.watch.trace import Trace

Values = NDArray[np.float64]

# Layers whose weights are multiplied with what comes in. Gradients of embeddings and norms have
# another scale (few rows at a time; one number a channel), so they tell nothing about depth.
_MATRICES = (
    "Linear", "Bilinear", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d",
    "RNN", "LSTM", "GRU",
)  # fmt: skip


def losses(trace: Trace) -> Values:
    """Return the training loss by step; by epoch where that was recorded more often, after the
    first step's: the mean of an epoch may hide where the loss began."""
    return timed_losses(trace)[1]


def timed_losses(trace: Trace) -> tuple[NDArray[np.int64], Values]:
    """Return (steps, `losses`)."""
    steps, by_step = trace.steps("loss"), trace.values("loss")
    ends, by_epoch = trace.steps("loss.train"), trace.values("loss.train")
    if len(by_step) >= min(10, len(by_epoch)):
        return steps, by_step
    return np.concatenate([steps[:1], ends]), np.concatenate([by_step[:1], by_epoch])


def _between(trace: Trace, first: float, last: float) -> Values:
    """Return the finite losses from one share of the run to another, by their steps: the first
    ones may be watched more closely."""
    steps, values = timed_losses(trace)
    share = (steps - steps[0]) / max(int(steps[-1] - steps[0]), 1)
    return finite(values[(share >= first) & (share < last)])


def finite(values: Values) -> Values:
    """Return the finite values."""
    return values[np.isfinite(values)]


def end_of(values: Values) -> float:
    """Return the level at the end: the median of the last fifth."""
    return float(np.median(values[-max(1, len(values) // 5) :]))


def noise_of(values: Values) -> float:
    """Return the standard deviation of a curve around its trend, from its successive differences.

    The median makes a few spikes count for nothing; 1.4826 turns it into a standard deviation.
    """
    if len(values) < 3:
        return 0.0
    return float(np.median(np.abs(np.diff(values))) * 1.4826 / np.sqrt(2))


def trivial_loss(trace: Trace) -> float | None:
    """Return the loss of the best constant prediction, where it was recorded ("loss.trivial")."""
    values = trace.values("loss.trivial")
    return float(values[-1]) if len(values) else None


def untrained_level(trace: Trace, validation: Values) -> float:
    """Return what the net's loss was before it learned anything.

    One epoch may win nearly all there is, so the first validation loss says too little; the first
    training loss is that of one batch, and counts as far as it exceeds a batch's noise.
    """
    values = finite(losses(trace))
    first = float(values[0]) - 2 * noise_of(values) if len(values) else -np.inf
    return max(float(validation[0]), first)


def diverged(trace: Trace) -> bool:
    """Whether the training loss ends not finite, or clearly above where it began."""
    values = losses(trace)
    if len(values) < 3:
        return bool(len(values)) and not np.isfinite(values[-1])
    if not np.isfinite(values[-1]):
        return True
    values = finite(values)
    start = float(values[0])
    return end_of(values) > start + max(0.1 * abs(start), 3 * noise_of(values))


def stuck(trace: Trace) -> bool:
    """Whether training taught the net nothing: its (finite) loss ends where it began, or came to
    rest within the first tenth of the run after a small fall.

    Where the trivial loss is known, getting no better than that is nothing learned either. 5 % is
    what noise and a few units gain; up to 20 % is what fitting the output's bias gains at once.
    """
    values = finite(losses(trace))
    if len(values) < 10:  # too few to have learned anything
        return False
    end, noise = end_of(values), noise_of(values)
    trivial = trivial_loss(trace)
    if trivial is not None:
        return end > min(trivial, values[0]) - max(0.05 * abs(trivial), noise)
    # The first loss is that of one batch: it is as uncertain as one batch.
    start = float(values[0])
    if end > start - max(0.05 * abs(start), 2 * noise):
        return True
    some = _between(trace, 0.1, 0.3)
    early = float(np.median(some)) if len(some) else start
    return end > start - 0.2 * abs(start) and end > early - max(0.01 * abs(start), noise / 2)


def started_flat(trace: Trace) -> bool:
    """Whether the first fifth of the run went by before a tenth of its fall was made."""
    values = finite(losses(trace))
    if len(values) < 10:
        return False
    some = _between(trace, 0.1, 0.2)
    fall = float(values[0]) - end_of(values)
    if not len(some):
        return False
    return fall > 2 * noise_of(values) and values[0] - float(np.median(some)) < 0.1 * fall


def weights_in_order(trace: Trace) -> list[str]:
    """Return the names of the weight matrices in the order in which the forward pass meets them."""
    order = {place: trace.values("order", place)[0] for place in trace.places("order")}
    matrices = {place for kind in _MATRICES for place in trace.places(f"type:{kind}")}
    layers = sorted((place for place in order if place in matrices), key=lambda p: order[p])
    known = set(trace.places("weight.norm"))
    weights = []
    for layer in layers:
        prefix = f"{layer}." if layer else ""
        name = next((n for n in (f"{prefix}weight", f"{prefix}weight_ih_l0") if n in known), None)
        if name is not None:
            weights.append(name)
    return weights


def update_ratios(trace: Trace) -> tuple[NDArray[np.int64], Values]:
    """Return (steps, update/weight): at each sample the median over the weight matrices.

    Weights that began at (nearly) zero are left out: any step is large beside them; and those that
    are frozen, as long as they are.
    """
    by_step: dict[int, list[float]] = {}
    frozen = set(trace.places("frozen"))
    for name in weights_in_order(trace):
        off, high = trace.values("init.off", name), trace.values("init.high", name)
        if len(off) and off[0] > 3 and not high[0]:
            continue
        steps, values = trace.steps("update.ratio", name), trace.values("update.ratio", name)
        for step, value in zip(steps.tolist(), values.tolist(), strict=True):
            if value or name not in frozen:
                by_step.setdefault(step, []).append(value)
    sampled = sorted(by_step)
    medians = [float(np.median(by_step[step])) for step in sampled]
    return np.asarray(sampled, dtype=np.int64), np.asarray(medians, dtype=np.float64)


def would_gain(trace: Trace, trial: str) -> bool:
    """Whether a short training with one thing changed ("trial.<name>") went clearly better than as
    it was, from the same state on the same batches: by a tenth of the loss that both began with.
    """
    start, plain = trace.last("trial.start"), trace.last("trial.as.is")
    changed = trace.last(f"trial.{trial}")
    if start is None or changed is None:
        return False
    if plain is None:  # as it was, it broke
        return changed < start
    known = trivial_loss(trace)
    scale = abs(start) if known is None else min(abs(start), abs(known))
    return plain - changed > 0.1 * scale and changed < start


def learned_little(trace: Trace) -> bool:
    """Whether the loss ended not finite, above its start, or with less than half of it gone."""
    values = finite(losses(trace))
    if len(values) < 10:
        return False
    return diverged(trace) or stuck(trace) or end_of(values) > 0.5 * values[0]


def below_chance(trace: Trace) -> bool:
    """Whether evaluations pick the right class far less often than the rarest class comes: no
    answer that ignores the inputs is so bad."""
    right, least = trace.last("answered.right"), trace.last("answered.least")
    rows = trace.last("answered.rows")
    if right is None or least is None or rows is None:
        return False
    return bool(right < min(0.6 * least, least - 4 * np.sqrt(least * (1 - least) / rows)))


def skill_of(trace: Trace, name: str) -> tuple[float, float] | None:
    """Return (skill, its standard error) as recorded by watch/skills.py: 0 is one answer for all
    rows, 1 all right; None where it was not measured."""
    value, noise = trace.last(f"skill.{name}"), trace.last(f"skill.{name}.noise")
    return None if value is None or noise is None else (value, noise)


def skill_gained(trace: Trace, name: str, over: str, *, least: float, errors: float) -> bool:
    """Whether one skill lies above another by `least` and by so many standard errors."""
    more, less = skill_of(trace, name), skill_of(trace, over)
    if more is None or less is None:
        return False
    return more[0] - less[0] > max(least, errors * float(np.hypot(more[1], less[1])))


def beaten_by_baseline(trace: Trace) -> bool:
    """Whether a simple model, fitted to some training rows, tells clearly more of the others than
    the net tells of all that it learned from."""
    return skill_gained(trace, "baseline", "train", least=0.15, errors=4)


def is_probed(trace: Trace) -> bool:
    """Whether only a new head learns: at least half of the weight matrices stay on purpose what
    they were loaded or trained to before."""
    weights = weights_in_order(trace)
    rest = [p for p in trace.places("frozen") if trace.last("frozen", p)]  # 0: thawed since
    fixed = {*rest, *trace.places("unoptimised")}
    wrong = {*trace.places("never.trained"), *trace.places("left.out")}
    rests = [w for w in weights if w in fixed and w not in wrong]
    return bool(rests) and 2 * len(rests) >= len(weights)


def layer_of(parameter: str) -> str:
    """Return the layer that a parameter belongs to: "conv1.weight" -> "conv1"."""
    return parameter.rpartition(".")[0]
