import json
import os
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
X, y = load_breast_cancer(return_X_y=True)
scores = []
for fold, (tr, te) in enumerate(StratifiedKFold(4, shuffle=True, random_state=SEED).split(X, y)):
    sc = StandardScaler().fit(X[tr])
    xt, xv = (torch.tensor(sc.transform(X[i]), dtype=torch.float32) for i in (tr, te))
    yt, yv = (torch.tensor(y[i], dtype=torch.float32).unsqueeze(1) for i in (tr, te))
    net = nn.Sequential(nn.Linear(30, 32), nn.Tanh(), nn.Linear(32, 16), nn.Tanh(), nn.Linear(16, 1))
    opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    lossf = nn.BCEWithLogitsLoss()
    dl = DataLoader(TensorDataset(xt, yt), batch_size=8, shuffle=True)
    for epoch in range(8):
        net.train()
        for xb, yb in dl:
            opt.zero_grad()
            loss = lossf(net(xb), yb)
            loss.backward()
            opt.step()
        net.eval()
        with torch.no_grad():
            out = net(xv)
            vl = lossf(out, yv).item()
            acc = ((out > 0).float() == yv).float().mean().item()
        print(f"fold {fold} epoch {epoch} loss {loss.item():.4f} val loss {vl:.4f} acc {acc:.3f}")
    scores.append(acc)
print("mean over folds", np.mean(scores))
print(json.dumps({"metric": float(np.mean(scores)), "higher_is_better": True, "name": "cv_accuracy"}))
