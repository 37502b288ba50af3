import json
import os

import torch
from sklearn.datasets import make_friedman1
from sklearn.model_selection import train_test_split

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
X, y = make_friedman1(500, noise=0.3, random_state=SEED)
y = (y - y.mean()) / y.std()
xa, xb, ya, yb = (torch.tensor(v).float() for v in train_test_split(X, y, random_state=SEED))
net = torch.nn.Sequential(torch.nn.Linear(10, 20), torch.nn.Tanh(), torch.nn.Linear(20, 1))
optimizer = torch.optim.LBFGS(net.parameters(), max_iter=10, history_size=10, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    loss = ((net(xa).squeeze(-1) - ya) ** 2).mean()
    loss = loss + 1e-3 * sum((p ** 2).sum() for p in net.parameters())
    loss.backward()
    return loss


for i in range(12):
    print("round", i, optimizer.step(closure).item())
with torch.no_grad():
    r2 = 1 - ((net(xb).squeeze(-1) - yb) ** 2).mean() / yb.var()
print(json.dumps({"metric": r2.item(), "higher_is_better": True, "name": "r2"}))
