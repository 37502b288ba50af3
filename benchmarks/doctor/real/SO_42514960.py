import os
import json
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

torch.manual_seed(int(os.environ.get("SEED", 0)))
X = torch.tensor(StandardScaler().fit_transform(load_digits().data[:, 8:56])).float()
train, test = X[:1300], X[1300:]


class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(48, 96), nn.ReLU(), nn.Linear(96, 12))
        self.decode = nn.Sequential(nn.Linear(12, 96), nn.ReLU(), nn.Linear(96, 48), nn.Sigmoid())

    def forward(self, x):
        return self.decode(self.encode(x))


ae = AE()
optimizer = torch.optim.Adam(ae.parameters(), lr=2e-3)
for epoch in range(25):
    for b in torch.randperm(len(train)).split(64):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(ae(train[b]), train[b])
        loss.backward()
        optimizer.step()
    if epoch % 5 == 0:
        print(epoch, loss.item())
with torch.no_grad():
    r2 = 1 - ((ae(test) - test) ** 2).sum() / ((test - train.mean(0)) ** 2).sum()
print(json.dumps({"metric": r2.item(), "higher_is_better": True, "name": "r2"}))
