import os
import json
import torch
from torch import nn

torch.manual_seed(int(os.environ.get("SEED", 0)))
# a precise instrument: tiny noise, so the density is high and its negative logarithm well below zero
x = torch.rand(1200, 3) * 2 - 1
scale = 0.004 + 0.006 * (x[:, 1:2] > 0).float()
y = 0.5 * torch.sin(2 * x[:, :1]) + 0.3 * x[:, 2:] + scale * torch.randn(1200, 1)
trunk = nn.Sequential(nn.Linear(3, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 2))
opt = torch.optim.Adam(trunk.parameters(), lr=4e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 60)
for epoch in range(60):
    for i in torch.randperm(1000).split(50):
        mu, log_sigma = trunk(x[i]).chunk(2, dim=1)
        loss = (log_sigma + 0.919 + 0.5 * ((y[i] - mu) * torch.exp(-log_sigma)) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trunk.parameters(), 5.0)
        opt.step()
    sched.step()
    if epoch % 10 == 0:
        print("epoch", epoch, "nll", round(loss.item(), 3))
with torch.no_grad():
    mu = trunk(x[1000:])[:, :1]
    r2 = 1 - (mu - y[1000:]).pow(2).sum() / (y[1000:] - y[1000:].mean()).pow(2).sum()
print(json.dumps({"metric": r2.item(), "higher_is_better": True, "name": "test_r2"}))
