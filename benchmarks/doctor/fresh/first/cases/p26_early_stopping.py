import os
import json
import copy
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_moons

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
X, y = make_moons(1500, noise=0.25, random_state=SEED)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
train = DataLoader(TensorDataset(X[:800], y[:800]), batch_size=32, shuffle=True)
Xv, yv, Xt, yt = X[800:1100], y[800:1100], X[1100:], y[1100:]


class EarlyStopping:
    def __init__(self, patience=4):
        self.patience, self.best, self.bad, self.state = patience, None, 0, None

    def __call__(self, val_loss, model):
        if self.best is None or val_loss > self.best:
            self.best, self.bad = val_loss, 0
            self.state = copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience


model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
loss_fn = nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
stopper = EarlyStopping()
for epoch in range(60):
    model.train()
    for xb, yb in train:
        opt.zero_grad()
        loss = loss_fn(model(xb)[:, 0], yb)
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        val_loss = loss_fn(model(Xv)[:, 0], yv).item()
    print(f"epoch {epoch}: val loss {val_loss:.4f}")
    if stopper(val_loss, model):
        print("early stopping")
        break
model.load_state_dict(stopper.state)
model.eval()
with torch.no_grad():
    acc = ((model(Xt)[:, 0] > 0).float() == yt).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
