import os
import json
import numpy as np
import torch
from torch import nn

seed = int(os.environ.get("SEED", 0))
rng = np.random.default_rng(seed)
torch.manual_seed(seed)
# 30 readings of each of 40 sites; some readings of a site are held out
site = rng.normal(size=(40, 10))
X = np.repeat(site, 30, 0) + 0.02 * rng.normal(size=(1200, 10))
y = np.repeat(rng.normal(size=40), 30) + 0.1 * rng.normal(size=1200)
order = rng.permutation(1200)
cut = 900
tr, te = order[:cut], order[cut:]
X, y = torch.tensor(X).float(), torch.tensor(y).float()
net = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(20):
    for b in torch.randperm(cut).split(32):
        loss = nn.functional.mse_loss(net(X[tr[b]]).squeeze(1), y[tr[b]])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 0:
        print(epoch, loss.item())
with torch.no_grad():
    r2 = 1 - ((net(X[te]).squeeze(1) - y[te]) ** 2).mean() / y[te].var()
print(json.dumps({"metric": r2.item(), "higher_is_better": True, "name": "r2"}))
