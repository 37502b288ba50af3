import os, json
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

SEED = int(os.environ.get("SEED", "0"))
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)


def spirals(n, turns=1.75, noise=0.03):
    t = np.sqrt(rng.random(n)) * turns * 2 * np.pi
    label = rng.integers(0, 2, n)
    r = t / (turns * 2 * np.pi)
    a = t + np.pi * label
    pts = np.stack([r * np.cos(a), r * np.sin(a)], 1) + noise * rng.standard_normal((n, 2))
    return torch.tensor(pts * 2, dtype=torch.float32), torch.tensor(label, dtype=torch.long)


class ResBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a = nn.Linear(width, width)
        self.b = nn.Linear(width, width)

    def forward(self, x):
        return x + self.b(F.relu(self.a(F.relu(x))))


class ResMLP(nn.Module):
    def __init__(self, width=32, depth=3):
        super().__init__()
        self.stem = nn.Linear(2, 6)
        blocks = [nn.Linear(6, width)] + [ResBlock(width) for _ in range(depth)]
        self.blocks = nn.ModuleList(blocks)
        self.out = nn.Linear(width, 2)

    def forward(self, x):
        h = self.stem(x)
        for block in self.blocks:
            h = block(h)
        return self.out(F.relu(h))


x_train, y_train = spirals(1500)
x_test, y_test = spirals(600)
model = ResMLP()
print("parameters:", sum(p.numel() for p in model.parameters()))
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(40):
    for b in torch.randperm(1500).split(100):
        loss = F.cross_entropy(model(x_train[b]), y_train[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 8 == 0:
        print(epoch, loss.item())
with torch.no_grad():
    acc = (model(x_test).argmax(1) == y_test).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
