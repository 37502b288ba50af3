import os, json, math
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(int(os.environ.get("SEED", 0)))
N = 3000
y = torch.rand(N, 1) * 2 - 1
x = 0.6 * y + 0.35 * torch.sin(2 * math.pi * y) + 0.02 * torch.randn(N, 1)      # inverse problem: several y for one x
train, (xt, yt) = TensorDataset(x[:2400], y[:2400]), (x[2400:], y[2400:])


class MDN(nn.Module):
    def __init__(self, k=5, h=40):
        super().__init__()
        self.h = nn.Sequential(nn.Linear(1, h), nn.Tanh(), nn.Linear(h, h), nn.Tanh())
        self.pi, self.mu, self.ls = nn.Linear(h, k), nn.Linear(h, k), nn.Linear(h, k)

    def forward(self, x):
        h = self.h(x * 2)
        return torch.log_softmax(self.pi(h), -1), self.mu(h), self.ls(h).clamp(-5, 2)


def nll(out, y):
    logpi, mu, ls = out
    logp = -0.5 * ((y - mu) / ls.exp()) ** 2 - ls - 0.5 * math.log(2 * math.pi)
    return -torch.logsumexp(logpi + logp, -1).mean()


net = MDN()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(35):
    for xb, yb in DataLoader(train, batch_size=100, shuffle=True):
        opt.zero_grad()
        loss = nll(net(xb), yb)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        opt.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            v = nll(net(xt), yt).item()
        print("epoch", epoch, "nll", loss.item(), "test nll", v)
print(json.dumps({"metric": v, "higher_is_better": False, "name": "test_nll"}))
