import json
import os

import torch
from torch import nn

torch.manual_seed(int(os.environ.get("SEED", 0)))


def stream(n):
    x = torch.rand(n, 3) * 2 - 1
    return x, (torch.sin(3 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.1 * torch.randn(n))


model = nn.Sequential(nn.Linear(3, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1), nn.Flatten(0))
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
running = None
for step in range(600):
    x, y = stream(32)
    optimizer.zero_grad()
    loss = (model(x) - y).square().mean()
    loss.backward()
    optimizer.step()
    running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
    if step % 100 == 0:
        print(f"step {step} loss {running:.4f}")
with torch.no_grad():
    x, y = stream(3000)
    print(json.dumps({"metric": (1 - (model(x) - y).square().mean() / y.var()).item(), "higher_is_better": True, "name": "r2"}))
