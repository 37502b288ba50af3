import os, json
import torch
import torch.nn as nn

torch.manual_seed(int(os.environ.get("SEED", 0)))
LEVELS = torch.tensor([0.1, 0.5, 0.9])


def sample(n):
    x = torch.rand(n, 2) * 4 - 2
    return x, torch.sin(2 * x[:, :1]) + x[:, 1:] ** 2 / 2 + (0.1 + 0.3 * x[:, :1].abs()) * torch.randn(n, 1)


def pinball(pred, y):
    diff = y - pred             # (n, 1) - (n, 3) on purpose
    return torch.maximum(LEVELS * diff, (LEVELS - 1) * diff).mean()


class Bands(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU())
        self.out = nn.Linear(48, 3)

    def forward(self, x):
        raw = self.out(self.body(x))
        gap = nn.functional.softplus(raw[:, 1:])
        return torch.cat([raw[:, :1], raw[:, :1] + gap.cumsum(1)], 1)


xa, ya = sample(4000)
xt, yt = sample(2000)
net = Bands()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(12):
    for i in torch.randperm(4000).split(64):
        opt.zero_grad()
        loss = pinball(net(xa[i]), ya[i])
        loss.backward()
        opt.step()
    with torch.no_grad():
        p = net(xt)
    print("epoch", epoch, "loss", loss.item(), "test", pinball(p, yt).item())
inside = ((yt > p[:, :1]) & (yt < p[:, 2:])).float().mean().item()
print("coverage of the 80 % band", inside)
print(json.dumps({"metric": abs(inside - 0.8), "higher_is_better": False, "name": "coverage_error"}))
