import os
import json
import torch
from torch import nn

torch.manual_seed(int(os.environ.get("SEED", 0)))
x = torch.randn(600, 2)
y = (x[:, 0] > x[:, 1]).float()
model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2), nn.Tanh(), nn.Linear(2, 1), nn.Sigmoid())
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(20):
    for i in range(0, 400, 10):
        loss = nn.functional.binary_cross_entropy(model(x[i:i + 10]).squeeze(1), y[i:i + 10])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 5 == 0:
        print(epoch, loss.item())
acc = ((model(x[400:]).squeeze(1) > 0.5).float() == y[400:]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
