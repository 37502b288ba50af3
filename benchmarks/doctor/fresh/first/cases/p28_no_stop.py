import os
import json
import copy
import torch
import torch.nn as nn
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
X, y = load_diabetes(return_X_y=True)
X_a, X_te, y_a, y_te = train_test_split(X, y, test_size=0.4, random_state=SEED)
X_tr, X_va, y_tr, y_va = train_test_split(X_a, y_a, test_size=0.4, random_state=SEED)
mx, sx, my, sy = X_tr.mean(0), X_tr.std(0), y_tr.mean(), y_tr.std()


def t(X, y):
    return torch.tensor((X - mx) / sx, dtype=torch.float32), torch.tensor((y - my) / sy, dtype=torch.float32).view(-1, 1)


xtr, ytr = t(X_tr, y_tr)
xva, yva = t(X_va, y_va)
xte, yte = t(X_te, y_te)
net = nn.Sequential(nn.Linear(10, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(120):
    net.train()
    for b in torch.randperm(len(xtr)).split(32):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(xtr[b]), ytr[b])
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        tr = nn.functional.mse_loss(net(xtr), ytr).item()
        va = nn.functional.mse_loss(net(xva), yva).item()
    if epoch % 10 == 0:
        print("epoch", epoch, "train", round(tr, 3), "valid", round(va, 3))
with torch.no_grad():
    r2 = 1 - ((net(xte) - yte) ** 2).sum().item() / ((yte - yte.mean()) ** 2).sum().item()
print(json.dumps({"metric": r2, "higher_is_better": True, "name": "test_r2"}))
