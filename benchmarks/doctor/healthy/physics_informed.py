"""u'' = -u, u(0) = 0, u'(0) = 1: the loss differentiates the net."""
import json
import os

import torch
from torch import nn

torch.manual_seed(int(os.environ.get("SEED", 0)))
net = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)


def derivative(u, t):
    return torch.autograd.grad(u.sum(), t, create_graph=True)[0]


for step in range(700):
    t = (3 * torch.rand(64, 1)).requires_grad_(True)
    u = net(t)
    residual = derivative(derivative(u, t), t) + u
    zero = torch.zeros(1, 1, requires_grad=True)
    start = net(zero)
    loss = residual.pow(2).mean() + 5 * start.pow(2).mean() + 5 * (derivative(start, zero) - 1).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 0:
        print(step, loss.item())
with torch.no_grad():
    t = torch.linspace(0, 3, 200)[:, None]
    r2 = 1 - ((net(t) - t.sin()) ** 2).mean() / t.sin().var()
print(json.dumps({"metric": r2.item(), "higher_is_better": True, "name": "r2"}))
