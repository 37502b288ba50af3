"""A training program as a value, and how it is written: flat, as functions with main(), as a class.

The texts hold `$names`; each program fills in its own words, so that no two authors agree. A fault
or a control is a change of the value (`dataclasses.replace`); `write` gives the script.
"""

from dataclasses import dataclass, field
from string import Template
from textwrap import indent
from types import MappingProxyType

from nets import Net, write_net

WORDS = (
    {"X": "X", "y": "y", "xa": "X_train", "ya": "y_train", "xb": "X_test", "yb": "y_test",
     "model": "model", "opt": "optimizer", "crit": "criterion", "x": "inputs", "t": "targets",
     "out": "outputs", "loss": "loss", "sched": "scheduler", "loader": "train_loader"},
    {"X": "X", "y": "y", "xa": "xa", "ya": "ya", "xb": "xv", "yb": "yv",
     "model": "net", "opt": "opt", "crit": "loss_fn", "x": "x", "t": "t",
     "out": "pred", "loss": "loss", "sched": "sched", "loader": "loader"},
    {"X": "features", "y": "labels", "xa": "train_x", "ya": "train_y", "xb": "val_x", "yb": "val_y",
     "model": "model", "opt": "optim", "crit": "loss_function", "x": "batch_x", "t": "batch_y",
     "out": "logits", "loss": "batch_loss", "sched": "lr_scheduler", "loader": "dl"},
)  # fmt: skip

SPLIT = "$xa, $xb, $ya, $yb = train_test_split($X, $y, test_size=0.3, random_state=$seed)"
STANDARD = (
    "scaler = StandardScaler().fit($xa)\n$xa, $xb = scaler.transform($xa), scaler.transform($xb)"
)
FLOATS = "$xa, $xb = torch.tensor($xa, dtype=torch.float32), torch.tensor($xb, dtype=torch.float32)"
CLASSES = "$ya, $yb = torch.tensor($ya).long(), torch.tensor($yb).long()"
NUMBERS = "$ya, $yb = torch.tensor($ya).float(), torch.tensor($yb).float()"

SCORES = MappingProxyType(
    {
        "accuracy": "metric = ($out.argmax(1) == $yb).float().mean().item()",
        "binary accuracy": "metric = (($pred > 0).float() == $yb).float().mean().item()",
        "r2": "metric = (1 - (($pred - $yb) ** 2).sum() / (($yb - $yb.mean()) ** 2).sum()).item()",
        "f1": "hit = ($pred > 0).float()\n"
        "metric = (2 * (hit * $yb).sum() / (hit.sum() + $yb.sum()).clamp(min=1)).item()",
        "balanced accuracy": "guess = $out.argmax(1)\n"
        "metric = torch.stack([(guess[$yb == k] == k).float().mean() for k in $yb.unique()])"
        ".mean().item()",
    }
)


@dataclass(frozen=True)
class Data:
    """Stages that end with tensors `$xa, $ya` (training) and `$xb, $yb` (validation)."""

    load: str
    imports: tuple[str, ...] = ()
    split: str = SPLIT
    scale: str = STANDARD
    tensors: str = FLOATS + "\n" + CLASSES
    after_load: str = ""
    after_split: str = ""
    after_tensors: str = ""

    def text(self) -> str:
        stages = [self.load, self.after_load, self.split, self.after_split]
        return "\n".join(s for s in [*stages, self.scale, self.tensors, self.after_tensors] if s)


@dataclass(frozen=True)
class Program:
    """One training script. score: a key of SCORES or lines that set `metric`."""

    name: str
    task: str  # "classes", "binary", "regression", "multilabel"
    family: str  # "mlp", "cnn", "lstm", "attention"
    data: Data
    net: Net
    score: str
    loss: str = "$crit($out, $t)"
    criterion: str = "nn.CrossEntropyLoss()"
    optimizer: str = "torch.optim.Adam($model.parameters(), lr=$lr)"
    lr: float | str = 1e-3
    epochs: int = 15
    batch: int = 32
    style: str = "flat"  # "flat", "functions", "trainer"
    batching: str = "permutation"  # "loader", "permutation", "slices", "full"
    shuffle: bool = True
    words: int = 0
    squeeze: bool = True  # outputs (batch, 1) are squeezed before they meet targets (batch,)
    zero_first: bool = True
    zero_grad: str = "$opt.zero_grad()"
    zero_epoch: str = ""  # once an epoch
    before_forward: str = ""
    forward: str = "$out = $model($x)"
    before_loss: str = ""
    backward: str = "$loss.backward()"
    clip: str = ""
    step: str = "$opt.step()"
    after_step: str = ""
    train_mode: str = "$model.train()"
    eval_mode: str = "$model.eval()"
    after_epoch: str = ""
    after_model: str = ""  # lines before the optimizer
    after_optimizer: str = ""
    after_training: str = ""
    predict: str = "$out = $model($xb)"
    each_epoch: bool = False  # the score is printed after each epoch
    final: str = ""  # replaces the evaluation at the end
    imports: tuple[str, ...] = ()
    definitions: str = ""  # functions or classes of the user's own
    score_name: str = ""
    higher: bool = True
    seed_lines: str = "torch.manual_seed($seed)"
    header: str = ""
    extra: dict[str, str] = field(default_factory=dict)  # further words

    def words_used(self) -> dict[str, str]:
        words = {**WORDS[self.words % len(WORDS)], "seed": "SEED", "lr": str(self.lr)} | self.extra
        squeezed = self.task in ("binary", "regression") and self.squeeze
        words["pred"] = words["out"] + (".squeeze(1)" if squeezed else "")
        return words


BASE_IMPORTS = ("import os", "import json", "import numpy as np", "import torch",
                "import torch.nn as nn", "import torch.nn.functional as F")  # fmt: skip
SEED = 'SEED = int(os.environ.get("SEED", 0))'


def write(program: Program) -> str:
    """The script's text."""
    write_style = {"flat": flat, "functions": functions, "trainer": trainer}[program.style]
    body = write_style(program)
    return header(program) + tidy(body) + "\n"


def fill(text: str, program: Program, **others: str) -> str:
    words = program.words_used() | others
    text = Template(text).safe_substitute(words)
    return Template(text).safe_substitute(words)  # $pred and texts that hold texts


def header(p: Program) -> str:
    used = [*BASE_IMPORTS, *p.data.imports, *p.imports]
    if p.batching == "loader" or "DataLoader" in p.data.text():
        used.append("from torch.utils.data import DataLoader, TensorDataset")
    if "train_test_split" in p.data.text():
        used.append("from sklearn.model_selection import train_test_split")
    if "StandardScaler" in p.data.text():
        used.append("from sklearn.preprocessing import StandardScaler")
    plain = sorted({u for u in used if u.startswith("import ")}, key=used.index)
    others = sorted({u for u in used if not u.startswith("import ")}, key=used.index)
    return (f"{p.header}\n" if p.header else "") + "\n".join([*plain, *others]) + "\n\n"


def tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.splitlines()]
    kept: list[str] = []
    for line in lines:
        if line or (kept and (kept[-1] or (len(kept) > 1 and kept[-2]))):
            kept.append(line)
    return "\n".join(kept).strip()


def join(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def tab(text: str, by: int = 1) -> str:
    return indent(text, "    " * by)


def batches(p: Program) -> tuple[str, str, str]:
    """Lines made once, the loop's head (or nothing), the lines that take a batch."""
    if p.batching == "loader":
        made = (
            f"$loader = DataLoader(TensorDataset($xa, $ya), batch_size={p.batch}, "
            f"shuffle={p.shuffle})"
        )
        return made, "for i, ($x, $t) in enumerate($loader):", ""
    if p.batching == "permutation":
        order = "torch.randperm(len($xa))" if p.shuffle else "torch.arange(len($xa))"
        return "", f"for i, b in enumerate({order}.split({p.batch})):", "$x, $t = $xa[b], $ya[b]"
    if p.batching == "slices":
        if p.shuffle:
            head = f"order = torch.randperm(len($xa))\nfor i in range(0, len($xa), {p.batch}):"
            return "", head, f"idx = order[i:i + {p.batch}]\n$x, $t = $xa[idx], $ya[idx]"
        head = f"for i in range(0, len($xa), {p.batch}):"
        return "", head, f"$x, $t = $xa[i:i + {p.batch}], $ya[i:i + {p.batch}]"
    return "", "", "$x, $t = $xa, $ya"


def simpler(head: str, body: str) -> str:
    """Without `enumerate` where the body has no use for i."""
    if "enumerate" in head and not any(w in body for w in ("i +", "i %", "(i)", "if i")):
        head = head.replace("i, b in enumerate(", "b in ").replace(
            "i, ($x, $t) in enumerate(", "$x, $t in "
        )
        head = head[: head.rindex(")")] + ":"
    return head


def step_lines(p: Program) -> str:
    zero = p.zero_grad if p.zero_first else ""
    late = "" if p.zero_first else p.zero_grad
    return join(
        p.before_forward, zero, p.forward, p.before_loss, f"$loss = {p.loss}", late, p.backward,
        p.clip, p.step, p.after_step,
    )  # fmt: skip


def epoch_lines(p: Program, total: str = "") -> str:
    """One epoch: mode, batches, steps."""
    _, head, taken = batches(p)
    body = join(taken, step_lines(p), total)
    if not head:
        return join(p.train_mode, p.zero_epoch, body)
    *before, last = head.splitlines()
    return join(p.train_mode, p.zero_epoch, *before, simpler(last, body), tab(body))


def score_lines(p: Program) -> str:
    return SCORES.get(p.score, p.score)


def evaluation(p: Program) -> str:
    return join(p.eval_mode, "with torch.no_grad():", tab(p.predict), score_lines(p))


def last_line(p: Program) -> str:
    name = p.score_name or "val_" + (p.score if p.score in SCORES else "score").replace(" ", "_")
    return (
        f'print(json.dumps({{"metric": metric, "higher_is_better": {p.higher}, "name": "{name}"}}))'
    )


def built(p: Program, optimizer_in: str = "$opt") -> tuple[str, str]:
    """The net's class; the lines that make net, criterion and optimizer."""
    text, call = write_net(p.net)
    criterion = f"$crit = {p.criterion}" if p.criterion and "$crit" in p.loss else ""
    lines = join(f"$model = {call}", p.after_model, f"{optimizer_in} = {p.optimizer}", criterion)
    return text, join(lines, p.after_optimizer)


def flat(p: Program) -> str:
    text, build = built(p)
    body = epoch_lines(p)
    told = evaluation(p) + "\n" if p.each_epoch else ""
    shown = ', "val", metric' if p.each_epoch else ""
    loop = join(f"for epoch in range({p.epochs}):",
                tab(join(body, p.after_epoch, told + f'print("epoch", epoch, "loss", $loss.item(){shown})')))  # fmt: skip
    classes = "\n\n".join(part for part in (p.definitions, text) if part)
    return fill(
        f"{SEED}\n{p.seed_lines}\n\n{p.data.text()}\n\n\n{classes}\n\n\n"
        + join(
            build, batches(p)[0], loop, p.after_training, p.final or evaluation(p), last_line(p)
        ),
        p,
    )


def functions(p: Program) -> str:
    text, build = built(p)
    train = "$loader" if p.batching == "loader" else "$xa, $ya"
    crit = ", $crit" if "$crit" in p.loss else ""
    definition = join(
        f"def train_epoch($model, $opt{crit}, {train}):",
        tab(join("total = 0.0", epoch_lines(p, "total += $loss.item()"), "return total")),
    )
    evaluate = join("def evaluate($model, $xb, $yb):", tab(evaluation(p) + "\nreturn metric"))
    if p.each_epoch:
        told = 'print(f"epoch {epoch} loss {total:.4f} val {evaluate($model, $xb, $yb):.4f}")'
    else:
        told = 'print(f"epoch {epoch} loss {total:.4f}")'
    loop = join(f"for epoch in range({p.epochs}):",
                tab(join(f"total = train_epoch($model, $opt{crit}, {train})", p.after_epoch, told)))  # fmt: skip
    main = join(
        "def main():",
        tab(join(p.seed_lines, "$xa, $ya, $xb, $yb = load_data()", build, batches(p)[0], loop,
                 p.after_training, p.final or "metric = evaluate($model, $xb, $yb)", last_line(p))),
    )  # fmt: skip
    load = join("def load_data():", tab(p.data.text() + "\nreturn $xa, $ya, $xb, $yb"))
    parts = [SEED, load, p.definitions, text, definition, evaluate, main]
    return fill(
        "\n\n\n".join(x for x in parts if x) + '\n\n\nif __name__ == "__main__":\n    main()', p
    )


def trainer(p: Program) -> str:
    text, call = write_net(p.net)
    own = {
        "model": "self.model",
        "opt": "self.opt",
        "crit": "self.criterion",
        "sched": "self.sched",
    }
    made = join(
        "self.model = model",
        p.after_model,
        f"self.opt = {p.optimizer}",
        f"self.criterion = {p.criterion}" if "$crit" in p.loss else "",
        p.after_optimizer,
    )
    epoch = join(epoch_lines(p), p.after_epoch)
    fit = join(batches(p)[0], f"for epoch in range({p.epochs}):",
               tab(join(epoch, 'print("epoch", epoch, "loss", $loss.item())'
                        if not p.each_epoch else 'print(epoch, $loss.item(), self.evaluate($xb, $yb))')))  # fmt: skip
    methods = join(
        "class Trainer:",
        tab("def __init__(self, model):"), tab(made, 2), "\n",
        tab("def fit(self, $xa, $ya, $xb, $yb):"), tab(join(fit, p.after_training), 2), "\n",
        tab("def evaluate(self, $xb, $yb):"), tab(evaluation(p) + "\nreturn metric", 2),
    )  # fmt: skip
    final = p.final or "metric = trainer.evaluate($xb, $yb)"
    run = join(
        p.data.text(),
        f"trainer = Trainer({call})",
        "trainer.fit($xa, $ya, $xb, $yb)",
        final,
        last_line(p),
    )
    parts = [f"{SEED}\n{p.seed_lines}", p.definitions, text, fill(methods, p, **own), run]
    return fill("\n\n\n".join(x for x in parts if x), p)
