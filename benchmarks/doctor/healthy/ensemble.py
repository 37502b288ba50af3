import json
import os

import torch
import torch.nn.functional as F
from sklearn.datasets import make_moons
from torch import nn

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
X, y = make_moons(1000, noise=0.2, random_state=seed)
X, y = torch.tensor(X).float(), torch.tensor(y)
xa, ya, xb, yb = X[:600], y[:600], X[600:], y[600:]
members = [nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 2)) for _ in range(4)]
for k, net in enumerate(members):
    opt = torch.optim.SGD(net.parameters(), lr=0.2, momentum=0.9)
    for epoch in range(12):
        picks = torch.randint(0, len(xa), (len(xa),))  # bootstrap
        for b in picks.split(50):
            loss = F.cross_entropy(net(xa[b]), ya[b])
            opt.zero_grad()
            loss.backward()
            opt.step()
    print("member", k, loss.item())
with torch.no_grad():
    mean = torch.stack([net(xb).softmax(1) for net in members]).mean(0)
print(json.dumps({"metric": (mean.argmax(1) == yb).float().mean().item(), "higher_is_better": True, "name": "accuracy"}))
