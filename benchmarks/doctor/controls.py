"""Healthy programs that look ill: what a doctor must leave in peace.

A control is a change of a carrier that a practitioner would make on purpose. It stays only while its
score is close to the carrier's own (`python benchmarks/doctor/controls.py` tells). Whole programs of
other kinds (GAN, pre-training, ...) are the files in `healthy/`.
"""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import replace

from carriers import CARRIERS
from programs import Program, write
from seed_data import with_data
from seed_loop import as_class, with_net
from seed_optimisation import sgd
from trying import HERE, outcome, run_all

from nets import last

A_CONTROL = 4  # carriers each


def flat(p: Program, **given: object) -> Program:
    return replace(p, style="flat", **given)


def tuned(p: Program, optimizer: str, lr: float) -> Program:
    return replace(p, optimizer=optimizer, lr=lr)


def scheduled(p: Program, scheduler: str, each_step: bool) -> Program:
    where = {"after_step" if each_step else "after_epoch": "$sched.step()"}
    style = "trainer" if each_step and p.style == "functions" else p.style
    return replace(
        p, style=style, after_optimizer=f"$sched = {scheduler}\n{p.after_optimizer}", **where
    )


def label_smoothing(p: Program) -> Program | None:
    if p.task != "classes":
        return None
    return replace(p, loss="F.cross_entropy($out, $t, label_smoothing=0.1)")


def sgd_lr_01(p: Program) -> Program | None:
    if p.family not in ("mlp", "cnn") or p.task == "regression":
        return None
    return sgd(with_net(p, norm="batch", hidden=p.net.hidden or (32,)), 0.1, momentum=False)


def sparse_code(p: Program) -> Program | None:
    if p.family != "mlp" or p.style != "flat" or p.task == "regression":
        return None
    net = with_net(p, hidden=(300,), activation="relu", norm="", before_head="self.code = h")
    return replace(net, loss=p.loss + " + 1.0 * $model.code.abs().mean()", lr=2e-3,
                   optimizer="torch.optim.Adam($model.parameters(), lr=$lr)")  # fmt: skip


def long_after_perfect(p: Program) -> Program | None:
    if p.name not in ("wine-mlp", "present-gru", "present-attention", "moons-full-batch"):
        return None
    return replace(p, epochs=p.epochs * 3, each_epoch=True)


def tiny_batches(p: Program) -> Program | None:
    if p.batching == "full" or p.net.norm == "batch" or p.data.load.count("3000"):
        return None
    return replace(p, batch=4, lr=float(p.lr) / 4, epochs=max(3, p.epochs // 3))


def accumulation(p: Program) -> Program | None:
    if p.batching not in ("loader", "permutation"):
        return None
    return replace(
        p, batch=max(4, p.batch // 4), zero_first=True, zero_grad="",
        loss=f"({p.loss}) / 4", clip="",
        step="if (i + 1) % 4 == 0:\n    $opt.step()\n    $opt.zero_grad()",
    )  # fmt: skip


def cyclic_lr(p: Program) -> Program | None:
    if p.batching == "full":
        return None
    base = sgd(p, 0.05)
    return scheduled(
        base,
        "torch.optim.lr_scheduler.CyclicLR($opt, base_lr=0.002, max_lr=0.1, step_size_up=60)",
        True,
    ) if p.family in ("mlp", "cnn") and p.task != "regression" else scheduled(
        p, f"torch.optim.lr_scheduler.CosineAnnealingWarmRestarts($opt, T_0={max(2, p.epochs // 3)})", False
    )  # fmt: skip


def warm_up(p: Program) -> Program | None:
    return scheduled(
        p, "torch.optim.lr_scheduler.LambdaLR($opt, lambda e: min(1.0, (e + 1) / 4))", False
    )


def bf16(p: Program) -> Program | None:
    if p.family == "lstm":
        return None
    return replace(p, forward='with torch.autocast("cpu", dtype=torch.bfloat16):\n    $out = $model($x)\n'
                   "$out = $out.float()")  # fmt: skip


def ema(p: Program) -> Program | None:
    if p.batching == "full":
        return None
    return flat(
        p, imports=("import copy",),
        after_model="ema = copy.deepcopy($model)",
        after_step="with torch.no_grad():\n    for a, b in zip(ema.parameters(), $model.parameters()):\n"
        "        a.lerp_(b, 0.05)\n    for a, b in zip(ema.buffers(), $model.buffers()):\n        a.copy_(b)",
        eval_mode="ema.eval()", predict="$out = ema($xb)",
    )  # fmt: skip


def early_stopping(p: Program) -> Program | None:
    loss = {"classes": "F.cross_entropy($out, $yb)", "regression": "F.mse_loss($pred, $yb)"}.get(
        p.task, "F.binary_cross_entropy_with_logits($pred, $yb)"
    )
    watch = (
        f"$model.eval()\nwith torch.no_grad():\n    $out = $model($xb)\n    val_loss = {loss}.item()\n"
        "if val_loss < best_loss:\n    best_loss, bad = val_loss, 0\n"
        "    best = copy.deepcopy($model.state_dict())\nelse:\n    bad += 1\n    if bad == 5:\n        break"
    )
    return flat(
        p, imports=("import copy",), epochs=p.epochs * 2, each_epoch=False, after_epoch=watch,
        after_optimizer=p.after_optimizer + '\nbest, best_loss, bad = None, float("inf"), 0',
        after_training="$model.load_state_dict(best)",
    )  # fmt: skip


def focal_loss(p: Program) -> Program | None:
    if p.task == "regression":
        return None
    if p.task == "classes":
        lines = "log_p = F.log_softmax($out, dim=1).gather(1, $t[:, None]).squeeze(1)"
    else:
        lines = "log_p = F.logsigmoid(torch.where($t > 0.5, $pred, -$pred))"
    return replace(
        p, before_loss=lines, loss="-((1 - log_p.exp()) ** 2 * log_p).mean()", epochs=p.epochs + 3
    )


def own_loss(p: Program) -> Program | None:
    if p.task == "regression":
        text = (
            "def huber(error, delta=1.0):\n    small = error.abs() <= delta\n"
            "    return torch.where(small, 0.5 * error ** 2, delta * (error.abs() - 0.5 * delta)).mean()"
        )
        return replace(p, definitions=text, loss="huber($pred - $t)")
    if p.task == "binary":
        return replace(p, loss="torch.clamp(1 - (2 * $t - 1) * $pred, min=0).mean()")
    if p.task == "classes":
        return replace(p, loss="-torch.log_softmax($out, -1)[torch.arange(len($t)), $t].mean()")
    return replace(p, loss="F.multilabel_soft_margin_loss($out, $t)")


def summed_loss(p: Program) -> Program | None:
    """Adam does not mind: the sum in place of the mean changes nothing."""
    if "torch.optim.Adam(" not in p.optimizer or p.task != "classes":
        return None
    return replace(p, loss='F.cross_entropy($out, $t, reduction="sum")', clip="")


def two_optimizers(p: Program) -> Program | None:
    kind = p.optimizer.partition("(")[0]
    return flat(
        replace(p, net=as_class(p.net)),
        optimizer='torch.optim.SGD($model.out.parameters(), lr=0.05, momentum=0.9)',
        after_optimizer='body = [w for n, w in $model.named_parameters() if not n.startswith("out")]\n'
        f"body_optimizer = {kind if 'Adam' in kind else 'torch.optim.Adam'}(body, lr=2e-3)\n" + p.after_optimizer,
        zero_grad="$opt.zero_grad()\nbody_optimizer.zero_grad()",
        step="$opt.step()\nbody_optimizer.step()",
    )  # fmt: skip


def plateau(p: Program) -> Program | None:
    return replace(
        p, style="flat",
        after_optimizer="$sched = torch.optim.lr_scheduler.ReduceLROnPlateau($opt, patience=6, factor=0.5)",
        after_epoch="$sched.step($loss.item())", epochs=p.epochs * 2,
    )  # fmt: skip


def hand_sgd(p: Program) -> Program | None:
    """No optimizer of torch's at all."""
    if p.family not in ("mlp", "cnn") or p.style != "flat":
        return None
    return replace(
        p, optimizer="0.05 if len($xa) else None", zero_first=False,
        zero_grad="for w in $model.parameters():\n    w.grad = None",
        step="with torch.no_grad():\n    for w in $model.parameters():\n        w -= $opt * w.grad",
        epochs=p.epochs * 3 if p.batching != "full" else 1500, clip="",
    )  # fmt: skip


def zero_head(p: Program) -> Program | None:
    return with_net(p, init="nn.init.zeros_(self.out.weight)\nnn.init.zeros_(self.out.bias)")


def heavy_dropout(p: Program) -> Program | None:
    if p.task == "regression":
        return None
    hidden = tuple(3 * h for h in p.net.hidden) or (96,)
    return with_net(replace(p, each_epoch=True, epochs=p.epochs * 2), hidden=hidden, dropout=0.5)


def plain_order(p: Program) -> Program | None:
    """No shuffling, but the split has shuffled already."""
    if p.batching == "full" or "train_test_split" not in p.data.split:
        return None
    return replace(p, shuffle=False)


def softmax_for_people(p: Program) -> Program | None:
    if p.task != "classes":
        return None
    return replace(p, predict="$out = torch.softmax($model($xb), dim=1)")


def log_softmax_twice(p: Program) -> Program | None:
    if p.task != "classes":
        return None
    return with_net(p, output="F.log_softmax(z, dim=1)")


def sigmoid_bce(p: Program) -> Program | None:
    if p.task not in ("binary", "multilabel"):
        return None
    prob = with_net(p, output="torch.sigmoid(z)")
    half = {"binary accuracy": "metric = (($pred > 0.5).float() == $yb).float().mean().item()",
            "f1": "hit = ($pred > 0.5).float()\nmetric = (2 * (hit * $yb).sum() / "
            "(hit.sum() + $yb.sum()).clamp(min=1)).item()"}[p.score]  # fmt: skip
    return replace(
        prob, loss="$crit($pred, $t)", criterion="nn.BCELoss()", score=half, score_name="val_score"
    )


def raw_but_normalised(p: Program) -> Program | None:
    """Inputs as they come: a batch norm in front does the scaling."""
    if "StandardScaler" not in p.data.scale or p.batching == "full":
        return None
    norm = f"self.scale = nn.BatchNorm1d({p.net.inputs})"
    return with_net(replace(p, data=replace(p.data, scale="")), writing="named", init=norm,
                    trunk_lines="h = self.scale(x)")  # fmt: skip


def param_groups(p: Program) -> Program | None:
    groups = (
        "decay = [w for w in $model.parameters() if w.ndim > 1]\n"
        "plain = [w for w in $model.parameters() if w.ndim <= 1]"
    )
    return replace(
        p, after_model=groups, lr=2e-3,
        optimizer='torch.optim.AdamW([{"params": decay, "weight_decay": 0.05}, '
        '{"params": plain, "weight_decay": 0.0}], lr=$lr)',
    )  # fmt: skip


def frozen_embedding(p: Program) -> Program | None:
    """Fixed random features on purpose: an echo of extreme learning machines, wide enough to do."""
    if not p.net.tokens or p.task == "multilabel":
        return None
    return with_net(
        p, init="# vectors are given, not learned\nself.embedding.weight.requires_grad_(False)"
    )


def mixup(p: Program) -> Program | None:
    if p.task != "classes" or p.net.tokens or p.batching == "full":
        return None
    return replace(
        p, before_forward="lam = float(np.random.beta(0.2, 0.2))\nmate = torch.randperm(len($x))\n"
        "$x = lam * $x + (1 - lam) * $x[mate]",
        loss="lam * F.cross_entropy($out, $t) + (1 - lam) * F.cross_entropy($out, $t[mate])",
        seed_lines="torch.manual_seed($seed)\nnp.random.seed($seed)", epochs=p.epochs + p.epochs // 2,
    )  # fmt: skip


def a_little_noise(p: Program) -> Program | None:
    if p.task != "classes":
        return None
    return with_data(p, after_split="# some labels are wrong, as in life\nrng = np.random.default_rng($seed)\n"
                     f"$ya = np.where(rng.random(len($ya)) < 0.04, rng.integers(0, {p.net.outputs}, len($ya)), $ya)")  # fmt: skip


def residual(p: Program) -> Program | None:
    width = last(p.net)
    return with_net(
        p, init=f"self.blocks = nn.ModuleList([nn.Sequential(nn.LayerNorm({width}), nn.Linear({width}, {width}), "
        f"nn.GELU(), nn.Linear({width}, {width})) for _ in range(3)])",
        before_head="for block in self.blocks:\n    h = h + block(h)",
    )  # fmt: skip


def narrow_and_enough(p: Program) -> Program | None:
    if p.family != "mlp" or p.task == "regression" or "digits" in p.name or "moons" in p.name:
        return None
    return with_net(replace(p, epochs=p.epochs * 3), hidden=(8,), norm="", dropout=0.0)


CONTROLS: tuple[Callable[[Program], Program | None], ...] = (
    label_smoothing, sgd_lr_01, sparse_code, long_after_perfect, tiny_batches, accumulation,
    cyclic_lr, warm_up, bf16, ema, early_stopping, focal_loss, own_loss, summed_loss,
    two_optimizers, plateau, hand_sgd, zero_head, heavy_dropout, plain_order, softmax_for_people,
    log_softmax_twice, sigmoid_bce, raw_but_normalised, param_groups, frozen_embedding, mixup,
    a_little_noise, residual, narrow_and_enough,
)  # fmt: skip


def changed() -> Iterator[tuple[str, Program, Program]]:
    """(name, control, its carrier): four carriers a control, others each time."""
    for turn, control in enumerate(CONTROLS):
        able = [c for c in CARRIERS if control(c) is not None]
        start = (turn * 5) % len(able)
        step = max(1, len(able) // A_CONTROL)
        for carrier in (able[start:] + able[:start])[::step][:A_CONTROL]:
            made = control(carrier)
            assert made is not None
            yield f"control.{control.__name__.replace('_', '-')}.{carrier.name}", made, carrier


def healthy() -> Iterator[tuple[str, str]]:
    """(name, script) of each healthy program."""
    for carrier in CARRIERS:
        yield f"healthy.{carrier.name}", write(carrier)
    for name, control, _ in changed():
        yield name, write(control)
    for path in sorted((HERE / "healthy").glob("*.py")):
        yield f"control.{path.stem.replace('_', '-')}", path.read_text()


def main() -> None:
    """Tell each control's score beside its carrier's."""
    seeds = (0, 1)
    rows = [
        (name, write(control), carrier.name, write(carrier)) for name, control, carrier in changed()
    ]
    alone = [(name, text) for name, text in healthy() if name.count(".") == 1]
    run_all([(n, t, s) for s in seeds for row in rows for n, t in (row[:2], row[2:])], at_once=2)
    run_all([(n, t, s) for s in seeds for n, t in alone], at_once=2)

    def mean(text: str) -> float:
        results = [outcome(text, s) for s in seeds]
        return statistics.fmean(float(r.get("metric", "nan")) for r in results)

    for name, text, _, carrier in rows:
        own, base = mean(text), mean(carrier)
        mark = "" if own >= base - 0.03 else "  << worse: " + outcome(text, 0).get("error", "")
        print(f"{name:60s} {own:8.4f} {base:8.4f}{mark}")
    for name, text in alone:
        print(f"{name:60s} {mean(text):8.4f} {outcome(text, 0).get('error', '')}")


if __name__ == "__main__":
    main()
