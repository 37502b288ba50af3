import os
import json
import math
import torch
import torch.nn as nn
import torch.nn.functional as F

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)


def make(n):
    x = torch.rand(n, 1) * 6 - 3
    sigma = 0.1 + 0.4 * torch.sigmoid(2 * x)
    return x, torch.sin(2 * x) + sigma * torch.randn(n, 1)


class MeanVariance(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(1, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh())
        self.mean = nn.Linear(64, 1)
        self.var = nn.Linear(64, 1)

    def forward(self, x):
        h = self.trunk(x)
        var = F.relu(self.var(h))  # a variance is never negative
        return self.mean(h), var


def nll(mean, var, y):
    return (0.5 * torch.log(2 * math.pi * var) + 0.5 * (y - mean) ** 2 / var).mean()


x, y = make(1000)
xt, yt = make(500)
model = MeanVariance()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(60):
    for b in torch.randperm(1000).split(100):
        opt.zero_grad()
        loss = nll(*model(x[b]), y[b])
        loss.backward()
        opt.step()
    if epoch % 10 == 0:
        print("epoch", epoch, "nll", loss.item())
with torch.no_grad():
    mean, _ = model(xt)
    rmse = (mean - yt).pow(2).mean().sqrt().item()
print(json.dumps({"metric": rmse, "higher_is_better": False, "name": "test_rmse"}))
