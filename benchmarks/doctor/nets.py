"""The nets of the carriers, written as people write them: a value becomes the text of a class.

A net is a trunk (none, convolutions, a recurrent layer, attention) that turns its input into
`h (batch, width)`, a stack of fully connected layers, and a head. Faults are changes of the value.
"""

from dataclasses import dataclass
from itertools import pairwise

FUNCTIONS = {
    "relu": "torch.relu({})",
    "tanh": "torch.tanh({})",
    "sigmoid": "torch.sigmoid({})",
    "gelu": "F.gelu({})",
    "elu": "F.elu({})",
    "leaky": "F.leaky_relu({}, 0.1)",
    "silu": "F.silu({})",
    "": "{}",
}
MODULES = {
    "relu": "nn.ReLU()",
    "tanh": "nn.Tanh()",
    "sigmoid": "nn.Sigmoid()",
    "gelu": "nn.GELU()",
    "elu": "nn.ELU()",
    "leaky": "nn.LeakyReLU(0.1)",
    "silu": "nn.SiLU()",
}


@dataclass(frozen=True)
class Net:
    """inputs: features, channels or the vocabulary; length: of a sequence, or the side."""

    inputs: int
    outputs: int
    trunk: str = ""  # "", "cnn", "LSTM", "GRU", "RNN", "encoder", "attention"
    trunk_width: int = 0
    tokens: bool = False
    length: int = 0
    hidden: tuple[int, ...] = (64,)
    activation: str = "relu"
    norm: str = ""  # "batch" or "layer", after each fully connected layer
    dropout: float = 0.0
    writing: str = "named"  # "named", "list" or "sequential"
    name: str = "Net"
    layers: str = "nn.ModuleList([{}])"  # how "list" holds its layers
    recurrent: str = ""  # further arguments of the recurrent layer
    rest: str = "batch_first=True"  # of the recurrent or attention layer
    trunk_lines: str = ""  # in forward, on h, after the trunk
    before_head: str = ""  # in forward, on h
    output: str = ""  # an expression of z, which is returned in its place
    init: str = ""  # last lines of __init__
    pool: str = ""  # how a sequence becomes one vector; "" is the usual way
    edits: tuple[tuple[str, str], ...] = ()  # (old, new) in the text of the class

    @property
    def plain(self) -> bool:
        """Whether nn.Sequential can hold it."""
        return not (
            (self.trunk and self.trunk != "cnn")
            or self.trunk_lines
            or self.before_head
            or self.init
            or self.edits
            or (self.output and self.output not in OUTPUT_MODULES)
        )

    @property
    def features(self) -> int:
        """Width of what the trunk gives."""
        if self.trunk == "cnn":
            return 2 * self.trunk_width * (self.length // 4) ** 2
        return self.trunk_width if self.trunk else self.inputs


OUTPUT_MODULES = {
    "torch.softmax(z, dim=1)": "nn.Softmax(dim=1)",
    "F.softmax(z, dim=1)": "nn.Softmax(dim=1)",
    "torch.sigmoid(z)": "nn.Sigmoid()",
    "torch.relu(z)": "nn.ReLU()",
    "torch.tanh(z)": "nn.Tanh()",
    "torch.softmax(z, dim=0)": "nn.Softmax(dim=0)",
    "F.log_softmax(z, dim=1)": "nn.LogSoftmax(dim=1)",
}


def write_net(net: Net) -> tuple[str, str]:
    """The class (or nothing) and the expression that builds the net."""
    if net.writing == "sequential" and net.plain:
        return "", sequential(net)
    made, run = ["super().__init__()"], []
    trunk_made, trunk_run = trunk(net)
    made += trunk_made
    run += trunk_run + net.trunk_lines.splitlines()
    stack_made, stack_run = stack(net)
    made += [*stack_made, f"self.out = nn.Linear({last(net)}, {net.outputs})"]
    made += net.init.splitlines()
    run += stack_run + net.before_head.splitlines()
    run += ["z = self.out(h)", f"return {net.output}"] if net.output else ["return self.out(h)"]
    if not net.trunk:
        run = ["h = x", *run] if run[0].startswith(("for ", "h = h", "h = (h")) else run
    lines = [
        f"class {net.name}(nn.Module):",
        "    def __init__(self):",
        *(f"        {line}" for line in made),
        "",
        "    def forward(self, x):",
        *(f"        {line}" for line in run),
    ]
    text = "\n".join(lines)
    for old, new in net.edits:
        if old not in text:
            raise ValueError(f"{old!r} is not in the net:\n{text}")
        text = text.replace(old, new)
    return text, f"{net.name}()"


def last(net: Net) -> int:
    return net.hidden[-1] if net.hidden else net.features


def trunk(net: Net) -> tuple[list[str], list[str]]:
    width, activate = net.trunk_width, FUNCTIONS[net.activation]
    if net.trunk == "cnn":
        made = [
            f"self.conv1 = nn.Conv2d({net.inputs}, {width}, 3, padding=1)",
            f"self.conv2 = nn.Conv2d({width}, {2 * width}, 3, padding=1)",
        ]
        one, two = "self.conv1(x)", "self.conv2(h)"
        if net.norm == "batch":
            made += [
                f"self.bn1 = nn.BatchNorm2d({width})",
                f"self.bn2 = nn.BatchNorm2d({2 * width})",
            ]
            one, two = f"self.bn1({one})", f"self.bn2({two})"
        return made, [
            f"h = F.max_pool2d({activate.format(one)}, 2)",
            f"h = F.max_pool2d({activate.format(two)}, 2)",
            "h = h.flatten(1)",
        ]
    if not net.trunk:
        return [], []
    made, run, size, x = [], [], net.inputs, "x"
    if net.tokens:
        made += [f"self.embedding = nn.Embedding({net.inputs}, {width})"]
        size, x = width, "self.embedding(x)"
    if net.trunk in ("LSTM", "GRU", "RNN"):
        given = ", ".join(filter(None, [str(size), str(width), net.recurrent, net.rest]))
        made += [f"self.rnn = nn.{net.trunk}({given})"]
        return made, [f"h, _ = self.rnn({x})", net.pool or "h = h[:, -1]"]
    if not net.tokens:
        made += [f"self.project = nn.Linear({net.inputs}, {width})"]
        x = "self.project(x)"
    made += [f"self.position = nn.Parameter(0.02 * torch.randn(1, {net.length}, {width}))"]
    run += [f"h = {x} + self.position"]
    rest = f", {net.rest}" if net.rest else ""
    if net.trunk == "encoder":
        made += [
            f"layer = nn.TransformerEncoderLayer({width}, 4, {2 * width}, dropout=0.0{rest})",
            "self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)",
        ]
        run += ["h = self.encoder(h)"]
    else:
        made += [
            f"self.attention = nn.MultiheadAttention({width}, 4{rest})",
            f"self.norm1, self.norm2 = nn.LayerNorm({width}), nn.LayerNorm({width})",
            f"self.feed_forward = nn.Sequential(nn.Linear({width}, {2 * width}), nn.GELU(), "
            f"nn.Linear({2 * width}, {width}))",
        ]
        run += [
            "a = self.norm1(h)",
            "h = h + self.attention(a, a, a, need_weights=False)[0]",
            "h = h + self.feed_forward(self.norm2(h))",
        ]
    return made, [*run, net.pool or "h = h.mean(dim=1)"]


def stack(net: Net) -> tuple[list[str], list[str]]:
    sizes, activate = [net.features, *net.hidden], FUNCTIONS[net.activation]
    norms = {"batch": "BatchNorm1d", "layer": "LayerNorm"}
    made, run = [], []
    if net.writing == "list" and len(net.hidden) > 1:
        rows = ", ".join(f"nn.Linear({a}, {b})" for a, b in pairwise(sizes))
        made.append(f"self.layers = {net.layers.format(rows)}")
        step = "layer(h)"
        if net.norm:
            rows = ", ".join(f"nn.{norms[net.norm]}({b})" for b in net.hidden)
            made.append(f"self.norms = nn.ModuleList([{rows}])")
            run.append("for layer, norm in zip(self.layers, self.norms):")
            step = "norm(layer(h))"
        else:
            run.append("for layer in self.layers:")
        step = activate.format(step)
        if net.dropout:
            made.append(f"self.drop = nn.Dropout({net.dropout})")
            step = f"self.drop({step})"
        return made, [*run, f"    h = {step}"]
    if net.dropout:
        made.append(f"self.drop = nn.Dropout({net.dropout})")
    for k, (a, b) in enumerate(pairwise(sizes), 1):
        made.append(f"self.fc{k} = nn.Linear({a}, {b})")
        step = f"self.fc{k}({'x' if k == 1 and not net.trunk and not net.trunk_lines else 'h'})"
        if net.norm:
            made.append(f"self.norm_{k} = nn.{norms[net.norm]}({b})")
            step = f"self.norm_{k}({step})"
        step = activate.format(step)
        run.append(f"h = self.drop({step})" if net.dropout else f"h = {step}")
    return made, run


def sequential(net: Net) -> str:
    sizes, rows = [net.features, *net.hidden], []
    act = MODULES.get(net.activation)
    if net.trunk == "cnn":
        channels = [net.inputs, net.trunk_width, 2 * net.trunk_width]
        for a, b in pairwise(channels):
            norm = [f"nn.BatchNorm2d({b})"] if net.norm == "batch" else []
            conv = f"nn.Conv2d({a}, {b}, 3, padding=1)"
            rows.append(", ".join([conv, *norm, *([act] if act else []), "nn.MaxPool2d(2)"]))
        rows.append("nn.Flatten()")
    norms = {"batch": "BatchNorm1d", "layer": "LayerNorm"}
    for a, b in pairwise(sizes):
        row = [f"nn.Linear({a}, {b})"]
        row += [f"nn.{norms[net.norm]}({b})"] if net.norm else []
        row += [act] if act else []
        row += [f"nn.Dropout({net.dropout})"] if net.dropout else []
        rows.append(", ".join(row))
    rows.append(f"nn.Linear({last(net)}, {net.outputs})")
    if net.output:
        rows.append(OUTPUT_MODULES[net.output])
    return "nn.Sequential(\n" + "".join(f"    {row},\n" for row in rows) + ")"
