import os, json
import torch
from torch import nn
from sklearn.datasets import load_digits

torch.manual_seed(int(os.environ.get("SEED", 0)))
x = torch.tensor(load_digits().data).float() / 16
x = x[torch.randperm(len(x))]
mean = x[:1400].mean(0)


class SparseAutoencoder(nn.Module):
    """Overcomplete code of which only the 12 largest of 256 units speak (k-sparse)."""

    def __init__(self, d=64, units=256, k=12):
        super().__init__()
        self.enc = nn.Linear(d, units)
        self.dec = nn.Linear(units, d, bias=False)
        self.k = k

    def forward(self, x):
        h = torch.relu(self.enc(x - mean))
        top = h.topk(self.k, dim=1)
        h = torch.zeros_like(h).scatter(1, top.indices, top.values)
        return self.dec(h) + mean, h


sae = SparseAutoencoder()
opt = torch.optim.Adam(sae.parameters(), lr=2e-3)
for epoch in range(30):
    for xb in x[:1400].split(100):
        rec, code = sae(xb)
        loss = (rec - xb).pow(2).sum(1).mean() + 0.01 * code.abs().sum(1).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 0:
        print(f"epoch {epoch} loss {loss.item():.3f} active {(code > 0).float().mean().item():.3f}")
with torch.no_grad():
    rec, _ = sae(x[1400:])
    explained = 1 - (rec - x[1400:]).pow(2).sum() / (x[1400:] - mean).pow(2).sum()
print(json.dumps({"metric": explained.item(), "higher_is_better": True, "name": "explained_variance"}))
