"""What watching costs: the same script by itself and under `netwright doctor`, in turn.

    python benchmarks/doctor/overhead.py [--rounds 5]

Nets of 5 ms a step and more, and of about 1 ms. The script counts the CPU seconds of its own
training loop on one thread (wall time tells more of a machine's other work), so that starting
Python and the probes after the end are not in it; those stand beside as "whole", wall time of the
two commands. What others do on the machine only adds to such seconds, by halves at times, so that
the least of the rounds is compared; the ratios of the rounds, run in turn, stand beside. To
benchmarks/results/doctor_overhead.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "doctor_overhead.json"

SCRIPT = """
import time
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
torch.set_num_threads(1)
x, y = {data}
{made}
net = {net}
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
begun, steps = time.process_time(), 0
for epoch in range({epochs}):
    net.train()
    for rows in torch.randperm(len(x)).split({batch}):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        steps += 1
    net.eval()
    with torch.no_grad():
        right = (net(x[:500]).argmax(1) == y[:500]).float().mean()
seconds = time.process_time() - begun
print("loop", seconds, steps)
"""
TABLE = "torch.randn(12800, 64), torch.randint(0, 10, (12800,))"
PICTURES = "torch.randn(2560, 1, 28, 28), torch.randint(0, 10, (2560,))"
TEXTS = "torch.randint(0, 500, (2560, 64)), torch.randint(0, 10, (2560,))"
LSTM = """Reader()
class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(500, 64)
        self.rnn = nn.LSTM(64, 96, batch_first=True)
        self.out = nn.Linear(96, 10)
    def forward(self, x):
        return self.out(self.rnn(self.words(x))[0][:, -1])
"""
CNN = (
    "nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), "
    "nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), "
    "nn.Linear(1568, 10))"
)
MLP = (
    "nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), "
    "nn.Linear(256, 10))"
)
# name: data, net, rows a batch, epochs
CASES: dict[str, tuple[str, str, int, int]] = {
    "mlp, about 1 ms": (TABLE, MLP, 64, 20),
    "cnn": (PICTURES, CNN, 64, 20),
    "lstm": (TEXTS, LSTM, 64, 8),
}


def run(command: list[str], folder: Path) -> tuple[float, float, int]:
    """Return CPU seconds of the loop, wall seconds of the command, and the steps."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src")}
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    whole = time.perf_counter() - begun
    line = next(line for line in done.stdout.splitlines() if line.startswith("loop"))
    return float(line.split()[1]), whole, int(line.split()[2])


def measure(name: str, rounds: int) -> dict[str, Any]:
    """Run a case by itself and watched, in turn."""
    data, net, batch, epochs = CASES[name]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "train.py"
        net, _, made = net.partition("\n")  # what follows the first line makes its class
        text = SCRIPT.format(data=data, made=made, net=net, batch=batch, epochs=epochs)
        script.write_text(text)
        plain = [sys.executable, "train.py"]
        watched = [sys.executable, "-m", "netwright", "doctor", "train.py"]
        pairs = [(run(plain, Path(folder)), run(watched, Path(folder))) for _ in range(rounds)]
    loops = [under[0] / alone[0] - 1 for alone, under in pairs]
    return {
        "ms_a_step": min(1000 * alone[0] / alone[2] for alone, _ in pairs),
        "overhead": min(under[0] for _, under in pairs) / min(alone[0] for alone, _ in pairs) - 1,
        "rounds": loops,
        "whole_seconds": [
            statistics.median(one[1] for one in side) for side in zip(*pairs, strict=True)
        ],
    }


def main() -> None:
    """Measure every case and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    table = {}
    for name in CASES:
        table[name] = measure(name, given.rounds)
        print(name, json.dumps(table[name]), flush=True)
    RESULTS.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
