import json
import os

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.optim.swa_utils import SWALR, AveragedModel, update_bn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(int(os.environ.get("SEED", 0)))
X, y = load_digits(return_X_y=True)
xa, xb, ya, yb = train_test_split(torch.tensor(X / 16).float(), torch.tensor(y), test_size=0.3, random_state=0)
loader = DataLoader(TensorDataset(xa, ya), batch_size=32, shuffle=True)
model = nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 10))
averaged = AveragedModel(model)
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
swa = SWALR(opt, swa_lr=0.05)
for epoch in range(10):
    for x, t in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(x), t)
        loss.backward()
        opt.step()
    if epoch >= 5:
        averaged.update_parameters(model)
        swa.step()
    print(epoch, loss.item())
update_bn(loader, averaged)
averaged.eval()
with torch.no_grad():
    acc = (averaged(xb).argmax(1) == yb).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
