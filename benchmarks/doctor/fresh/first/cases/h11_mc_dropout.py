import os
import json
import torch
from torch import nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
X, y = load_digits(return_X_y=True)
Xa, Xb, ya, yb = train_test_split(torch.tensor(X).float() / 16, torch.tensor(y), test_size=0.3, random_state=seed)
net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 10))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)


def mc_predict(x, passes=30):
    """Monte-Carlo dropout: dropout stays on, the mean of many passes is the prediction."""
    net.train()
    with torch.no_grad():
        return torch.stack([net(x).softmax(-1) for _ in range(passes)]).mean(0)


for epoch in range(25):
    net.train()
    for i in torch.randperm(len(Xa)).split(64):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(Xa[i]), ya[i])
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        print("epoch", epoch, "train loss", loss.item())
p = mc_predict(Xb)
entropy = -(p * p.clamp_min(1e-9).log()).sum(1)
wrong = p.argmax(1) != yb
print("mean entropy", entropy.mean().item(), "when wrong", entropy[wrong].mean().item())
print(json.dumps({"metric": 1 - wrong.float().mean().item(), "higher_is_better": True, "name": "test_accuracy"}))
