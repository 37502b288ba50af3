import os
import json
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import TensorDataset, DataLoader

SEED = int(os.environ.get("SEED", 0))
np.random.seed(SEED)
torch.manual_seed(SEED)
csv = os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/tables/california_housing/housing.csv"
df = pd.read_csv(csv).dropna().sample(5000, random_state=SEED)
y = np.log(df.pop("median_house_value").values.astype("float32"))
df = pd.get_dummies(df, dtype="float32")
for c in ("total_rooms", "total_bedrooms", "population", "households"):
    df[c] = np.log(df[c])
x = df.values.astype("float32")
n = 4000
mx, sx, my, sy = x[:n].mean(0), x[:n].std(0) + 1e-6, y[:n].mean(), y[:n].std()
x, y = (x - mx) / sx, (y - my) / sy
train = DataLoader(TensorDataset(torch.tensor(x[:n]), torch.tensor(y[:n])), batch_size=128, shuffle=True)
xt, yt = torch.tensor(x[n:]), torch.tensor(y[n:])


class HuberLoss(nn.Module):
    def __init__(self, delta=1.0):
        super().__init__()
        self.delta = delta

    def forward(self, pred, target):
        e = (pred - target).abs()
        return torch.where(e < self.delta, 0.5 * e ** 2, self.delta * (e - 0.5 * self.delta)).mean()


model = nn.Sequential(nn.Linear(x.shape[1], 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
criterion = HuberLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(15):
    total = 0
    for xb, yb in train:
        pred = model(xb)
        loss = criterion(pred, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print("epoch", epoch, "huber", total / len(train))
with torch.no_grad():
    p = model(xt).squeeze(1)
    r2 = (1 - (p - yt).pow(2).sum() / (yt - yt.mean()).pow(2).sum()).item()
print(json.dumps({"metric": r2, "higher_is_better": True, "name": "test_r2"}))
