"""A backbone learns on digits 0-5; then only a new head learns 6-9."""
import json
import os

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
d = load_digits()
images, target = torch.tensor(d.images / 16).float()[:, None], torch.tensor(d.target)

backbone = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 64), nn.ReLU())


def fit(model, params, x, y, epochs, lr):
    opt = torch.optim.Adam(params, lr=lr)
    for epoch in range(epochs):
        total = 0.0
        for b in torch.randperm(len(x)).split(32):
            opt.zero_grad()
            loss = F.cross_entropy(model(x[b]), y[b])
            loss.backward()
            opt.step()
            total += loss.item() * len(b)
        print("epoch", epoch, total / len(x))


old = target < 6
first = nn.Sequential(backbone, nn.Linear(64, 6))
fit(first, first.parameters(), images[old], target[old], 6, 2e-3)

for p in backbone.parameters():
    p.requires_grad = False
new = nn.Sequential(backbone, nn.Linear(64, 4))
xa, xb, ya, yb = train_test_split(images[~old], target[~old] - 6, test_size=0.3, random_state=seed)
fit(new, [p for p in new.parameters() if p.requires_grad], xa, ya, 15, 5e-3)
with torch.no_grad():
    acc = (new(xb).argmax(1) == yb).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
