import os
import json
import numpy as np
import torch
from torch import nn

seed = int(os.environ.get("SEED", 0))
rng = np.random.default_rng(seed)
torch.manual_seed(seed)
# income, age, balance
n = 600
X = np.stack([rng.normal(52000, 15000, n), rng.uniform(18, 80, n), rng.normal(900, 4000, n)], 1)
score = (X[:, 0] - 52000) / 15000 + (X[:, 1] - 49) / 18 - (X[:, 2] - 900) / 4000
y = (score + 0.3 * rng.normal(size=n) > 0).astype(np.float32)
X_train, X_test, y_train, y_test = X[:400], X[400:], y[:400], y[400:]
mean, std = X_train.mean(0), X_train.std(0)
X_train, X_test = torch.tensor(X_train).float(), torch.tensor(X_test).float()
y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)

model = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 3), nn.ReLU(), nn.Linear(3, 1), nn.Sigmoid())
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
for epoch in range(60):
    for i in range(0, 400, 20):
        p = model(X_train[i:i + 20]).squeeze(1)
        loss = nn.functional.binary_cross_entropy(p, y_train[i:i + 20])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 10 == 0:
        print(f"Epoch {epoch} loss {loss.item():.3f}")
with torch.no_grad():
    acc = ((model(X_test).squeeze(1) > 0.5).float() == y_test).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
