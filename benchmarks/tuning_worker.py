"""One contestant of the tuning benchmark: tuning_worker.py CONTESTANT WORKLOAD.

It says when it is ready. For each line "SECONDS SEED" on its input it searches so long (netwright:
TRIALS trials, however long) and prints {"seconds", "trials": [[seconds to its end, score]]}.
A trial: EPOCHS epochs of AdamW (scikit-learn: its Adam with an L2 penalty, without dropout), judged
by accuracy on the same validation rows.
"""

import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from worker import quiet_output
from workloads import WORKLOADS, Arrays, Workload

TRIALS, EPOCHS, ROWS, VALIDATION = 128, 5, 10_000, 2_000
LOW = {"lr": 1e-4, "weight_decay": 1e-6, "dropout": 0.0}
HIGH = {"lr": 1e-1, "weight_decay": 1e-1, "dropout": 0.5}  # lr and weight decay: log-uniform

Trials = Iterator[tuple[float, float]]  # when each ended (time.time()), and its score
# The seed, until when to search, how many trials: peers go by the time, netwright by the number.
Search = Callable[[int, float, int], Trials]


def data_of(w: Workload) -> tuple[Arrays, Arrays]:
    """Return training and validation rows."""
    x, y = w.make_data(ROWS + VALIDATION)
    return (x[:ROWS], y[:ROWS]), (x[ROWS:], y[ROWS:])


def net_of(w: Workload, dropout: float) -> nn.Sequential:
    """Return the workload's net with dropout after each activation."""
    layers: list[nn.Module] = []
    for layer in w.make_net().children():
        layers += [layer, nn.Dropout(dropout)] if isinstance(layer, nn.ReLU) else [layer]
    return nn.Sequential(*layers)


def hand_loop(w: Workload) -> Callable[[dict[str, float]], float]:
    """Return what trains a net by the plain loop and gives its validation accuracy."""
    (x, y), (vx, vy) = ([torch.from_numpy(a) for a in arrays] for arrays in data_of(w))

    def train(params: dict[str, float]) -> float:
        net = net_of(w, params["dropout"])
        rate, decay = params["lr"], params["weight_decay"]
        optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=decay)
        for _ in range(EPOCHS):
            order = torch.randperm(len(x))
            for at in range(0, len(x), w.batch_size):
                index = order[at : at + w.batch_size]
                optimizer.zero_grad()
                F.cross_entropy(net(x[index]), y[index]).backward()
                optimizer.step()
        return _accuracy(net, vx, vy)

    return train


@torch.no_grad()
def _accuracy(net: nn.Module, x: Tensor, y: Tensor) -> float:
    return float((net.eval()(x).argmax(1) == y).float().mean())


def warm_up() -> None:
    """Take one step: torch imports much when its first optimiser is made."""
    net = nn.Linear(1, 1)
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.zeros(1, 1)).sum().backward()
    optimizer.step()


def _asked(train: Callable[[dict[str, float]], float]) -> Search:
    """Ask Optuna's random sampler for each trial."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def search(seed: int, until: float, trials: int) -> Trials:
        sampler = optuna.samplers.RandomSampler(seed=seed)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        while time.time() < until:
            trial = study.ask()
            params = {
                name: trial.suggest_float(name, LOW[name], HIGH[name], log=name != "dropout")
                for name in LOW
            }
            score = train(params)
            study.tell(trial, score)
            yield time.time(), score

    return search


def optuna_loop(w: Workload) -> Search:
    return _asked(hand_loop(w))


def optuna_skorch(w: Workload) -> Search:
    from skorch import NeuralNetClassifier

    (x, y), (vx, vy) = data_of(w)

    def train(params: dict[str, float]) -> float:
        net = NeuralNetClassifier(
            net_of(w, params["dropout"]),
            criterion=nn.CrossEntropyLoss,
            optimizer=torch.optim.AdamW,
            lr=params["lr"],
            optimizer__weight_decay=params["weight_decay"],
            batch_size=w.batch_size,
            max_epochs=EPOCHS,
            train_split=None,
            iterator_train__shuffle=True,
            verbose=0,
        )
        return float((net.fit(x, y).predict(vx) == vy).mean())

    return _asked(train)


def scikit_learn(w: Workload) -> Search:
    """RandomizedSearchCV on one holdout, a trial at a time so that it can be stopped."""
    from scipy.stats import loguniform
    from sklearn.model_selection import PredefinedSplit, RandomizedSearchCV
    from sklearn.neural_network import MLPClassifier

    train, validation = data_of(w)
    x, y = (np.concatenate(pair) for pair in zip(train, validation, strict=True))
    holdout = PredefinedSplit(np.repeat([-1, 0], [ROWS, VALIDATION]))
    widths = [m.out_features for m in w.make_net().modules() if isinstance(m, nn.Linear)][:-1]
    space = {
        "learning_rate_init": loguniform(LOW["lr"], HIGH["lr"]),
        "alpha": loguniform(LOW["weight_decay"], HIGH["weight_decay"]),
    }

    def search(seed: int, until: float, trials: int) -> Trials:
        random = np.random.RandomState(seed)
        while time.time() < until:
            net = MLPClassifier(
                widths, batch_size=w.batch_size, max_iter=EPOCHS, tol=0, n_iter_no_change=10**6,
                random_state=random.randint(2**31 - 1),
            )  # fmt: skip
            found = RandomizedSearchCV(
                net, space, n_iter=1, cv=holdout, refit=False, random_state=random
            ).fit(x, y)
            yield time.time(), float(found.best_score_)

    return search


def ray_tune(w: Workload) -> Search:
    """Two trials at a time, each on one core, in actors that are used again.

    Its clock starts with its first trial: starting the actors takes it longer than some searches.
    """
    import ray
    from ray import tune

    os.environ["PYTHONPATH"] = os.path.dirname(os.path.abspath(__file__))
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    letter = next(name for name, one in WORKLOADS.items() if one is w)

    class Trial(tune.Trainable):  # type: ignore[misc]
        def setup(self, config: dict[str, float]) -> None:
            import tuning_worker  # in the actor's own process

            torch.set_num_threads(1)
            tuning_worker.warm_up()
            self.train_one = tuning_worker.hand_loop(tuning_worker.WORKLOADS[letter])

        def reset_config(self, new_config: dict[str, float]) -> bool:
            return True

        def step(self) -> dict[str, Any]:
            began = time.time()
            score = self.train_one(self.config)
            return {"score": score, "began": began, "ended": time.time(), "done": True}

        def save_checkpoint(self, checkpoint_dir: str) -> None:
            """Ray asks for one at the end; there is nothing to keep."""

    class Until(tune.Stopper):  # type: ignore[misc]
        def __init__(self, seconds: float) -> None:
            self.seconds, self.began = seconds, float("inf")

        def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
            self.began = min(self.began, result["began"])
            return False

        def stop_all(self) -> bool:
            return time.time() > self.began + self.seconds

    space = {
        "lr": tune.loguniform(LOW["lr"], HIGH["lr"]),
        "weight_decay": tune.loguniform(LOW["weight_decay"], HIGH["weight_decay"]),
        "dropout": tune.uniform(LOW["dropout"], HIGH["dropout"]),
    }

    def search(seed: int, until: float, trials: int) -> Trials:
        entered = time.time()
        settings = tune.TuneConfig(
            num_samples=-1,
            reuse_actors=True,
            search_alg=tune.search.BasicVariantGenerator(random_state=seed),
        )
        with tempfile.TemporaryDirectory() as folder:
            stop = Until(until - entered)
            found = tune.Tuner(
                tune.with_resources(Trial, {"cpu": 1}),
                param_space=space,
                tune_config=settings,
                run_config=tune.RunConfig(verbose=0, storage_path=folder, stop=stop),
            ).fit()
            rows = [one.metrics for one in found if one.metrics and "score" in one.metrics]
        first = min(row["began"] for row in rows)
        yield from sorted((row["ended"] - first + entered, row["score"]) for row in rows)

    return search


def netwright(w: Workload, method: str = "random") -> Search:
    """All trials as packs; by Hyperband the losers leave them early."""
    from netwright_worker import data_of as data_for
    from netwright_worker import plan_of

    import netwright as nw
    from netwright.data.data import Rows

    parts = [tuple(map(torch.from_numpy, arrays)) for arrays in data_of(w)]
    train, validation = (
        Rows(name, (x,), y) for name, (x, y) in zip(("train", "validation"), parts, strict=True)
    )
    data = replace(data_for(replace(w, rows=ROWS)), train=train, validation=validation)
    whole = plan_of(w).with_({"recipe.epochs": EPOCHS, "recipe.keep": "last"})

    space = {
        "recipe.lr": {"log": [LOW["lr"], HIGH["lr"]]},
        "recipe.weight_decay": {"log": [LOW["weight_decay"], HIGH["weight_decay"]]},
        "net.dropout": {"uniform": [LOW["dropout"], HIGH["dropout"]]},
    }

    def search(seed: int, until: float, trials: int) -> Trials:
        study = nw.tune(
            whole, data, space=space, trials=trials, method=method, seed=seed, device="cpu"
        )
        ended = time.time()
        for trial in study.trials:
            # The first is the plan's own values, which the others are not given: tried, no more.
            # One that found no finite numbers has no score: as bad as can be.
            counts = trial.number > 0 and trial.score is not None
            yield ended, trial.score if counts else 0.0

    return search


CONTESTANTS: dict[str, Callable[[Workload], Search]] = {
    "netwright": netwright,
    "netwright-hyperband": partial(netwright, method="hyperband"),
    "optuna-loop": optuna_loop,
    "optuna-skorch": optuna_skorch,
    "ray-tune": ray_tune,
    "scikit-learn": scikit_learn,
}


def main() -> None:
    name, letter = sys.argv[1:]
    out = quiet_output()
    warnings.filterwarnings("ignore")  # of the contestants; none of ours
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    search = CONTESTANTS[name](WORKLOADS[letter])
    list(search(0, time.time() + 1.0, 2))  # what is loaded or compiled once
    print(json.dumps({"ready": True}), file=out, flush=True)
    for line in sys.stdin:
        allowed, seed = float(line.split()[0]), int(line.split()[1])
        torch.manual_seed(seed)
        begun = time.time()
        trials = [(at - begun, score) for at, score in search(seed, begun + allowed, TRIALS)]
        done = {"seconds": max(at for at, _ in trials), "trials": trials}
        print(json.dumps(done), file=out, flush=True)


if __name__ == "__main__":
    main()
