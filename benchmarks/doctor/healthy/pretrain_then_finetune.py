import json
import os

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(int(os.environ.get("SEED", 0)))
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
xa, xb, ya, yb = train_test_split(X, y, test_size=0.4, random_state=0)

encoder = nn.Sequential(nn.Linear(64, 48), nn.ReLU())
decoder = nn.Linear(48, 64)
opt = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=2e-3)
for epoch in range(8):  # without labels
    for b in torch.randperm(len(xa)).split(32):
        noisy = xa[b] + 0.1 * torch.randn_like(xa[b])
        loss = nn.functional.mse_loss(decoder(encoder(noisy)), xa[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("reconstruction", loss.item())

model = nn.Sequential(encoder, nn.Linear(48, 10))
opt = torch.optim.Adam([
    {"params": encoder.parameters(), "lr": 3e-4},
    {"params": model[1].parameters(), "lr": 5e-3},
])
for epoch in range(15):
    if epoch < 3:  # the head first
        encoder.requires_grad_(False)
    else:
        encoder.requires_grad_(True)
    for b in torch.randperm(len(xa)).split(32):
        loss = nn.functional.cross_entropy(model(xa[b]), ya[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("fine tuning", epoch, loss.item())
with torch.no_grad():
    acc = (model(xb).argmax(1) == yb).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
