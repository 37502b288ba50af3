import os
import json
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
X, y = load_breast_cancer(return_X_y=True)
xa, xb, ya, yb = train_test_split(X[:, :9], y, random_state=SEED)
sc = StandardScaler().fit(xa)
xa, xb = torch.tensor(sc.transform(xa)).float(), torch.tensor(sc.transform(xb)).float()
ya, yb = torch.tensor(ya), torch.tensor(yb)
logreg = nn.Linear(9, 2)
nn.init.trunc_normal_(logreg.weight)
optimizer = torch.optim.Adam(logreg.parameters(), lr=0.05)
for epoch in range(30):
    for b in torch.randperm(len(xa)).split(7):
        loss = nn.functional.cross_entropy(logreg(xa[b]), ya[b])
        loss = loss + 8.0 * logreg.weight.pow(2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 10 == 0:
        print(epoch, loss.item())
with torch.no_grad():
    acc = (logreg(xb).argmax(1) == yb).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
