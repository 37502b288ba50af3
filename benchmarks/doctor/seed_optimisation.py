"""Faults of gradients, activations, initial weights, learning rate, decay and length of training."""

from collections.abc import Iterator
from dataclasses import replace

from programs import Program
from seed_loop import Seeded, as_class, with_net

CLIP = "nn.utils.clip_grad_norm_($model.parameters(), 1.0)"
EACH_LINEAR = "for m in $model.modules():\n    if isinstance(m, (nn.Linear, nn.Conv2d)):\n        "


def sgd(p: Program, lr: float, momentum: bool = True) -> Program:
    rest = ", momentum=0.9" if momentum else ""
    return replace(p, lr=lr, optimizer=f"torch.optim.SGD($model.parameters(), lr=$lr{rest})")


def deep(p: Program, layers: int, width: int, activation: str, writing: str = "list") -> Program:
    net = replace(as_class(p.net), hidden=(width,) * layers, activation=activation, norm="",
                  dropout=0.0, writing=writing)  # fmt: skip
    return replace(p, net=net)


def vanishing_gradient(p: Program) -> Iterator[Seeded]:
    for layers, writing in ((8, "list"), (9, "named"), (10, "list")):
        good = deep(p, 2, 32, "relu", writing)
        yield deep(good, layers, 32, "sigmoid", writing), good
    good = sgd(deep(p, 2, 32, "relu"), 0.05)
    yield deep(good, 7, 32, "sigmoid"), good


def exploding_gradient(p: Program) -> Iterator[Seeded]:
    if p.batching == "full":
        return
    clip = p.clip or CLIP
    tower = with_net(p, hidden=(32, 32), activation="", writing="named")
    for layers, gain in ((6, 1.6), (8, 1.4), (5, 1.9)):
        wide = (
            f"# room to grow: {layers} residual blocks, no norm\n"
            f"self.blocks = nn.ModuleList([nn.Linear(32, 32) for _ in range({layers})])\n"
            "for block in self.blocks:\n"
            f"    nn.init.orthogonal_(block.weight, gain={gain})"
        )
        lines = "for block in self.blocks:\n    h = h + F.relu(block(h))"
        ill = sgd(with_net(tower, init=wide, before_head=lines), 0.02)
        yield replace(ill, clip=""), replace(ill, clip=clip)
    if p.net.trunk in ("LSTM", "GRU"):
        rnn = with_net(
            p,
            trunk="RNN",
            recurrent='nonlinearity="relu"',
            init="nn.init.eye_(self.rnn.weight_hh_l0)\nself.rnn.weight_hh_l0.data.mul_(1.4)",
        )
        yield replace(rnn, clip=""), replace(rnn, clip=clip)


def dying_relu(p: Program) -> Iterator[Seeded]:
    relu = with_net(p, activation="relu", norm="", hidden=p.net.hidden or (32,))
    first = "self.layers[0]" if p.net.writing == "list" and len(relu.net.hidden) > 1 else "self.fc1"
    yield with_net(relu, init=f"nn.init.constant_({first}.bias, -8.0)"), relu
    yield (
        replace(relu, after_model=EACH_LINEAR + "nn.init.constant_(m.bias, -3.0)  # start sparse"),
        relu,
    )
    yield (
        with_net(relu, init=f"with torch.no_grad():\n    {first}.weight.abs_().neg_()\n"
                 f"    {first}.bias.fill_(-4)"),
        relu,
    )  # fmt: skip
    yield sgd(relu, 3.0, momentum=False), sgd(relu, 0.05)


def saturated_units(p: Program) -> Iterator[Seeded]:
    hidden = p.net.hidden or (32,)
    for activation in ("tanh", "sigmoid"):
        good = with_net(p, activation=activation, norm="", hidden=hidden)
        if "/ 16" in p.data.scale:
            data = replace(p.data, scale=p.data.scale.replace("/ 16", "* 16"))
            yield replace(good, data=data), good
        elif p.data.scale:
            data = replace(p.data, after_tensors="$xa, $xb = $xa * 100, $xb * 100  # in percent")
            yield replace(good, data=data), good
        first = "self.layers[0]" if p.net.writing == "list" and len(hidden) > 1 else "self.fc1"
        yield with_net(good, init=f"nn.init.normal_({first}.weight, 0.0, 10.0)"), good
        yield (
            replace(good, after_model=EACH_LINEAR + "nn.init.uniform_(m.weight, -6, 6)"),
            good,
        )


def wrong_initialization(p: Program) -> Iterator[Seeded]:
    yield replace(p, after_model="for w in $model.parameters():\n    nn.init.zeros_(w)")
    yield replace(p, after_model="for w in $model.parameters():\n    nn.init.constant_(w, 0.1)")
    yield replace(p, after_model=EACH_LINEAR + "nn.init.normal_(m.weight, std=3.0)")
    small = sgd(p, 0.02, momentum=False)
    yield replace(small, after_model=EACH_LINEAR + "nn.init.normal_(m.weight, 0.0, 1e-4)"), small
    yield replace(
        p,
        definitions="def weights_init(m):\n    if isinstance(m, nn.Linear):\n"
        "        m.weight.data.normal_(0, 5)\n        m.bias.data.fill_(0)",
        after_model="$model.apply(weights_init)",
    )
    yield replace(p, after_model=EACH_LINEAR + "m.weight.data.fill_(0.05)")


def learning_rate_too_high(p: Program) -> Iterator[Seeded]:
    lr = float(p.lr)
    for factor in (300, 100, 1000):
        yield replace(p, lr=float(f"{lr * factor:.2g}"))
    if "Adam" in p.optimizer:
        yield sgd(p, 5.0), sgd(p, 0.05)
        yield replace(p, lr=1.0)


def learning_rate_too_low(p: Program) -> Iterator[Seeded]:
    lr = float(p.lr)
    for factor in (1e-4, 1e-3):
        yield replace(p, lr=float(f"{lr * factor:.1g}"))
    yield (
        replace(
            p,
            after_optimizer="$sched = torch.optim.lr_scheduler.ExponentialLR($opt, gamma=0.05)\n"
            "for _ in range(2):\n    $opt.step()\n    $sched.step()",
        )
        if p.style == "flat"
        else replace(p, lr=1e-6)
    )
    good = sgd(p, 0.05)
    yield replace(good, lr=1e-5), good


def undertrained(p: Program) -> Iterator[Seeded]:
    short = max(1, round(p.epochs / 10))
    yield replace(p, epochs=short)
    long = replace(sgd(p, 0.02, momentum=False), epochs=p.epochs * 2)
    yield replace(long, epochs=max(1, p.epochs // 8)), long
    yield replace(p, epochs=1, batch=p.batch * 2) if p.batching != "full" else replace(p, epochs=20)


def weight_decay_too_strong(p: Program) -> Iterator[Seeded]:
    everything = "$model.parameters()"
    for decay in (30.0, 5.0):
        optimizer = f"torch.optim.AdamW({everything}, lr=$lr, weight_decay={decay})"
        if "Adam" in p.optimizer:
            good = replace(
                p, optimizer=f"torch.optim.AdamW({everything}, lr=$lr, weight_decay=0.01)"
            )
            yield replace(p, optimizer=optimizer), good
    good = sgd(p, 0.05)
    yield replace(good, optimizer=good.optimizer[:-1] + ", weight_decay=0.5)"), good
    penalty = "sum((w ** 2).sum() for w in $model.parameters())"
    yield (
        replace(p, loss=f"{p.loss} + 1.0 * {penalty}"),
        replace(p, loss=f"{p.loss} + 1e-5 * {penalty}"),
    )
