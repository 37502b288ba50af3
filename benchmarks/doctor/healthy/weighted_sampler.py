import json
import os

import pandas as pd
import torch
import torch.nn as nn
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
path = os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/tables/mammography/mammography.csv"
table = pd.read_csv(path, header=None)
y = table[6].astype(str).str.contains("1") & ~table[6].astype(str).str.contains("-1")
X = table.iloc[:, :6].to_numpy(dtype="float32")
y = y.to_numpy(dtype="float32")
xa, xb, ya, yb = train_test_split(X, y, test_size=0.5, random_state=SEED, stratify=y)
sc = StandardScaler().fit(xa)
xa, xb = torch.tensor(sc.transform(xa)), torch.tensor(sc.transform(xb))
ya, yb = torch.tensor(ya), torch.tensor(yb)
weights = torch.where(ya > 0, 1 / ya.mean(), 1 / (1 - ya.mean()))
loader = DataLoader(TensorDataset(xa, ya), batch_size=64, sampler=WeightedRandomSampler(weights, 4000))
model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(6):
    for x, t in loader:
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(x).squeeze(1), t)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
with torch.no_grad():
    guess = model(xb).squeeze(1) > 0
balanced = 0.5 * (guess[yb > 0].float().mean() + (~guess[yb == 0]).float().mean())
print(json.dumps({"metric": balanced.item(), "higher_is_better": True, "name": "balanced_accuracy"}))
