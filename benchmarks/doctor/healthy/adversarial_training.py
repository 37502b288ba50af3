import json
import os

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(int(os.environ.get("SEED", 0)))
X, y = load_digits(return_X_y=True)
xa, xb, ya, yb = train_test_split(torch.tensor(X / 16).float(), torch.tensor(y), test_size=0.3, random_state=1)
model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
opt = torch.optim.Adam(model.parameters(), lr=2e-3)


def fgsm(x, t, eps=0.1):
    x = x.clone().requires_grad_(True)
    F.cross_entropy(model(x), t).backward()
    return (x + eps * x.grad.sign()).clamp(0, 1).detach()


for epoch in range(12):
    for b in torch.randperm(len(xa)).split(32):
        attacked = fgsm(xa[b], ya[b])
        opt.zero_grad()  # the attack has left gradients in the weights too
        loss = F.cross_entropy(model(attacked), ya[b])
        loss.backward()
        opt.step()
    print("epoch", epoch, loss.item())
with torch.no_grad():
    acc = (model(xb).argmax(1) == yb).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "clean_accuracy"}))
