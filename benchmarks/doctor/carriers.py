"""Ordinary training programs in plain PyTorch, healthy as they stand: the carriers of the faults.

Four kinds of nets, four kinds of tasks, data from scikit-learn, made on the spot or from
NETWRIGHT_DATA; each trains in about a second on one core.
"""

from dataclasses import replace

from programs import CLASSES, FLOATS, NUMBERS, Data, Program

from nets import Net

TENSORS = f"{FLOATS}\n{NUMBERS}"
ROOT = 'ROOT = os.environ.get("NETWRIGHT_DATA", "../shared/data")'
SKLEARN = "from sklearn.datasets import {}"

WINE = Data("$X, $y = load_wine(return_X_y=True)", (SKLEARN.format("load_wine"),))
CANCER = Data(
    "$X, $y = load_breast_cancer(return_X_y=True)",
    (SKLEARN.format("load_breast_cancer"),),
    tensors=TENSORS,
)
DIGITS = Data(
    "$X, $y = load_digits(return_X_y=True)",
    (SKLEARN.format("load_digits"),),
    scale="$xa, $xb = $xa / 16, $xb / 16",
)
PICTURES = replace(
    DIGITS,
    load="digits = load_digits()\n$X, $y = digits.images[:, None], digits.target",
)
CHURN = Data(
    f'{ROOT}\ntable = pd.read_csv(ROOT + "/tables/bank_churn/Churn_Modelling.csv")'
    ".sample(3000, random_state=$seed)\n"
    '$y = table.pop("Exited").to_numpy()\n'
    'table = pd.get_dummies(table.drop(columns=["RowNumber", "CustomerId", "Surname"]))\n'
    '$X = table.to_numpy(dtype="float64")',
    ("import pandas as pd",),
    tensors=TENSORS,
)
MOONS = Data(
    "$X, $y = make_moons(1200, noise=0.15, random_state=$seed)",
    (SKLEARN.format("make_moons"),),
)
BLOBS = Data(
    "$X, $y = make_classification(1500, 20, n_informative=10, n_classes=4, class_sep=1.5, "
    "random_state=$seed)\n$X = $X * np.linspace(0.5, 2, 20)",
    (SKLEARN.format("make_classification"),),
)
FRIEDMAN = Data(
    "$X, $y = make_friedman1(1200, noise=0.5, random_state=$seed)\n"
    "$y = ($y - $y.mean()) / $y.std()",
    (SKLEARN.format("make_friedman1"),),
    tensors=TENSORS,
)
HOUSES = Data(
    f'{ROOT}\nhouses = pd.read_csv(ROOT + "/tables/california_housing/housing.csv").dropna()\n'
    "houses = houses.sample(3000, random_state=$seed)\n"
    '$y = houses.pop("median_house_value").to_numpy() / 1e5\n'
    '$X = houses.drop(columns="ocean_proximity").to_numpy()',
    ("import pandas as pd",),
    tensors=TENSORS,
)
LABELS = Data(
    "$X, $y = make_multilabel_classification(1500, 20, n_classes=5, n_labels=2, "
    "random_state=$seed)",
    (SKLEARN.format("make_multilabel_classification"),),
    tensors=TENSORS,
)
FASHION = Data(
    ROOT + '\nfolder = ROOT + "/images/fashion_mnist/"\n'
    'with gzip.open(folder + "train-images-idx3-ubyte.gz") as f:\n'
    "    $X = np.frombuffer(f.read(16 + 2500 * 784), np.uint8, offset=16)"
    ".reshape(2500, 1, 28, 28)\n"
    'with gzip.open(folder + "train-labels-idx1-ubyte.gz") as f:\n'
    "    $y = np.frombuffer(f.read(8 + 2500), np.uint8, offset=8)\n"
    "keep = $y < 5\n"
    "$X, $y = $X[keep][:, :, ::2, ::2].astype(np.float32), $y[keep]  # half the size is enough",
    ("import gzip",),
    scale="mean, std = $xa.mean(), $xa.std()\n$xa, $xb = ($xa - mean) / std, ($xb - mean) / std",
)
BARS = Data(
    "# a bright bar, turned: how far?\n"
    "rng = np.random.default_rng($seed)\n"
    "$y = rng.uniform(-1, 1, 1200)\n"
    "grid = np.arange(12) - 5.5\n"
    "across = grid[None, :, None] * np.cos($y)[:, None, None] "
    "- grid[None, None, :] * np.sin($y)[:, None, None]\n"
    "$X = np.exp(-across ** 2)[:, None] + 0.2 * rng.normal(size=(1200, 1, 12, 12))",
    scale="",
    tensors=TENSORS,
)
ATTRIBUTES = replace(
    PICTURES,
    load="digits = load_digits()\n$X = digits.images[:, None]\n"
    "# what is true of the digit: even, prime, more than four, has a loop\n"
    "d = digits.target\n"
    "$y = np.stack([d % 2 == 0, np.isin(d, [2, 3, 5, 7]), d > 4, np.isin(d, [0, 6, 8, 9])], 1)",
    tensors=TENSORS,
)
ROWS = replace(DIGITS, load="digits = load_digits()\n$X, $y = digits.images, digits.target")
SINE = Data(
    "rng = np.random.default_rng($seed)\n"
    "t = np.arange(1500)\n"
    "series = 20 + 5 * np.sin(2 * np.pi * t / 24) + 3 * np.sin(2 * np.pi * t / 37) "
    "+ 0.5 * rng.normal(size=1500)\n"
    "windows = np.lib.stride_tricks.sliding_window_view(series, 25)\n"
    "$X, $y = windows[:, :24, None], windows[:, 24]",
    split="cut = 1000\n$xa, $xb, $ya, $yb = $X[:cut], $X[cut + 24:], $y[:cut], $y[cut + 24:]",
    scale="mean, std = $xa.mean(), $xa.std()\n"
    "$xa, $xb, $ya, $yb = (($xa - mean) / std, ($xb - mean) / std, "
    "($ya - mean) / std, ($yb - mean) / std)",
    tensors=TENSORS,
)
ADDING = Data(
    "# the sum of the two marked numbers of a sequence\n"
    "rng = np.random.default_rng($seed)\n"
    "values, marks = rng.random((2000, 12)), np.zeros((2000, 12))\n"
    "for row in marks:\n    row[rng.choice(12, 2, replace=False)] = 1\n"
    "$X, $y = np.stack([values, marks], 2), (values * marks).sum(1)",
    scale="",
    tensors=TENSORS,
)
NAMES = Data(
    ROOT + '\nfolder = ROOT + "/text_classification/surnames_18lang/"\n'
    "names, $y = [], []\n"
    'for k, language in enumerate(["Japanese", "Italian", "Greek"]):\n'
    '    with open(folder + language + ".txt", encoding="utf-8") as f:\n'
    "        read = sorted({line.strip().lower() for line in f if line.strip()})[:190]\n"
    "    names += read\n"
    "    $y += [k] * len(read)\n"
    'index = {c: i + 1 for i, c in enumerate(sorted(set("".join(names))))}\n'
    "$X = np.zeros((len(names), 12), dtype=np.int64)\n"
    "for row, name in zip($X, names):\n"
    "    ids = [index[c] for c in name][-12:]\n"
    "    row[12 - len(ids):] = ids\n"
    "$y = np.array($y)",
    scale="",
    tensors="$xa, $xb = torch.tensor($xa), torch.tensor($xb)\n" + CLASSES,
)
TOKENS = Data(
    "rng = np.random.default_rng($seed)\n"
    "$X = rng.integers(0, 12, (1500, 10))\n"
    "# which group of tokens is the most frequent\n"
    "$y = np.stack([($X // 3 == k).sum(1) for k in range(4)], 1).argmax(1)",
    scale="",
    tensors="$xa, $xb = torch.tensor($xa), torch.tensor($xb)\n" + CLASSES,
)
PRESENT = replace(
    TOKENS,
    load="rng = np.random.default_rng($seed)\n"
    "$X = rng.integers(0, 14, (1500, 8))\n"
    "# which of the first five tokens occur at all\n"
    "$y = np.stack([($X == k).any(1) for k in range(5)], 1)",
    tensors="$xa, $xb = torch.tensor($xa), torch.tensor($xb)\n" + NUMBERS,
)
SPAM = Data(
    ROOT + '\npath = ROOT + "/text_classification/sms_spam/spam.csv"\n'
    'with open(path, encoding="latin-1") as f:\n'
    '    rows = [(r[0] == "spam", re.findall(r"[a-z]+", r[1].lower())) '
    "for r in csv.reader(f)][1:2501]\n"
    "counts = Counter(w for _, words in rows for w in words)\n"
    "vocabulary = {w: i + 2 for i, (w, _) in enumerate(counts.most_common(500))}\n"
    "$X = np.zeros((len(rows), 12), dtype=np.int64)\n"
    "for row, (_, words) in zip($X, rows):\n"
    "    ids = [vocabulary.get(w, 1) for w in words][:12]\n"
    "    row[12 - len(ids):] = ids\n"
    "$y = np.array([spam for spam, _ in rows])",
    ("import csv", "import re", "from collections import Counter"),
    scale="",
    tensors="$xa, $xb = torch.tensor($xa), torch.tensor($xb)\n" + NUMBERS,
)

BCE = "nn.BCEWithLogitsLoss()"
SGD = "torch.optim.SGD($model.parameters(), lr=$lr, momentum=0.9)"
ADAMW = "torch.optim.AdamW($model.parameters(), lr=$lr, weight_decay=0.01)"
RMSPROP = "torch.optim.RMSprop($model.parameters(), lr=$lr)"


def program(name: str, task: str, data: Data, net: Net, **given: object) -> Program:
    """A carrier, with the usual loss and score of its task."""
    usual: dict[str, object] = {
        "classes": {"score": "accuracy"},
        "binary": {"score": "binary accuracy", "criterion": BCE, "loss": "$crit($pred, $t)"},
        "regression": {"score": "r2", "criterion": "nn.MSELoss()", "loss": "$crit($pred, $t)"},
        "multilabel": {"score": "f1", "criterion": BCE},
    }[task]
    families = {"": "mlp", "cnn": "cnn", "LSTM": "lstm", "GRU": "lstm", "RNN": "lstm"}
    family = families.get(net.trunk, "attention")
    return Program(name=name, task=task, family=family, data=data, net=net, **(usual | given))


CARRIERS = (
    # MLP
    program("wine-mlp", "classes", WINE, Net(13, 3, hidden=(32, 32)), epochs=40, batch=16),
    program("cancer-mlp", "binary", CANCER, Net(30, 1, hidden=(32,), writing="sequential"),
            words=1, style="functions", batching="loader", epochs=15, lr=2e-3,
            loss="F.binary_cross_entropy_with_logits($pred, $t)"),
    program("digits-mlp", "classes", DIGITS, Net(64, 10, hidden=(64, 64), writing="list", name="MLP"),
            words=2, optimizer=SGD, lr=0.05, epochs=12, style="trainer", batching="loader"),
    program("churn-mlp", "binary", CHURN, Net(13, 1, hidden=(32, 16), activation="elu"),
            words=1, optimizer=ADAMW, lr=3e-3, batch=64, epochs=8, score="f1", each_epoch=True),
    program("moons-mlp", "classes", MOONS, Net(2, 2, hidden=(32, 32), activation="tanh",
            writing="sequential"), optimizer=SGD, lr=0.1, epochs=30, batching="slices", words=2,
            loss="F.cross_entropy($out, $t)"),
    program("blobs-mlp", "classes", BLOBS, Net(20, 4, hidden=(64, 64, 64), norm="batch", dropout=0.2),
            words=0, optimizer=ADAMW, lr=3e-3, epochs=12, each_epoch=True, style="functions"),
    program("friedman-mlp", "regression", FRIEDMAN, Net(10, 1, hidden=(64, 64), activation="tanh"),
            words=1, lr=3e-3, epochs=20, loss="F.mse_loss($pred, $t)", each_epoch=True),
    program("houses-mlp", "regression", HOUSES, Net(8, 1, hidden=(48, 48), writing="sequential"),
            words=0, batching="loader", batch=64, lr=3e-3, epochs=15, style="functions"),
    program("labels-mlp", "multilabel", LABELS, Net(20, 5, hidden=(64,), activation="gelu"),
            words=2, epochs=12, lr=3e-3, batching="slices"),
    program("moons-full-batch", "binary", replace(MOONS, tensors=TENSORS),
            Net(2, 1, hidden=(24, 24), activation="tanh", writing="list"), batching="full",
            lr=0.02, epochs=250, words=1),
    # CNN
    program("digits-cnn", "classes", PICTURES, Net(1, 10, "cnn", 8, length=8, hidden=(32,)),
            words=0, lr=3e-3, epochs=8, each_epoch=True),
    program("fashion-cnn", "classes", FASHION, Net(1, 5, "cnn", 8, length=14, hidden=(32,),
            writing="sequential"), words=1, batching="loader", style="functions",
            lr=3e-3, epochs=6, batch=32),
    program("fashion-bn-cnn", "classes", FASHION, Net(1, 5, "cnn", 8, length=14, hidden=(), norm="batch"),
            words=2, optimizer=SGD, lr=0.05, epochs=5, style="trainer", each_epoch=True),
    program("bars-cnn", "regression", BARS, Net(1, 1, "cnn", 8, length=12, hidden=(32,), name="ConvNet"),
            words=0, lr=2e-3, epochs=10, batching="slices"),
    program("attributes-cnn", "multilabel", ATTRIBUTES, Net(1, 4, "cnn", 8, length=8, hidden=(32,)),
            words=1, lr=3e-3, epochs=8, loss="F.binary_cross_entropy_with_logits($out, $t)",
            batching="loader"),
    program("evens-cnn", "binary", replace(PICTURES, tensors=TENSORS, after_load="$y = $y % 2 == 0"),
            Net(1, 1, "cnn", 8, length=8, hidden=(32,), activation="leaky"), words=2, epochs=8,
            optimizer=RMSPROP, lr=2e-3, zero_first=False),
    # recurrent
    program("rows-lstm", "classes", ROWS, Net(8, 10, "LSTM", 32, length=8, hidden=()), words=0,
            lr=5e-3, epochs=10, batching="loader", clip="nn.utils.clip_grad_norm_($model.parameters(), 5.0)"),
    program("names-gru", "classes", NAMES, Net(40, 3, "GRU", 32, tokens=True, length=12, hidden=()),
            words=1, lr=5e-3, epochs=12, batch=16, style="functions"),
    program("sine-gru", "regression", SINE, Net(1, 1, "GRU", 24, length=24, hidden=()), words=2,
            lr=5e-3, epochs=10, batch=64, loss="F.smooth_l1_loss($pred, $t)", each_epoch=True),
    program("adding-lstm", "regression", ADDING, Net(2, 1, "LSTM", 24, length=12, hidden=(16,)),
            words=0, lr=0.01, epochs=15, batch=64, batching="slices", zero_first=False),
    program("spam-lstm", "binary", SPAM, Net(502, 1, "LSTM", 24, tokens=True, length=12, hidden=(16,)),
            words=1, lr=5e-3, epochs=5, batch=32, score="f1"),
    program("present-gru", "multilabel", PRESENT, Net(14, 5, "GRU", 32, tokens=True, length=8, hidden=()),
            words=2, lr=5e-3, epochs=10, style="trainer"),
    # attention
    program("tokens-attention", "classes", TOKENS, Net(12, 4, "encoder", 32, tokens=True, length=10,
            hidden=()), words=0, lr=2e-3, epochs=8, batch=32),
    program("rows-attention", "classes", ROWS, Net(8, 10, "attention", 32, length=8, hidden=(32,)),
            words=1, optimizer=ADAMW, lr=3e-3, epochs=10, batching="loader", style="functions",
            each_epoch=True),
    program("present-attention", "multilabel", PRESENT, Net(14, 5, "attention", 32, tokens=True,
            length=8, hidden=()), words=2, lr=3e-3, epochs=8, batching="slices"),
    program("sine-attention", "regression", SINE, Net(1, 1, "encoder", 16, length=24, hidden=()),
            words=0, lr=3e-3, epochs=6, batch=64, style="functions"),
    program("spam-attention", "binary", SPAM, Net(502, 1, "attention", 24, tokens=True, length=12,
            hidden=(16,)), words=1, lr=3e-3, epochs=5, batch=32, score="f1", batching="loader"),
    program("rows-binary-attention", "binary", replace(ROWS, tensors=TENSORS, after_load="$y = $y > 4"),
            Net(8, 1, "attention", 32, length=8, hidden=()), words=2, lr=3e-3, epochs=8),
)  # fmt: skip
