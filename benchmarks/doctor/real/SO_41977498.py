import os
import json
import torch
from torch import nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(int(os.environ.get("SEED", 0)))
X, y = load_digits(return_X_y=True)
xa, xb, ya, yb = train_test_split(torch.tensor(X / 16).float(), torch.tensor(y), test_size=0.3, random_state=0)
net = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
opt = torch.optim.RMSprop(net.parameters(), lr=1e-5)
for epoch in range(10):
    for b in torch.randperm(len(xa)).split(32):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(xa[b]), ya[b])
        loss.backward()
        opt.step()
    print("epoch", epoch, "loss", loss.item())
acc = (net(xb).argmax(1) == yb).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
