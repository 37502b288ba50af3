import os
import json
import torch
from torch import nn
from sklearn.datasets import make_regression
from sklearn.model_selection import train_test_split

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
X, y = make_regression(800, 6, noise=5, random_state=seed)
y = y / y.std()
xa, xb, ya, yb = (torch.tensor(v).float() for v in train_test_split(X, y, random_state=seed))
net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for epoch in range(30):
    for b in torch.randperm(len(xa)).split(16):
        out = net(xa[b]).squeeze(1)
        loss = nn.functional.binary_cross_entropy_with_logits(out, ya[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 0:
        print(epoch, loss.item())
with torch.no_grad():
    r2 = 1 - ((net(xb).squeeze(1) - yb) ** 2).mean() / yb.var()
print(json.dumps({"metric": r2.item(), "higher_is_better": True, "name": "test_r2"}))
