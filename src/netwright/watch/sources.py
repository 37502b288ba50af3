"""Rows of evaluations against rows of training: copies, columns that are the target, other scales.

Signals: "rows.shared" (share of the evaluations' rows that also stand in kept training batches,
over the share that training rows themselves have there; only for rows that cannot be the same by
chance), "rows.clean" (1: another evaluation shares none, or these rows were trained on only later),
"rows.gain" (mean loss on rows that are not shared over that on those that are), "rows.noise"
(standard error of the difference of the two), "rows.difference" (the difference), "rows.repeated"
(share of the evaluations' rows that they hold before, where training batches hold rows twice and
evaluations hold training rows), "leak.column" and
"leak.fit" (a column that gives the target away: its number, and how well, 0..1), "shift.share"
(share of input features that stand elsewhere in evaluations), "shift.mended" (mean loss there after
each feature is given the training rows' mean and spread), "shift.loss" (as it was), "shift.train"
(of training rows), "shift.trivial" (of the training targets' mean
or shares, on the evaluated ones), "labels.unseen" (share of evaluated targets that no kept training
row has), "labels.distinct" (different targets in training).
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.watch.evaluated import Evaluated, evaluated, trained
from netwright.watch.kept import Kept, main_loss
from netwright.watch.skill import direct_loss
from netwright.watch.snapshot import unseen

_LOSSES: dict[str, Callable[..., Tensor]] = {
    "cross_entropy": F.cross_entropy,
    "nll_loss": F.nll_loss,
    "mse_loss": F.mse_loss,
    "l1_loss": F.l1_loss,
    "smooth_l1_loss": F.smooth_l1_loss,
    "huber_loss": F.huber_loss,
    "binary_cross_entropy": F.binary_cross_entropy,
    "binary_cross_entropy_with_logits": F.binary_cross_entropy_with_logits,
}
_ROWS = 64  # fewer say nothing


def sources(kept: Kept) -> None:
    """Record what the inputs of evaluations share with those of training steps."""
    pairs = trained(kept)
    if not pairs or len({x.shape[1:] for x, _ in pairs}) > 1:
        return
    inputs, targets = torch.cat([x for x, _ in pairs]), torch.cat([t for _, t in pairs])
    if len(inputs) < _ROWS or inputs.is_complex():
        return
    _unseen_classes(kept, targets)
    real = inputs.is_floating_point()
    if real and inputs.ndim == 2 and main_loss(kept.tapes[0]) is not None:
        _column(kept, inputs, targets)
    seen = [e for e in evaluated(kept) if e.inputs.shape[1:] == inputs.shape[1:]]
    name = direct_loss(kept)
    if seen and name and sum(len(e.inputs) for e in seen) >= _ROWS:
        _copies(kept, [x for x, _ in pairs], seen, name)
    if real and seen and name and sum(len(e.inputs) for e in seen) >= _ROWS:
        _shift(kept, inputs, targets, seen, name)


def _by_row(name: str, output: Tensor, targets: Tensor) -> Tensor | None:
    """Return the loss of each row."""
    if name not in ("cross_entropy", "nll_loss"):
        if output.numel() != targets.numel():
            return None
        targets = targets.view_as(output).to(output.dtype)
        if name == "binary_cross_entropy":
            output = output.clamp(1e-6, 1 - 1e-6)
    elif output.ndim != 2 or targets.ndim != 1 or targets.is_floating_point():
        return None
    return _LOSSES[name](output, targets, reduction="none").reshape(len(output), -1).mean(1)


def _hashes(rows: Tensor) -> list[int]:
    return [hash(row.tobytes()) for row in rows.detach().cpu().reshape(len(rows), -1).numpy()]


def _copies(kept: Kept, batches: list[Tensor], seen: list[Evaluated], name: str) -> None:
    everywhere = torch.cat(batches)
    real = everywhere.is_floating_point()
    if not (_continuous(everywhere) if real else _various(everywhere)):
        return
    half = len(batches) // 2
    early = {h for batch in batches[: half or 1] for h in _hashes(batch)}
    late = [h for batch in batches[half:] for h in _hashes(batch)]
    known = early | set(late)
    first = sum(h in early for h in late) / len(late)  # share of training rows that are early
    second = min(1.0, first * len(set(late)) / len(early))
    covered = 1 - (1 - first) * (1 - second)
    everything = {h for one in seen for h in _hashes(one.inputs)}
    if covered < 0.5:
        return  # too little is known of them
    if _repeated(kept, batches, seen, known):
        return
    if len(everything & known) > 0.6 * len(known):
        return  # the training rows themselves are judged
    losses, shared, clean = [], [], False
    for one in seen:
        found = [h in known for h in _hashes(one.inputs)]
        clean = clean or (len(found) >= _ROWS // 2 and sum(found) < 0.05 * len(found))
        clean = clean or one.tape.step < 0.5 * kept.steps
        rows = None if one.targets is None else _by_row(name, one.output, one.targets)
        chance = 5 * (covered * (1 - covered) / len(found)) ** 0.5  # of a set of training rows
        if rows is not None and sum(found) < (covered - max(0.05, chance)) * len(found):
            losses.append(rows)
            shared += found
    if not losses:
        return
    loss, copies = torch.cat(losses).double(), torch.tensor(shared)
    share = float(copies.double().mean())
    if clean:
        kept.trace.record("rows.clean", "", kept.steps, 1)
    kept.trace.record("rows.shared", "", kept.steps, min(share / covered, 1.0))
    if min(int(copies.sum()), int((~copies).sum())) < 10:
        return
    inside, outside = loss[copies], loss[~copies]
    noise = (inside.var() / len(inside) + outside.var() / len(outside)).sqrt()
    trace, step = kept.trace, kept.steps
    trace.record("rows.difference", "", step, float(outside.mean() - inside.mean()))
    trace.record("rows.noise", "", step, float(noise))
    trace.record("rows.gain", "", step, float(outside.mean() / inside.mean().clamp_min(1e-12)))


def _repeated(kept: Kept, batches: list[Tensor], seen: list[Evaluated], known: set[int]) -> bool:
    """Record "rows.repeated" where rows come several times in batches, and again in evaluations
    that stand in training too: copies were dealt out to both. Drawing with replacement repeats rows
    in batches alone."""
    judged = [h for one in seen for h in _hashes(one.inputs)]
    again = sum(len(batch) - len(set(_hashes(batch))) for batch in batches)
    most = max(len(set(_hashes(one.inputs))) / len(one.inputs) for one in seen)
    shared = sum(h in known for h in judged) / len(judged)
    if again < 5 or again < 0.005 * sum(map(len, batches)) or most > 0.95 or shared < 0.1:
        return False
    kept.trace.record("rows.repeated", "", kept.steps, 1 - most)
    kept.trace.record("rows.shared", "", kept.steps, shared)
    return True


def _continuous(inputs: Tensor) -> bool:
    """Whether two rows cannot be the same by chance: two columns of many different numbers, or
    sixteen of some."""
    flat = inputs.reshape(len(inputs), -1)
    rows = len(flat.unique(dim=0))
    columns = flat[:, torch.linspace(0, flat.shape[1] - 1, min(64, flat.shape[1])).long()]
    levels = [len(column.unique()) for column in columns.T]
    return sum(n > 0.2 * rows for n in levels) >= 2 or sum(n >= 8 for n in levels) >= 16


def _various(inputs: Tensor) -> bool:
    """Whether rows of whole numbers are so long, and of so many, that fewer than one in a hundred
    would have a twin among them by chance, were their columns drawn alone."""
    flat = inputs.reshape(len(inputs), -1)
    rows, twins = len(flat.unique(dim=0)), 1.0
    for column in flat.T:
        shares = column.unique(return_counts=True)[1].double() / len(column)
        twins *= float(shares.square().sum())
    return rows * twins < 0.01


def _column(kept: Kept, inputs: Tensor, targets: Tensor) -> None:
    """Find one column that is the target, where the other columns tell something of it too but
    none comes near: where they tell nothing, the column is the input that the target is made of."""
    target = targets.reshape(len(targets), -1).double()
    whole = bool((target == target.round()).all())
    if target.shape[1] > 1 or inputs.shape[1] < 3 or len(inputs) < 2 * _ROWS:
        return
    values = target[:, 0]
    classes = values.unique()
    if whole and len(classes) < 20:
        fits = torch.stack([_separates(c, values, classes) for c in inputs.double().T])
        near = 0.95
    else:
        order = _ranks(values)
        fits = torch.stack([_ranked(c, order) for c in inputs.double().T])
        near = 0.9
    fits = fits.nan_to_num(0)
    best, second = fits.topk(2).values.tolist()
    kept.trace.record("leak.fit", "", kept.steps, best)
    column = int(fits.argmax())
    others = torch.cat([inputs[:, :column], inputs[:, column + 1 :]], 1)
    if best > 0.999 and second < near and _tells(others.double(), values, classes):
        kept.trace.record("leak.column", "", kept.steps, column)


def _tells(columns: Tensor, values: Tensor, classes: Tensor) -> bool:
    """Whether a column has to do with the target, beyond chance."""
    known = len(torch.cat([columns, values[:, None]], 1).unique(dim=0))  # rows may come again
    goals = values == classes[:, None] if len(classes) < 20 else _ranks(values)[None]
    goals = goals.double() - goals.double().mean(1, keepdim=True)
    columns = columns - columns.mean(0)
    scale = goals.norm(dim=1)[:, None] * columns.norm(dim=0)
    return float(((goals @ columns).abs() / scale.clamp_min(1e-12)).max()) > 4.5 / known**0.5


def _ranks(values: Tensor) -> Tensor:
    ranks = values.unique(return_inverse=True)[1].double()
    return ranks - ranks.mean()


def _ranked(column: Tensor, order: Tensor) -> Tensor:
    """The correlation of ranks, without its sign."""
    ranks = _ranks(column)
    return ((ranks @ order) / (ranks.norm() * order.norm()).clamp_min(1e-12)).abs()


def _separates(column: Tensor, labels: Tensor, classes: Tensor) -> Tensor:
    """1 - (spread within a class over the smallest distance between two classes)^2 / 4, at least 0:
    0.999 where classes stand more than 15 spreads apart."""
    groups = [column[labels == c] for c in classes]
    means = torch.stack([g.mean() for g in groups]).sort().values
    within = torch.stack([g.std(correction=0) for g in groups]).max()
    nearest = means.diff().min() if len(means) > 1 else means.new_zeros(())
    if not nearest > 0:
        return nearest  # a constant column lies equally close to all classes
    return (1 - (within / nearest.clamp_min(1e-12)).square() / 4).clamp_min(0)


def _unseen_classes(kept: Kept, targets: Tensor) -> None:
    goals = [one.targets.reshape(-1) for one in evaluated(kept) if one.targets is not None]
    if not goals or direct_loss(kept) != "cross_entropy":
        return
    asked = torch.cat(goals)
    # With fewer rows a class, chance alone leaves some out of the kept batches.
    if targets.is_floating_point() or asked.is_floating_point():
        return
    if len(asked) >= _ROWS and len(targets) > 10 * len(asked.unique()):
        missing = ~torch.isin(asked, targets)
        kept.trace.record("labels.unseen", "", kept.steps, float(missing.double().mean()))
        kept.trace.record("labels.distinct", "", kept.steps, len(targets.unique()))


def _shift(kept: Kept, inputs: Tensor, targets: Tensor, seen: list[Evaluated], name: str) -> None:
    judged = [e for e in seen if e.targets is not None]
    if not judged:
        return
    there = torch.cat([e.inputs for e in judged])
    goals = torch.cat([e.targets for e in judged if e.targets is not None])
    axes = [0, *range(2, inputs.ndim)] if inputs.ndim > 2 else [0]  # images: by channel
    here_mean, here_std = inputs.mean(axes, keepdim=True), _std(inputs, axes)
    mean, std = there.mean(axes, keepdim=True), _std(there, axes)
    moved = (mean - here_mean).abs() / here_std
    error = (here_std.square() / len(inputs) + std.square() / len(there)).sqrt()
    far = ((mean - here_mean).abs() > 5 * error) & (moved > 0.5)
    other = (std / here_std > 2) | (std / here_std < 0.5)
    kept.trace.record("shift.share", "", kept.steps, float((far | other).double().mean()))
    if not bool((far | other).any()):
        return
    copied = kept.last.again()
    net = copied.swap(judged[0].tape.nets()[0].call).eval()
    mended = (there - mean) / std * here_std + here_mean
    best = _constant(name, goals, targets)
    for signal, x, t in (
        ("loss", there, goals),
        ("mended", mended, goals),
        ("train", inputs, targets),
    ):
        loss = _by_row(name, _run(net, x[:2000]), t[:2000])
        if loss is not None:
            kept.trace.record(f"shift.{signal}", "", kept.steps, float(loss.double().mean()))
    if best is not None:
        kept.trace.record("shift.trivial", "", kept.steps, best)


def _std(values: Tensor, axes: list[int]) -> Tensor:
    return values.std(axes, keepdim=True, correction=0).clamp_min(1e-6)


def _run(net: nn.Module, inputs: Tensor) -> Tensor:
    with unseen(), torch.no_grad():
        found: Tensor = net(inputs)
        return found


def _constant(name: str, goals: Tensor, targets: Tensor) -> float | None:
    """The loss of the training targets' mean (or shares) on the evaluated targets."""
    if name in ("cross_entropy", "nll_loss"):
        if targets.is_floating_point() or targets.ndim != 1 or goals.ndim != 1:
            return None
        shares = torch.bincount(targets, minlength=int(goals.max()) + 1).double() + 1
        return float(-(shares / shares.sum()).log()[goals].mean())
    mean = targets.double().mean(0, keepdim=True)
    mean = mean.logit() if name == "binary_cross_entropy_with_logits" else mean
    if goals[:1].shape != mean.shape:
        return None
    loss = _by_row(name, mean.expand(len(goals), *mean.shape[1:]).contiguous(), goals)
    return None if loss is None else float(loss.mean())
