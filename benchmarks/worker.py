"""One contestant of the speed benchmark in a process of its own: worker.py CONTESTANT WORKLOAD.

It trains one epoch to be ready, says so, and then one epoch for every line "go" on its input; each
time it prints one line of JSON with the samples trained and the CPU and wall seconds they took.
"""

import json
import logging
import os
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any, TextIO

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from workloads import LR, WEIGHT_DECAY, WORKLOADS, Workload, tensors

Epoch = Callable[[], object]


def adamw(net: nn.Module) -> torch.optim.AdamW:
    """What a user writes: torch's defaults."""
    return torch.optim.AdamW(net.parameters(), lr=LR, weight_decay=WEIGHT_DECAY)


def plain(w: Workload) -> Epoch:
    """A hand-written loop on tensors in memory: the measure of all others."""
    x, y = tensors(w)
    net = w.make_net()
    optimizer = adamw(net)

    def epoch() -> float:
        order, total = torch.randperm(len(x)), 0.0
        for at in range(0, len(x), w.batch_size):
            index = order[at : at + w.batch_size]
            optimizer.zero_grad()
            loss = w.loss(net(x[index]), y[index])
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total

    return epoch


def dataloader(w: Workload) -> Epoch:
    """The same loop over a DataLoader."""
    loader = DataLoader(TensorDataset(*tensors(w)), w.batch_size, shuffle=True)
    net = w.make_net()
    optimizer = adamw(net)

    def epoch() -> float:
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = w.loss(net(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total

    return epoch


def lightning(w: Workload, *, defaults: bool) -> Epoch:
    """PyTorch Lightning: with its defaults (logger, checkpoints, bar), or with all of them off."""
    import lightning

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Module(lightning.LightningModule):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = w.make_net()

        def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
            loss = w.loss(self.net(batch[0]), batch[1])
            if defaults:
                self.log("train_loss", loss)
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return adamw(self)

    module = Module()
    loader = DataLoader(TensorDataset(*tensors(w)), w.batch_size, shuffle=True)
    options: dict[str, Any] = {"default_root_dir": tempfile.mkdtemp()}
    if not defaults:
        options |= {
            "logger": False,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
        }
    return lambda: lightning.Trainer(max_epochs=1, accelerator="cpu", **options).fit(module, loader)


def skorch(w: Workload) -> Epoch:
    from skorch import NeuralNet

    class Criterion(nn.Module):
        def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
            return w.loss(outputs, targets)

    x, y = w.make_data(w.rows)
    net = NeuralNet(
        w.make_net,
        criterion=Criterion,
        optimizer=torch.optim.AdamW,
        lr=LR,
        optimizer__weight_decay=WEIGHT_DECAY,
        batch_size=w.batch_size,
        max_epochs=1,
        train_split=None,
        iterator_train__shuffle=True,
        verbose=0,
    ).initialize()
    return lambda: net.partial_fit(x, y)


def fastai(w: Workload) -> Epoch:
    import fastai.callback.progress  # noqa: F401 (patches Learner)
    from fastai.basics import DataLoader as Loader
    from fastai.basics import DataLoaders, Learner

    x, y = tensors(w)
    train = Loader(TensorDataset(x, y), bs=w.batch_size, shuffle=True, num_workers=0)
    one = Loader(TensorDataset(x[:1], y[:1]), bs=1, num_workers=0)  # it insists on a validation set
    learner = Learner(
        DataLoaders(train, one),
        w.make_net(),
        loss_func=lambda outputs, targets: w.loss(outputs, targets),
        lr=LR,
        wd=WEIGHT_DECAY,
    )

    def epoch() -> None:
        with learner.no_bar(), learner.no_logging():
            learner.fit(1)

    return epoch


def scikit_learn(w: Workload) -> Epoch:
    """Its own MLP with Adam, for the two tables."""
    from sklearn.neural_network import MLPClassifier

    widths = [m.out_features for m in w.make_net() if isinstance(m, nn.Linear)][:-1]
    x, y = w.make_data(w.rows)
    net = MLPClassifier(
        widths,
        batch_size=w.batch_size,
        learning_rate_init=LR,
        max_iter=1,
        n_iter_no_change=10**6,
        tol=0,
        warm_start=True,
    )
    return lambda: net.fit(x, y)


def keras(w: Workload) -> Epoch:
    """Keras 3 on the backend that KERAS_BACKEND names."""
    import keras
    from keras import layers

    x, y = w.make_data(w.rows)
    if w.kind == "table":
        widths = [m.out_features for m in w.make_net() if isinstance(m, nn.Linear)][:-1]
        hidden = [layers.Dense(width, activation="relu") for width in widths]
        net = keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(10)])
    elif w.kind == "image":
        x = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
        net = keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Conv2D(16, 3, padding="same", activation="relu"),
                layers.MaxPooling2D(2),
                layers.Conv2D(32, 3, padding="same", activation="relu"),
                layers.MaxPooling2D(2),
                layers.Flatten(),
                layers.Dense(128, activation="relu"),
                layers.Dense(10),
            ]
        )
    elif w.kind == "series":
        net = keras.Sequential([keras.Input((64, 32)), layers.LSTM(128), layers.Dense(10)])
    else:
        net = _keras_language_model()
    net.compile(
        optimizer=keras.optimizers.AdamW(LR, weight_decay=WEIGHT_DECAY),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return lambda: net.fit(x, y, batch_size=w.batch_size, epochs=1, verbose=0, shuffle=True)


def _keras_language_model() -> Any:
    """As LanguageModel, but for an output layer of its own: Keras ties no weights by itself."""
    import keras
    from keras import layers

    class Positions(layers.Layer):  # type: ignore[misc,name-defined]
        def build(self, shape: Any) -> None:
            self.table = self.add_weight(shape=(128, 128), name="table")

        def call(self, x: Any) -> Any:
            return x + self.table

    tokens = keras.Input((128,), dtype="int32")
    x = Positions()(layers.Embedding(96, 128)(tokens))
    for _ in range(4):
        normed = layers.LayerNormalization()(x)
        x = x + layers.MultiHeadAttention(4, 32)(normed, normed, use_causal_mask=True)
        rise = layers.Dense(512, activation="gelu")(layers.LayerNormalization()(x))
        x = x + layers.Dense(128)(rise)
    return keras.Model(tokens, layers.Dense(96)(layers.LayerNormalization()(x)))


CONTESTANTS: dict[str, Callable[[Workload], Epoch]] = {
    "plain": plain,
    "dataloader": dataloader,
    "lightning-lean": lambda w: lightning(w, defaults=False),
    "lightning": lambda w: lightning(w, defaults=True),
    "skorch": skorch,
    "fastai": fastai,
    "keras-torch": keras,
    "keras-jax": keras,
    "scikit-learn": scikit_learn,
}


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Reporter:
    """Prints what an epoch took, then waits for "go"; False when there are no more."""

    def __init__(self, out: TextIO, samples: int) -> None:
        self.out, self.samples = out, samples
        self.begun = time.perf_counter(), cpu_seconds()

    def next(self) -> bool:
        seconds = time.perf_counter() - self.begun[0]
        cpu = cpu_seconds() - self.begun[1]
        line = {"samples": self.samples, "seconds": seconds, "cpu_seconds": cpu}
        print(json.dumps(line), file=self.out, flush=True)
        go = sys.stdin.readline()
        self.begun = time.perf_counter(), cpu_seconds()
        return bool(go)


def quiet_output() -> TextIO:
    """Keep our stdout and send what contestants print to nowhere."""
    out = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    if not os.environ.get("BENCHMARK_STDERR"):
        os.dup2(nowhere, 2)
    return out


def main() -> None:
    name, workload = sys.argv[1:3]
    out = quiet_output()
    warnings.filterwarnings("ignore")  # of the contestants; none of ours
    w = WORKLOADS[workload]
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(0)
    epoch = CONTESTANTS[name](w)
    reporter = Reporter(out, w.rows)
    while True:
        epoch()
        if not reporter.next():
            return


if __name__ == "__main__":
    main()
