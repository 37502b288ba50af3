import os
import json
import numpy as np
import torch
from torch import nn

seed = int(os.environ.get("SEED", 0))
rng = np.random.default_rng(seed)
torch.manual_seed(seed)
X = rng.uniform(0, 400, (500, 16))
y = (X[:, :4].mean(1) > X[:, 4:8].mean(1)).astype(int)
X = torch.tensor(X).float()
y = torch.tensor(y)
onehot = nn.functional.one_hot(y, 2).float()
model = nn.Sequential(
    nn.Linear(16, 64), nn.Tanh(), nn.Dropout(0.2),
    nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 2), nn.Softmax(dim=1))
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
mse = nn.MSELoss()
for epoch in range(25):
    model.train()
    for b in torch.randperm(350).split(16):
        loss = mse(model(X[b]), onehot[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
model.eval()
with torch.no_grad():
    acc = (model(X[350:]).argmax(1) == y[350:]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
