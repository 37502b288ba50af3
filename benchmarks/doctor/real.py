"""Faults that people asked about, re-expressed in PyTorch, each with the fix that was accepted.

The faulty scripts are the files in `real/`, named after their thread or repository (their sources and
fixes: `faults_open.csv`); what mends them is told here as replacements of their text, so that script
and twin differ in the fault alone. Two of them had no fault: they count as healthy.

    python benchmarks/doctor/real.py      # each pair's scores over paired seeds
"""

from pathlib import Path

from seeds import SEEDS, judged, scores
from trying import HERE, run_all

FOLDER = HERE / "real"
HEALTHY = ("SO_41372874", "SO_50481178")
SCALER = "sc = StandardScaler().fit({0})\n{2}{0}, {1} = sc.transform({0}), sc.transform({1})\n"

# script: (the fault, other right names), [(what is wrong, what is right), ...]
FIXES: dict[str, tuple[tuple[str, ...], list[tuple[str, str]]]] = {
    "SO_34311586": (("output-loss-mismatch",), [("nn.Softmax(dim=1)", "nn.Sigmoid()")]),
    "SO_39525358": (
        ("unscaled-inputs", "dying-relu"),
        [
            ("torch.tensor(X_train).float()", "torch.tensor((X_train - mean) / std).float()"),
            ("torch.tensor(X_test).float()", "torch.tensor((X_test - mean) / std).float()"),
        ],
    ),
    "SO_47724077": (
        ("unscaled-inputs",),
        [
            (
                "X_train, X_test = torch.tensor(X_train).float()",
                SCALER.format("X_train", "X_test", "")
                + "X_train, X_test = torch.tensor(X_train).float()",
            )
        ],
    ),
    "SO_59278771": (
        ("output-loss-mismatch", "undertrained"),
        [("torch.sigmoid(self.fc2(torch.relu(self.fc1(x))))", "self.fc2(torch.relu(self.fc1(x)))")],
    ),
    "SO_45337371": (
        ("output-loss-mismatch",),
        [
            (
                "torch.nn.functional.softmax(self.dense3(x), dim=-1)",
                "torch.sigmoid(self.dense3(x))",
            )
        ],
    ),
    "SO_44066044": (
        ("output-loss-mismatch", "unscaled-inputs", "dying-relu"),
        [
            ("nn.Linear(12, 1), nn.ReLU())", "nn.Linear(12, 1), nn.Sigmoid())"),
            (
                "    x_train, x_test = torch.tensor(x_train)",
                "    " + SCALER.format("x_train", "x_test", "    ")
                + "    x_train, x_test = torch.tensor(x_train)",
            ),
        ],
    ),
    "SO_45442843": (
        ("output-loss-mismatch", "wrong-loss-for-task"),
        [("nn.Softmax(dim=1)", "nn.Sigmoid()"), ("nn.L1Loss()", "nn.BCELoss()")],
    ),
    "SO_58609115": (
        ("wrong-loss-for-task", "output-loss-mismatch"),
        [
            ("torch.softmax(self.output(x), dim=1)", "torch.sigmoid(self.output(x))"),
            (
                "-(switches[train][b] * torch.log(out + 1e-8)).sum(1).mean()",
                "nn.functional.binary_cross_entropy(out, switches[train][b])",
            ),
        ],
    ),
    "SO_58237726": (
        ("cross-sample-coupling",),
        [("h.reshape(4, len(x), 54).transpose(0, 1)", "h.reshape(len(x), 4, 54)")],
    ),
    "SO_37624102": (("learning-rate-too-high", "dying-relu"), [("lr=0.7", "lr=0.01")]),
    "SO_41977498": (("learning-rate-too-low", "undertrained"), [("lr=1e-5", "lr=2e-3")]),
    "SO_42514960": (("output-loss-mismatch",), [(", nn.Sigmoid())", ")")]),
    "SO_44998910": (("learning-rate-too-low", "undertrained"), [("lr=0.0002", "lr=0.03")]),
    "SO_46642627": (
        ("wrong-loss-for-task",),
        [("nn.functional.binary_cross_entropy_with_logits(out", "nn.functional.mse_loss(out")],
    ),
    "SO_46995209": (
        ("vanishing-gradient", "dying-relu"),
        [("for _ in range(8):", "for _ in range(0):")],
    ),
    "GH_gol_nn": (("undertrained", "learning-rate-too-low"), [("range(3)", "range(10)"), ("lr=0.001", "lr=0.01")]),
    "TDC_IPS_1": (
        ("numerical-instability", "unscaled-inputs"),
        [
            ("prob = torch.softmax(net(x[b]), dim=1)", "logits = net(x[b])"),
            ("-torch.sum(hot[b] * torch.log(prob))", "nn.functional.cross_entropy(logits, y[b])"),
            # The tutorial's own spread; with 0.3 the loss starts at 103 and a fifth stays wrong.
            ("std=0.3", "std=0.1"),
        ],
    ),
    "TDC_IPS_5": (("learning-rate-too-high", "unscaled-inputs"), [("lr=0.1", "lr=0.01")]),
    "TDC_IPS_7": (
        ("numerical-instability", "output-loss-mismatch"),
        [
            (
                "torch.mean(torch.sum(-t * torch.log(h) - (1 - t) * torch.log(1 - h), 1))",
                "nn.functional.cross_entropy(h, y[k:k + 20])",
            ),
            ("torch.randn(64, 100)", "0.1 * torch.randn(64, 100)"),
            ("torch.randn(100, 10)", "0.1 * torch.randn(100, 10)"),
            ("lr=0.05", "lr=0.5"),
        ],
    ),
    "TDC_IPS_11": (
        ("output-loss-mismatch", "dying-relu"),
        [("return F.relu(self.fc2(x))", "return self.fc2(x)")],
    ),
    "TDC_IPS_12": (
        ("wrong-metric",),
        [("torch.sigmoid(torch.sigmoid(prediction))", "torch.sigmoid(prediction)")],
    ),
    "TDC_IPS_13": (("weight-decay-too-strong",), [("8.0 * logreg", "0.001 * logreg")]),
    "NL_51749207": (
        ("output-loss-mismatch",),
        [("nn.functional.softmax(self.out(x), dim=1)", "torch.sigmoid(self.out(x))")],
    ),
    "PT_mlelarge_37": (
        ("output-loss-mismatch",),
        [("torch.softmax(self.readout(h.flatten(1)), dim=-1)", "self.readout(h.flatten(1))")],
    ),
    "PT_euclidesdb_2": (("cross-sample-coupling",), [("dim=0", "dim=1")]),
    "PT_GaNDLF_134": (("loss-broadcasting",), [("output = net(x)", "output = net(x).squeeze(1)")]),
    "PT_StylEx_9": (
        ("corrupted-labels",),
        [("sorted(os.listdir(folder))", 'sorted(os.listdir(folder), key=lambda f: int(f[:-4]))')],
    ),
    "PT_vaal_2": (
        ("wrong-train-eval-mode",),
        [("loader):\n        task_model.train()\n        correct", "loader):\n        task_model.eval()\n        correct")],
    ),
    "SO_34673164": (
        ("unscaled-inputs", "saturated-units", "wrong-loss-for-task"),
        [("X = torch.tensor(X).float()", "X = torch.tensor(X / 200 - 1).float()")],
    ),
    "SO_48594888": (("unscaled-inputs",), [('astype("float32"))', 'astype("float32") / 255)')]),
    "SO_41600519": (
        ("undertrained", "learning-rate-too-low"),
        [("range(1)", "range(15)"), ("lr=0.0001", "lr=0.001")],
    ),
    "PT_fchollet_293": (
        ("missing-zero-grad",),
        [("        loss.backward()", "        self.zero_grad()\n        loss.backward()")],
    ),
    "PT_udacity_143": (
        ("data-leakage",),
        [("tr, te = order[:cut], order[cut:]", "tr, te = np.arange(cut), np.arange(cut, 1200)")],
    ),
    "SO_37213388": (("undertrained",), [("EPOCHS = 2", "EPOCHS = 14")]),
}  # fmt: skip


def pair(name: str) -> tuple[str, str]:
    """(faulty, mended) text."""
    text = Path(FOLDER / f"{name}.py").read_text()
    mended = text
    for wrong, right in FIXES[name][1]:
        if wrong not in mended:
            raise ValueError(f"{wrong!r} is not in real/{name}.py, so it cannot be mended.")
        mended = mended.replace(wrong, right)
    return text, mended


def title(name: str) -> str:
    return name.replace("_", "-").lower()


def main() -> None:
    """Tell each pair's scores and whether the fault has an effect."""
    pairs = {name: pair(name) for name in FIXES}
    run_all(
        [(f"real.{title(n)}", t, s) for n, p in pairs.items() for t in p for s in SEEDS], at_once=2
    )
    for name, (ill, well) in pairs.items():
        result = judged(scores(ill, SEEDS), scores(well, SEEDS), FIXES[name][0][0])
        print(f"{name:16s} {FIXES[name][0][0]:26s} {result}")


if __name__ == "__main__":
    main()
