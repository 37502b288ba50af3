import os
import json
import math
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(int(os.environ.get("SEED", 0)))


def microphones(n, k=8):
    """k microphones on a circle hear a source from an unknown bearing"""
    angle = torch.rand(n) * 2 * math.pi
    where = torch.arange(k) * 2 * math.pi / k
    level = torch.exp(torch.cos(angle[:, None] - where)) + 0.15 * torch.randn(n, k)
    return (level - 1.27) / 0.85, torch.stack([angle.cos(), angle.sin()], 1)


class BearingNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(8, 32), nn.Linear(32, 32), nn.Linear(32, 2)

    def forward(self, x):
        return self.l3(F.elu(self.l2(F.elu(self.l1(x)))))


def cosine_loss(pred, target):
    return 1 - F.cosine_similarity(pred, target, dim=1).mean()


train_dl = DataLoader(TensorDataset(*microphones(2000)), batch_size=64, shuffle=True)
xt, yt = microphones(1000)
model = BearingNet()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(10):
    for x, y in train_dl:
        optimizer.zero_grad()
        loss = cosine_loss(model(x), y)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        p = model(xt)
        err = torch.atan2(p[:, 1], p[:, 0]) - torch.atan2(yt[:, 1], yt[:, 0])
        err = torch.remainder(err + math.pi, 2 * math.pi) - math.pi
        deg = err.abs().mean().item() * 180 / math.pi
    print(f"epoch {epoch}: loss {loss.item():.4f}, mean error {deg:.2f} degrees")
print(json.dumps({"metric": deg, "higher_is_better": False, "name": "mean_error_degrees"}))
