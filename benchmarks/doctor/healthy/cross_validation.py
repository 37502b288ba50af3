import json
import os

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
X, y = load_breast_cancer(return_X_y=True)
accs = []
for fold, (tr, te) in enumerate(KFold(5, shuffle=True, random_state=SEED).split(X)):
    sc = StandardScaler().fit(X[tr])
    xa, xb = torch.tensor(sc.transform(X[tr])).float(), torch.tensor(sc.transform(X[te])).float()
    ya, yb = torch.tensor(y[tr]), torch.tensor(y[te])
    model = nn.Sequential(nn.Linear(30, 24), nn.ReLU(), nn.Linear(24, 2))
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    for epoch in range(10):
        for b in torch.randperm(len(xa)).split(32):
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(xa[b]), ya[b])
            loss.backward()
            opt.step()
    with torch.no_grad():
        accs.append((model(xb).argmax(1) == yb).float().mean().item())
    print("fold", fold, accs[-1])
print(json.dumps({"metric": float(np.mean(accs)), "higher_is_better": True, "name": "cv_accuracy"}))
