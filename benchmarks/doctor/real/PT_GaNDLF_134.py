import os
import json
import warnings
import torch
from torch import nn
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore")
SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
X, y = load_diabetes(return_X_y=True)
xa, xb, ya, yb = (torch.tensor(v).float() for v in train_test_split(scale(X), scale(y), random_state=SEED))
net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
loss_fn = nn.MSELoss()
for epoch in range(12):
    total = 0
    for x, t in DataLoader(TensorDataset(xa, ya), batch_size=16, shuffle=True):
        optimizer.zero_grad()
        output = net(x)
        loss = loss_fn(output, t)
        loss.backward()
        optimizer.step()
        total += loss.item()
    print("epoch", epoch, "loss", total)
with torch.no_grad():
    r2 = 1 - ((net(xb)[:, 0] - yb) ** 2).mean() / yb.var()
print(json.dumps({"metric": r2.item(), "higher_is_better": True, "name": "r2"}))
