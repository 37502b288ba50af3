import os
import json
import torch
import torch.nn as nn
from sklearn.datasets import make_multilabel_classification

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
X, y = make_multilabel_classification(n_samples=1000, n_features=4, n_classes=1, n_labels=1, random_state=SEED)
X, y = torch.tensor(X).float(), torch.tensor(y).float()
model = nn.Sequential(
    nn.Linear(4, 10), nn.ReLU(), nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 30), nn.ReLU(),
    nn.Linear(30, 20), nn.ReLU(), nn.Linear(20, 1), nn.Sigmoid())
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
bce = nn.BCELoss()
for epoch in range(15):
    for b in torch.randperm(700).split(10):
        optimizer.zero_grad()
        loss = bce(model(X[b]), y[b])
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
with torch.no_grad():
    acc = ((model(X[700:]) > 0.5).float() == y[700:]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
