import os
import json
import torch
from torch import nn
from sklearn.datasets import load_digits

torch.manual_seed(int(os.environ.get("SEED", 0)))
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)
Y = nn.functional.one_hot(y, 10).float()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(64, 100))
        self.w2 = nn.Parameter(torch.randn(100, 10))

    def forward(self, x):
        return torch.sigmoid(x @ self.w1) @ self.w2


net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for epoch in range(15):
    for k in range(0, 1200, 20):
        h = net(X[k:k + 20])
        t = Y[k:k + 20]
        cost = torch.mean(torch.sum(-t * torch.log(h) - (1 - t) * torch.log(1 - h), 1))
        opt.zero_grad()
        cost.backward()
        opt.step()
    print("epoch", epoch, "cost", cost.item())
with torch.no_grad():
    acc = (net(X[1200:]).argmax(1) == y[1200:]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
