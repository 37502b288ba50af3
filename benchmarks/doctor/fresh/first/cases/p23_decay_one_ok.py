import os, json
import torch
from torch import nn
from sklearn.datasets import make_friedman1

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
X, y = make_friedman1(1500, n_features=8, noise=0.5, random_state=SEED)
X = torch.tensor(X, dtype=torch.float32) * 3.46 - 1.73
y = torch.tensor(y, dtype=torch.float32)[:, None]
Xtr, ytr, Xte, yte = X[:1100], y[:1100], X[1100:], y[1100:]
m, s = ytr.mean(), ytr.std()


class Regressor(nn.Module):
    def __init__(self, inputs, hidden=48):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, 1))

    def forward(self, x):
        return self.net(x)


model = Regressor(8)
opt = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-5)
for epoch in range(1, 41):
    model.train()
    for b in torch.randperm(1100).split(64):
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(Xtr[b]), (ytr[b] - m) / s)
        loss.backward()
        opt.step()
    if epoch % 10 == 0:
        print("epoch", epoch, "mse", loss.item())
model.eval()
with torch.no_grad():
    e = model(Xte) * s + m - yte
r2 = 1 - e.pow(2).mean() / yte.var()
print(json.dumps({"metric": r2.item(), "higher_is_better": True, "name": "test_r2"}))
