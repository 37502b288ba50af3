"""Faults of the training loop, each in several wordings. A function takes a healthy program and
yields faulty ones, or pairs (faulty, healthy twin) where the program itself is not the twin."""

from collections.abc import Iterator
from dataclasses import replace

from programs import Program

from nets import Net, last, write_net

Seeded = Program | tuple[Program, Program]


def as_class(net: Net) -> Net:
    """The same net with named layers."""
    return replace(net, writing="named") if net.writing == "sequential" else net


def with_net(p: Program, **given: object) -> Program:
    return replace(p, net=replace(as_class(p.net), **given))


def missing_zero_grad(p: Program) -> Iterator[Seeded]:
    yield replace(p, zero_grad="")
    yield replace(p, zero_grad="$opt.zero_grad", zero_first=False)  # named, never called
    yield replace(p, zero_grad="", zero_epoch="$opt.zero_grad()")
    if p.batching != "full":
        yield replace(p, zero_grad="if i == 0:\n    $opt.zero_grad()", zero_first=True)


def optimizer_missing_parameters(p: Program) -> Iterator[Seeded]:
    named = replace(p, net=as_class(p.net))
    everything = "$model.parameters()"
    yield replace(named, optimizer=p.optimizer.replace(everything, "$model.out.parameters()"))
    yield replace(
        p, after_optimizer=f"$model = {write_net(p.net)[1]}  # fresh weights\n" + p.after_optimizer
    )
    groups = (
        'decay = [w for n, w in $model.named_parameters() if n.endswith(".kernel")]\n'
        'no_decay = [w for n, w in $model.named_parameters() if n.endswith(".bias")]'
    )
    yield replace(
        p,
        after_model=groups,
        optimizer=p.optimizer.replace(
            everything,
            '[{"params": decay, "weight_decay": 1e-4}, {"params": no_decay, "weight_decay": 0.0}]',
        ).replace(", weight_decay=0.01", ""),
    )
    new = f"$model.out = nn.Linear({last(p.net)}, {p.net.outputs})"
    tops = {"cnn": "conv1", "LSTM": "rnn", "GRU": "rnn", "attention": "attention"}
    if p.net.trunk in tops:
        yield replace(
            named,
            after_model="trained = list($model.out.parameters())"
            + "".join(
                f" + list($model.fc{k}.parameters())" for k in range(1, len(p.net.hidden) + 1)
            ),
            optimizer=p.optimizer.replace(everything, "trained"),
            net=replace(named.net, writing="named"),
        )
    yield replace(named, after_optimizer=new + "\n" + p.after_optimizer)


def unregistered_module(p: Program) -> Iterator[Seeded]:
    rows = {
        "LSTM": "nn.LSTM", "GRU": "nn.GRU", "attention": "nn.MultiheadAttention",
        "cnn": "nn.Conv2d",
    }  # fmt: skip
    width = last(p.net)
    if p.net.trunk == "":
        hidden = (p.net.hidden * 3)[:3] if len(p.net.hidden) < 2 else p.net.hidden
        deep = with_net(p, writing="list", hidden=hidden)
        yield with_net(deep, layers="[{}]"), deep
        tower = with_net(
            deep,
            edits=(("self.layers = nn.ModuleList([", "self.layers = dict(enumerate(["),
                   ("for layer in self.layers:", "for layer in self.layers.values():")),
        ) if not p.net.norm else None  # fmt: skip
        if tower:
            made = write_net(deep.net)[0]
            line = next(x for x in made.splitlines() if "ModuleList" in x).strip()
            fixed = line.replace("nn.ModuleList([", "dict(enumerate([") + ")"
            yield with_net(deep, edits=((line, fixed), tower.net.edits[1])), deep
    if p.net.trunk in rows:
        attribute = {"cnn": "conv2", "attention": "attention"}.get(p.net.trunk, "rnn")
        named = with_net(p)
        line = next(
            x.strip() for x in write_net(named.net)[0].splitlines() if f"self.{attribute} =" in x
        )
        made = line.partition(" = ")[2]
        yield with_net(
            p, edits=((line, f"self.parts = [{made}]"), (f"self.{attribute}(", "self.parts[0]("))
        )
    grown = with_net(p, init=f"self.mix = nn.Linear({width}, {width})",
                     before_head="h = torch.relu(self.mix(h))")  # fmt: skip
    yield with_net(p, before_head=f"h = torch.relu(nn.Linear({width}, {width})(h))"), grown
    if p.net.trunk == "" and p.net.norm == "":
        yield (
            with_net(p, edits=((f"self.fc1 = nn.Linear({p.net.inputs}, {p.net.hidden[0]})",
                     f"self.w1 = (torch.randn({p.net.inputs}, {p.net.hidden[0]}) * 0.1)"
                     f".requires_grad_()\n        self.b1 = torch.zeros({p.net.hidden[0]})"),
                    ("self.fc1(x)", "x @ self.w1 + self.b1")), writing="named"),
            with_net(p, writing="named"),
        )  # fmt: skip


def frozen_parameters(p: Program) -> Iterator[Seeded]:
    loop = "for name, param in $model.named_parameters():\n    "
    yield replace(p, after_model=loop + 'param.requires_grad = "bias" in name')
    yield replace(p, after_model="for param in list($model.parameters())[:-2]:\n    "
                  "param.requires_grad = False")  # fmt: skip
    named = replace(p, net=as_class(p.net))
    yield replace(named, after_model=loop + 'if not name.startswith("out"):\n        '
                  "param.requires_grad_(False)")  # fmt: skip
    yield replace(
        named,
        after_model="# warm up the head first\nfor child in list($model.children())[:-1]:\n"
        "    child.requires_grad_(False)",
    )


def wrong_train_eval_mode(p: Program) -> Iterator[Seeded]:
    if p.batching == "full":
        return
    drop, norm = (0.5, "") if p.family != "mlp" else (0.3, "batch")
    hidden = p.net.hidden or (32,)
    p = with_net(p, dropout=drop, norm=p.net.norm or norm, hidden=hidden)
    p = replace(p, epochs=p.epochs + p.epochs // 2)
    yield replace(p, eval_mode=""), p
    once = replace(p, each_epoch=True)
    yield replace(once, train_mode="", after_optimizer="$model.train()\n" + p.after_optimizer), once
    yield replace(p, eval_mode="$model.train()"), p
    yield replace(p, train_mode="$model.eval()", eval_mode="$model.train()"), p
    yield replace(p, train_mode="", after_optimizer="$model.eval()\n" + p.after_optimizer), p


def disconnected_loss(p: Program) -> Iterator[Seeded]:
    yield with_net(p, before_head="h = h.detach()")
    yield replace(
        p, backward="$loss = torch.tensor($loss.item(), requires_grad=True)\n$loss.backward()"
    )
    yield replace(p, forward="$out = torch.tensor($model($x).tolist(), requires_grad=True)")
    yield with_net(p, before_head="h = torch.from_numpy(h.detach().numpy())")
    yield replace(p, before_loss="$out = $out.data.requires_grad_()")
    yield with_net(
        p, before_head="with torch.no_grad():\n    h = F.dropout(h, 0.05, self.training)"
    )


def flipped_loss_sign(p: Program) -> Iterator[Seeded]:
    yield replace(p, loss="-" + p.loss)
    likelihood = {
        "classes": "F.log_softmax($out, dim=1).gather(1, $t[:, None]).mean()",
        "binary": "($t * F.logsigmoid($pred) + (1 - $t) * F.logsigmoid(-$pred)).mean()",
        "multilabel": "($t * F.logsigmoid($out) + (1 - $t) * F.logsigmoid(-$out)).mean()",
        "regression": "-(($pred - $t) ** 2).mean()",
    }[p.task]
    yield replace(p, loss=likelihood)
    yield replace(p, optimizer=p.optimizer[:-1] + ", maximize=True)")
    yield replace(p, backward="(-$loss).backward()")
