import json
import os

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
d = load_digits()
x, digit = torch.tensor(d.images / 16).float()[:, None], torch.tensor(d.target)
ink = x.mean((1, 2, 3))
ink = (ink - ink.mean()) / ink.std()
tr, te = train_test_split(torch.arange(len(x)), test_size=0.3, random_state=seed)


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(1, 12, 3), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
        self.digit, self.ink = nn.Linear(108, 10), nn.Linear(108, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.digit(h), self.ink(h).squeeze(1)


model = TwoHeads()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
loader = DataLoader(TensorDataset(x[tr], digit[tr], ink[tr]), batch_size=64, shuffle=True, drop_last=True)
for epoch in range(10):
    model.train()
    for xb, db, ib in loader:
        out, amount = model(xb)
        loss = F.cross_entropy(out, db) + 0.5 * F.mse_loss(amount, ib)
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
    print("epoch", epoch, loss.item())
model.eval()
with torch.no_grad():
    acc = (model(x[te])[0].argmax(1) == digit[te]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "digit_accuracy"}))
