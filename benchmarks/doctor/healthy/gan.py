import json
import os

import torch
from torch import nn

torch.manual_seed(int(os.environ.get("SEED", 0)))


def real(n):
    """a ring"""
    angle = 6.2832 * torch.rand(n)
    return torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * torch.randn(n, 2)


G = nn.Sequential(nn.Linear(8, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 2))
D = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
for step in range(800):
    x = real(128)
    fake = G(torch.randn(128, 8))
    loss_d = bce(D(x), torch.ones(128, 1)) + bce(D(fake.detach()), torch.zeros(128, 1))
    opt_d.zero_grad()
    loss_d.backward()
    opt_d.step()

    loss_g = bce(D(fake), torch.ones(128, 1))
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    if step % 200 == 0:
        print(step, "D", loss_d.item(), "G", loss_g.item())
with torch.no_grad():
    radius = G(torch.randn(2000, 8)).norm(dim=1)
on_ring = ((radius - 1).abs() < 0.3).float().mean().item()
print(json.dumps({"metric": on_ring, "higher_is_better": True, "name": "share_on_ring"}))
