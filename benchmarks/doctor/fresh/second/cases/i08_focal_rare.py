import os, json
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
from sklearn.metrics import average_precision_score

torch.manual_seed(int(os.environ.get("SEED", 0)))
n, k = 9000, 8
x = torch.randn(n, k)
score = x[:, 0] * x[:, 1] + x[:, 2] + 0.2 * torch.randn(n)
y = (score > score.quantile(0.97)).float()
x[:, 3] *= 3


class FocalLoss(nn.Module):
    def __init__(self, gamma=2.0, alpha=0.75):
        super().__init__()
        self.gamma, self.alpha = gamma, alpha

    def forward(self, logit, t):
        ce = F.binary_cross_entropy_with_logits(logit, t, reduction="none")
        pt = torch.exp(-ce)
        a = self.alpha * t + (1 - self.alpha) * (1 - t)
        return (a * (1 - pt) ** self.gamma * ce).sum() / t.sum().clamp(min=1)


net = nn.Sequential(nn.BatchNorm1d(k), nn.Linear(k, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU(), nn.Linear(24, 1))
nn.init.constant_(net[-1].bias, -3.5)
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
crit = FocalLoss()
loader = DataLoader(TensorDataset(x[:6000], y[:6000]), batch_size=200, shuffle=True)
for epoch in range(15):
    net.train()
    for xb, yb in loader:
        opt.zero_grad()
        loss = crit(net(xb).squeeze(1), yb)
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        ap = average_precision_score(y[6000:].numpy(), net(x[6000:]).squeeze(1).numpy())
    print(f"epoch {epoch} focal {loss.item():.5f} average precision {ap:.4f}")
print(json.dumps({"metric": float(ap), "higher_is_better": True, "name": "average_precision"}))
