import os
import json
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(int(os.environ.get("SEED", 0)))
d = load_digits()
x, y = torch.tensor(d.images / 16).float().unsqueeze(1), torch.tensor(d.target)
model = nn.Sequential(nn.Conv2d(1, 12, 3), nn.ReLU(), nn.Flatten(), nn.Linear(432, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-4)
EPOCHS = 2
for epoch in range(EPOCHS):
    for b in torch.randperm(1200).split(64):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x[b]), y[b])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        acc = (model(x[1200:]).argmax(1) == y[1200:]).float().mean().item()
    print(epoch, loss.item(), acc)
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
