import os
import json
import torch
from torch import nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
X, y = load_breast_cancer(return_X_y=True)
xa, xb, ya, yb = train_test_split(X, y, random_state=SEED)
sc = StandardScaler().fit(xa)
xa, xb = torch.tensor(sc.transform(xa)).float(), torch.tensor(sc.transform(xb)).float()
ya, yb = torch.tensor(ya).float(), torch.tensor(yb).float()
model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.0001)
for epoch in range(1):
    for b in torch.randperm(len(xa)).split(32):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy(model(xa[b]).squeeze(1), ya[b])
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", loss.item())
with torch.no_grad():
    acc = ((model(xb).squeeze(1) > 0.5).float() == yb).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
