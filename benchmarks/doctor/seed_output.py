"""Faults of the output, the loss and the score."""

from collections.abc import Iterator
from dataclasses import replace

from programs import Program
from seed_loop import Seeded, with_net
from seed_optimisation import sgd


def output_loss_mismatch(p: Program) -> Iterator[Seeded]:
    if p.task == "classes":
        yield with_net(p, output="torch.relu(z)")
        slow = sgd(p, 0.02)
        yield replace(with_net(slow, output="torch.softmax(z, dim=1)"), epochs=p.epochs), slow
        yield replace(p, loss="F.nll_loss($out, $t)")
        yield replace(p, loss="F.nll_loss(F.softmax($out, dim=1), $t)", optimizer=slow.optimizer, lr=0.02), slow  # fmt: skip
        yield with_net(p, output="torch.sigmoid(z)")
    elif p.task == "binary":
        half = "metric = (($pred > 0.5).float() == $yb).float().mean().item()"
        score = half if p.score == "binary accuracy" else p.score
        one = with_net(p, output="torch.softmax(z, dim=1)")
        yield replace(one, loss="F.binary_cross_entropy($pred, $t)", score=score)
        yield with_net(p, output="torch.relu(z)")
        yield replace(with_net(p, output="torch.sigmoid(z)"), score=half) if score == half else with_net(p, output="torch.sigmoid(z)")  # fmt: skip
    elif p.task == "regression":
        yield with_net(p, output="torch.sigmoid(z)")
        yield with_net(p, output="torch.relu(z)")
        yield with_net(p, output="torch.softmax(z, dim=1)")
        yield with_net(p, output="torch.tanh(z)")
    else:
        yield with_net(p, output="torch.softmax(z, dim=1)")
        yield with_net(p, output="torch.relu(z)")
        yield with_net(p, output="torch.sigmoid(z)")


def wrong_loss_for_task(p: Program) -> Iterator[Seeded]:
    if p.task == "classes":
        one = with_net(p, outputs=1)
        rounded = "metric = ($out.squeeze(1).round() == $yb).float().mean().item()"
        yield replace(one, loss="F.mse_loss($out.squeeze(1), $t.float())", score=rounded, score_name="val_accuracy")  # fmt: skip
        yield replace(one, loss="F.l1_loss($out.squeeze(1), $t.float())", score=rounded, score_name="val_accuracy")  # fmt: skip
        hot = f"F.one_hot($t, {p.net.outputs}).float()"
        yield replace(p, loss=f"F.l1_loss(torch.softmax($out, dim=1), {hot})")
        yield replace(p, loss="F.mse_loss($out.argmax(1).float() + 0 * $out.sum(1), $t.float())")
    elif p.task == "multilabel":
        yield replace(p, loss="F.cross_entropy($out, $t)")
        yield replace(p, loss="F.cross_entropy($out, $t.argmax(1))")
        yield replace(p, loss="F.l1_loss(torch.sigmoid($out), $t)")
        yield replace(p, loss="F.multi_margin_loss($out, $t.argmax(1))")
    elif p.task == "regression":
        yield replace(p, loss="F.binary_cross_entropy_with_logits($pred, $t)")
        yield replace(p, loss="F.poisson_nll_loss($pred, $t)")
        yield replace(p, loss="F.cross_entropy($out, $t[:, None])")
        yield replace(p, loss="F.hinge_embedding_loss($pred, $t.sign())")
    else:
        yield replace(p, loss="F.cross_entropy($out, $t[:, None])")
        yield replace(p, loss="F.mse_loss($pred, $t)", score="metric = (($pred > 0).float() == $yb).float().mean().item()")  # fmt: skip
        yield replace(p, loss="F.hinge_embedding_loss($pred, $t * 2 - 1)")


def loss_broadcasting(p: Program) -> Iterator[Seeded]:
    if p.task == "regression":
        for loss in ("(({} - $t) ** 2).mean()", "F.mse_loss({}, $t)", "F.smooth_l1_loss({}, $t)",
                     "torch.abs({} - $t).mean()"):  # fmt: skip
            yield replace(p, loss=loss.format("$out")), replace(p, loss=loss.format("$pred"))
        data = replace(p.data, after_tensors="$ya, $yb = $ya[:, None], $yb[:, None]")
        score = "metric = (1 - (($out - $yb) ** 2).sum() / (($yb - $yb.mean()) ** 2).sum()).item()"
        column = replace(p, data=data, squeeze=False, score=score, score_name="val_r2")
        yield (
            replace(column, loss="F.mse_loss($out.squeeze(1), $t)"),
            replace(column, loss="F.mse_loss($out, $t)"),
        )
    elif p.task == "binary":
        for loss in (
            "F.softplus(-(2 * $t - 1) * {}).mean()",
            "(F.softplus({0}) - $t * {0}).mean()",
            "torch.clamp(1 - (2 * $t - 1) * {}, min=0).mean()",
        ):
            yield replace(p, loss=loss.format("$out")), replace(p, loss=loss.format("$pred"))


ONE_BY_ONE = "$out = torch.cat([$model($xb[k:k + 1]) for k in range(len($xb))])"


def cross_sample_coupling(p: Program) -> Iterator[Seeded]:
    single = replace(p, predict=ONE_BY_ONE)
    if p.net.trunk in ("encoder", "attention") or p.net.trunk in ("LSTM", "GRU"):
        yield with_net(p, rest="")  # batch_first forgotten: attends over the batch
        yield with_net(single, rest=""), single
    if p.task == "classes":
        yield with_net(p, output="torch.softmax(z, dim=0)")
        yield with_net(p, output="F.log_softmax(z, dim=0)"), p
    centred = "h = (h - h.mean(0)) / (h.std(0, unbiased=False) + 1e-5)"
    yield with_net(single, before_head=centred), single
    yield with_net(single, before_head="h = h / (h.pow(2).mean().sqrt() + 1e-6)\nh = h - h.mean(0)"), single  # fmt: skip
    yield with_net(p, before_head="h = torch.softmax(h, dim=0)")
    yield with_net(single, before_head="h = h * torch.softmax(h.mean(1), dim=0)[:, None] * len(h)"), single  # fmt: skip


def wrong_loss_reduction(p: Program) -> Iterator[Seeded]:
    sums = {
        "classes": ('F.cross_entropy($out, $t, reduction="sum")', "F.cross_entropy($out, $t)"),
        "binary": (
            'F.binary_cross_entropy_with_logits($pred, $t, reduction="sum")',
            "F.binary_cross_entropy_with_logits($pred, $t)",
        ),
        "regression": ("(($pred - $t) ** 2).sum()", "(($pred - $t) ** 2).mean()"),
        "multilabel": (
            'F.binary_cross_entropy_with_logits($out, $t, reduction="sum")',
            "F.binary_cross_entropy_with_logits($out, $t)",
        ),
    }[p.task]
    modules = {
        "classes": "nn.CrossEntropyLoss({})",
        "binary": "nn.BCEWithLogitsLoss({})",
        "multilabel": "nn.BCEWithLogitsLoss({})",
        "regression": "nn.MSELoss({})",
    }[p.task]
    for lr, batch in ((0.1, p.batch), (0.05, 64), (0.1, 64)):
        good = replace(sgd(p, lr), batch=batch)
        ill, well = sums
        yield replace(good, loss=ill), replace(good, loss=well)
        against = "$out" if p.task in ("classes", "multilabel") else "$pred"
        good = replace(good, loss=f"$crit({against}, $t)", criterion=modules.format(""))
        yield replace(good, criterion=modules.format('reduction="sum"')), good


def wrong_metric(p: Program) -> Iterator[Seeded]:
    if p.task == "binary":
        if p.score == "binary accuracy":
            with_sigmoid = (
                "metric = ((torch.sigmoid($pred) > 0).float() == $yb).float().mean().item()"
            )
            yield replace(p, score=with_sigmoid, score_name="val_accuracy")
            yield replace(p, score="metric = ($out.round() == $yb).float().mean().item()", score_name="val_accuracy")  # fmt: skip
            yield replace(p, score="metric = ($pred == $yb).float().mean().item()", score_name="val_accuracy")  # fmt: skip
            yield replace(p, score="metric = (($out > 0).float() == $yb).float().mean().item()", score_name="val_accuracy")  # fmt: skip
    elif p.task == "classes":
        yield replace(p, score="metric = ($out.argmax(0)[0] == $yb).float().mean().item()", score_name="val_accuracy")  # fmt: skip
        yield replace(p, score="metric = ($out.argmax(1) == $yb).sum().item() / len($xa)", score_name="val_accuracy")  # fmt: skip
        yield replace(p, score="metric = (F.softmax($out, dim=1).round().long()[:, 0] == $yb).float().mean().item()", score_name="val_accuracy")  # fmt: skip
        yield replace(p, score="metric = ($out.argmax(1)[:, None] == $yb).float().mean().item()", score_name="val_accuracy")  # fmt: skip
    elif p.task == "multilabel":
        yield replace(
            p,
            score="hit = (torch.sigmoid($out) > 0).float()\n"
            "metric = (2 * (hit * $yb).sum() / (hit.sum() + $yb.sum())).item()",
            score_name="val_f1",
        )
        right = "metric = (($out > 0).float() == $yb).float().mean().item()"
        wrong = "metric = (($out.argmax(1)[:, None] == $yb).float()).mean().item()"
        p = replace(p, score_name="val_accuracy", score=right)
        yield replace(p, score=wrong), p
    else:
        yield replace(p, score="metric = (1 - (($out - $yb) ** 2).mean() / $yb.var()).item()", score_name="val_r2")  # fmt: skip
        yield replace(p, score="metric = (1 - (($pred - $yb) ** 2).sum() / $yb.var()).item()", score_name="val_r2")  # fmt: skip
