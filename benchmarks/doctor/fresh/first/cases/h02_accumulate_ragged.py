import os, json
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)


class Bags(Dataset):
    """Sets of 3 to 12 points; the target is the largest distance from the origin in the set."""

    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        self.sets = [torch.tensor(rng.normal(size=(rng.integers(3, 13), 2)), dtype=torch.float32) for _ in range(n)]

    def __len__(self):
        return len(self.sets)

    def __getitem__(self, i):
        s = self.sets[i]
        return s, s.norm(dim=1).max()


def collate(batch):
    points = torch.cat([s for s, _ in batch])
    owner = torch.repeat_interleave(torch.arange(len(batch)), torch.tensor([len(s) for s, _ in batch]))
    return points, owner, torch.stack([t for _, t in batch])


class DeepSet(nn.Module):
    def __init__(self):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        self.rho = nn.Linear(32, 1)

    def forward(self, points, owner, n):
        h = self.phi(points)
        pooled = torch.zeros(n, 32).index_reduce_(0, owner, h, "amax", include_self=False)
        return self.rho(pooled).squeeze(1)


train = DataLoader(Bags(1000, SEED), batch_size=8, shuffle=True, collate_fn=collate)
test = DataLoader(Bags(300, SEED + 1000), batch_size=50, collate_fn=collate)
model = DeepSet()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
ACCUM = 5
opt.zero_grad()
for epoch in range(10):
    for step, (p, o, t) in enumerate(train, 1):
        loss = nn.functional.mse_loss(model(p, o, len(t)), t) / ACCUM
        loss.backward()
        if step % ACCUM == 0:
            opt.step()
            opt.zero_grad()
    print("epoch", epoch, "loss", loss.item() * ACCUM)
with torch.no_grad():
    pred, true = zip(*[(model(p, o, len(t)), t) for p, o, t in test])
pred, true = torch.cat(pred), torch.cat(true)
r2 = 1 - (pred - true).pow(2).sum() / (true - true.mean()).pow(2).sum()
print(json.dumps({"metric": r2.item(), "higher_is_better": True, "name": "test_r2"}))
