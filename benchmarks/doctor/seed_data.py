"""Faults of the data, of capacity and of numbers."""

from collections.abc import Iterator
from dataclasses import replace

from programs import Program
from seed_loop import Seeded, with_net
from seed_optimisation import sgd


def with_data(p: Program, **given: str) -> Program:
    return replace(p, data=replace(p.data, **given))


def unscaled_inputs(p: Program) -> Iterator[Seeded]:
    if not p.data.scale or p.net.tokens or "$ya - mean" in p.data.scale:
        return
    if "/ 16" in p.data.scale:
        yield with_data(p, scale="$xa, $xb = $xa * 16, $xb * 16  # 8 bit")
        return
    if p.net.trunk == "cnn":
        yield with_data(p, scale="")
        yield sgd(with_data(p, scale=""), 0.02), sgd(p, 0.02)
        return
    units = "$X = $X * np.geomspace(1, 1000, $X.shape[1])  # each column in its own unit"
    yield with_data(p, scale="", after_load=units), with_data(p, after_load=units)
    yield with_data(p, scale="")
    # the scaler is fitted, what it gives is not used
    yield with_data(p, scale="scaler = StandardScaler().fit($xa)\nscaled = scaler.transform($xa)", after_load=units), with_data(p, after_load=units)  # fmt: skip
    shift = "$X = $X / $X.std(0) + 200.0  # absolute readings"
    yield with_data(p, scale="", after_load=shift), with_data(p, after_load=shift)


def bad_input_values(p: Program) -> Iterator[Seeded]:
    if p.net.tokens:
        return
    hole = "rng = np.random.default_rng($seed)\nholes = rng.random($X.shape) < {share}\n"
    as_float = "$X = np.array($X, dtype=np.float32)\n"
    before = as_float + hole
    for share, value in ((0.05, "-9999"), (0.002, "np.nan"), (0.03, "1e6"), (0.001, "np.inf")):
        start = before.format(share=share)
        if "StandardScaler" in p.data.scale and value in ("np.nan", "np.inf"):
            where = (
                "rng = np.random.default_rng($seed)\n"
                f"$xa[torch.tensor(rng.random(tuple($xa.shape)) < {share})] = "
            )
            bad = "float('nan')" if value == "np.nan" else "float('inf')"
            yield with_data(p, after_tensors=where + bad), p
            continue
        middle = "np.median($X, 0)" if p.net.trunk == "" else "0"
        mend = f"$X = np.where(holes, {middle}, $X)"
        made = p.data.after_load + "\n" if p.data.after_load else ""
        yield (
            with_data(p, after_load=made + start + f"$X[holes] = {value}"),
            with_data(p, after_load=made + start + mend),
        )


def corrupted_labels(p: Program) -> Iterator[Seeded]:
    shuffle = "order = np.random.default_rng($seed).permutation(len($xa))\n"
    yield with_data(p, after_split=shuffle + "$xa = $xa[order]")
    noise = "rng = np.random.default_rng($seed)\nwrong = rng.random(len($ya)) < {}\n"
    if p.task == "classes":
        drawn = f"$ya = np.where(wrong, rng.integers(0, {p.net.outputs}, len($ya)), $ya)"
        yield with_data(p, after_split=noise.format(0.6) + drawn)
        yield with_data(p, after_split=f"$ya = ($ya / {p.net.outputs * 3}).astype(int)")
        yield with_data(p, after_split="$ya = np.sort($ya)")
    else:
        yield with_data(p, after_split="$ya = $ya[::-1].copy()")
        yield with_data(p, after_split="$ya = np.roll($ya, 1, axis=0)")
        if p.task != "regression":
            yield with_data(p, after_split=noise.format(0.45) + "$ya = np.where(wrong" + ("[:, None]" if p.task == "multilabel" else "") + ", 1 - 1.0 * $ya, $ya)")  # fmt: skip


def train_test_mismatch(p: Program) -> Iterator[Seeded]:
    if p.net.tokens:
        size = p.net.inputs
        yield with_data(p, after_split=f"codes = np.random.default_rng($seed).permutation({size})\n"
                        "$xb = codes[$xb]  # its own vocabulary")  # fmt: skip
        yield with_data(p, after_split="table = {v: k for k, v in enumerate(dict.fromkeys($xb.ravel()))}\n"
                        "$xb = np.vectorize(table.get)($xb)")  # fmt: skip
        return
    if "StandardScaler" in p.data.scale:
        yield with_data(p, scale="$xa = StandardScaler().fit_transform($xa)")
        yield with_data(p, scale="scaler = StandardScaler()\n$xa = scaler.fit_transform($xa)\n"
                        "$xb = $xb / np.abs($xb).max(0)")  # fmt: skip
        yield with_data(p, after_split="$xb = $xb[:, ::-1].copy()  # another export of the table")
    elif "/ 16" in p.data.scale:
        yield with_data(p, scale="$xa = $xa / 16")
        yield with_data(p, scale="$xa = $xa / 16\n$xb = 1 - $xb / 16")
        yield with_data(p, scale="$xa, $xb = $xa / 16, ($xb / 16 - 0.5) / 0.1")
    else:
        yield with_data(p, after_tensors="$xb = $xb * 10 + 3")
        yield with_data(p, after_tensors="$xb = 1 - 4 * $xb")


def data_leakage(p: Program) -> Iterator[Seeded]:
    if p.score_name == "" and p.task in ("classes", "binary", "regression", "multilabel"):
        few = "$X, $y = np.asarray($X)[:400], np.asarray($y)[:400]"
        made = p.data.after_load + "\n" if p.data.after_load else ""
        hard = with_data(p, after_load=made + few)
        hard = replace(hard, epochs=p.epochs * 3)
        repeated = "\n$X, $y = np.concatenate([$X] * 3), np.concatenate([$y] * 3)  # more data"
        if "train_test_split" in p.data.split and "make_moons" not in p.data.load:
            yield with_data(hard, after_load=made + few + repeated), hard
            drawn = "\npick = np.random.default_rng($seed).integers(0, 400, 1200)\n$X, $y = $X[pick], $y[pick]"
            yield with_data(hard, after_load=made + few + drawn), hard
        if p.net.trunk == "" and p.task in ("regression", "binary"):
            net = replace(p.net, inputs=p.net.inputs + 1)
            noisy = made + "rng = np.random.default_rng($seed)\n$X = np.column_stack([$X, {} ])"
            copy = "$y + 0.05 * rng.normal(size=len($y))"
            none = "rng.normal(size=len($y))"
            yield (
                replace(with_data(p, after_load=noisy.format(copy)), net=net),
                replace(with_data(p, after_load=noisy.format(none)), net=net),
            )
        # some of the validation rows are trained on as well
        yield (
            with_data(hard, after_tensors="$xa, $ya = torch.cat([$xa, $xb[:100]]), torch.cat([$ya, $yb[:100]])"),
            hard,
        )  # fmt: skip


def class_imbalance(p: Program) -> Iterator[Seeded]:
    """Two classes, one of them rare; the twin weighs it, or draws it more often."""
    if p.task not in ("classes", "binary") or p.batching == "full":
        return
    share = {2: 30, 3: 12, 4: 8, 5: 7, 10: 4}.get(p.net.outputs, 15)
    ask = "# is it the one we look for?\n$y = ($y == 1).astype(int)" if p.task == "classes" else ""
    rare = (
        "# positives are hard to come by\nrng = np.random.default_rng($seed)\n"
        f"keep = ($ya == 0) | (rng.random(len($ya)) < 1 / {share})\n$xa, $ya = $xa[keep], $ya[keep]"
    )
    data = replace(
        p.data,
        after_load="\n".join(filter(None, [p.data.after_load, ask])),
        split=f"{p.data.split}\n{rare}",
    )
    drawn = (
        "counts = torch.bincount($ya.long()).float()\n"
        "pick = torch.multinomial(1 / counts[$ya.long()], len($ya), replacement=True)\n"
        "$xa, $ya = $xa[pick], $ya[pick]"
    )
    if p.task == "classes":
        ill = replace(with_net(p, outputs=2), data=data, score="balanced accuracy")
        for weight in (30, 20):
            loss = f"F.cross_entropy($out, $t, weight=torch.tensor([1.0, {weight}.0]))"
            yield replace(ill, loss="F.cross_entropy($out, $t)"), replace(ill, loss=loss)
    else:
        recall = (
            "guess = ($pred > 0).float()\nmetric = 0.5 * ((guess[$yb > 0]).mean() + "
            "(1 - guess[$yb == 0]).mean()).item()"
        )
        ill = replace(p, data=data, score=recall, score_name="val_balanced_accuracy")
        loss = "F.binary_cross_entropy_with_logits($pred, $t, pos_weight=torch.tensor({}.0))"
        for weight in (25, 40):
            yield ill, replace(ill, loss=loss.format(weight))
    yield ill, replace(ill, data=replace(ill.data, after_tensors=drawn))


def unshuffled_data(p: Program) -> Iterator[Seeded]:
    if p.batching == "full":
        return
    by = {
        "classes": "$ya.argsort()",
        "binary": "$ya.argsort()",
        "regression": "$ya.argsort()",
        "multilabel": "($ya * 2 ** torch.arange($ya.shape[1])).sum(1).argsort()",
    }[p.task]
    sort = f"order = {by}\n$xa, $ya = $xa[order], $ya[order]"
    together = {
        "classes": "$xa = torch.cat([$xa[$ya == k] for k in $ya.unique()])\n$ya = $ya.sort().values",
    }.get(p.task, sort)
    yield replace(with_data(p, after_tensors=sort), shuffle=False), p
    smooth = sgd(p, 0.05)
    yield replace(with_data(smooth, after_tensors=together), shuffle=False), smooth
    yield replace(with_data(p, after_tensors=together), shuffle=False, batching="slices"), replace(p, batching="slices")  # fmt: skip


def underfitting(p: Program) -> Iterator[Seeded]:
    if p.net.trunk in ("LSTM", "GRU"):
        yield with_net(p, trunk_width=1)
        yield with_net(p, trunk_width=2, hidden=())
    elif p.net.trunk:
        yield with_net(p, hidden=(1,))
        yield with_net(p, trunk_width=4 if p.family == "attention" else 1, hidden=(2,))
    else:
        yield with_net(p, hidden=(1,), norm="")
        yield with_net(p, hidden=(2, 1), norm="")
        yield with_net(p, hidden=(), writing="sequential")
        yield with_net(p, activation="", norm="")
    yield with_net(p, hidden=p.net.hidden or (32,), dropout=0.9), with_net(p, hidden=p.net.hidden or (32,))  # fmt: skip


def overfitting(p: Program) -> Iterator[Seeded]:
    rows = {"classes": 80, "binary": 60, "regression": 60, "multilabel": 60}[p.task]
    few = f"$xa, $ya = $xa[:{rows}], $ya[:{rows}]"
    split = p.data.split + "\n" + few
    epochs = max(60, p.epochs * 6)
    wide = (256, 256) if p.net.trunk == "" else (256,)
    big = with_net(replace(p, data=replace(p.data, split=split), epochs=epochs, each_epoch=True,
                           batch=16), hidden=wide, dropout=0.0, norm="")  # fmt: skip
    if p.task == "regression":
        noisy = (
            split
            + "\n$ya = $ya + 1.0 * $ya.std() * np.random.default_rng($seed).normal(size=len($ya))"
        )
    elif p.task == "classes":
        noisy = (
            split + "\nrng = np.random.default_rng($seed)\n"
            f"$ya = np.where(rng.random(len($ya)) < 0.25, rng.integers(0, {p.net.outputs}, len($ya)), $ya)"
        )
    else:
        noisy = (
            split + "\nrng = np.random.default_rng($seed)\nflip = rng.random($ya.shape) < 0.2\n"
            "$ya = np.where(flip, 1 - 1.0 * $ya, $ya)"
        )
    ill = replace(big, data=replace(big.data, split=noisy))
    short = replace(ill, epochs=max(4, epochs // 12))
    yield ill, short
    yield replace(ill, epochs=epochs), with_net(replace(ill, epochs=epochs // 3,
                  optimizer="torch.optim.AdamW($model.parameters(), lr=$lr, weight_decay=1.0)"),
                  dropout=0.5)  # fmt: skip
    yield big, replace(big, epochs=max(4, epochs // 12))


def numerical_instability(p: Program) -> Iterator[Seeded]:
    if p.task == "classes":
        row = "{}.gather(1, $t[:, None]).squeeze(1)"
        own = "-torch.log(torch.softmax(40 * $out, dim=1)).gather(1, $t[:, None]).mean()"
        yield replace(p, loss=own), replace(p, loss="F.cross_entropy(40 * $out, $t)")
        exp = "$out.exp() / $out.exp().sum(1, keepdim=True)"
        yield (
            replace(p, before_loss=f"$out = 60 * $out\nprob = {exp}", loss=f"-torch.log({row.format('prob')}).mean()"),
            replace(p, before_loss="$out = 60 * $out", loss="F.cross_entropy($out, $t)"),
        )  # fmt: skip
    if p.task in ("binary", "multilabel"):
        z = "$pred" if p.task == "binary" else "$out"
        own = f"-($t * torch.log(q) + (1 - $t) * torch.log(1 - q)).mean()"  # noqa: F541
        yield (
            replace(p, before_loss=f"q = torch.sigmoid(25 * {z})", loss=own),
            replace(p, loss=f"F.binary_cross_entropy_with_logits(25 * {z}, $t)"),
        )
    hidden = p.net.hidden or (32,)
    relu = with_net(p, hidden=hidden, activation="relu", norm="")
    yield (
        with_net(relu, before_head="h = torch.relu(h - 0.5)\nh = h / h.norm(dim=1, keepdim=True)"),
        with_net(relu, before_head="h = torch.relu(h - 0.5)\nh = F.normalize(h, dim=1)"),
    )
    yield (
        with_net(relu, before_head="h = torch.sqrt(h)"),
        with_net(relu, before_head="h = torch.sqrt(h + 1e-4)"),
    )
    yield (
        with_net(relu, before_head="h = torch.cat([h, torch.log(h)], 1)[:, :h.shape[1]] + torch.log(h)"),
        with_net(relu, before_head="h = h + torch.log(h + 1e-3)"),
    )  # fmt: skip
    if p.task == "regression":
        yield (
            replace(p, loss="torch.sqrt((($pred - $t).relu() ** 2).sum()) + ($t - $pred).relu().mean()"),
            replace(p, loss="torch.sqrt((($pred - $t).relu() ** 2).sum() + 1e-6) + ($t - $pred).relu().mean()"),
        )  # fmt: skip
