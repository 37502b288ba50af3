import os, json
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(int(os.environ.get("SEED", 0)))
MAX_LEN, FEATURES = 10, 5
TRUE = torch.randn(FEATURES)


def visits(n):
    """patients with 0 to 10 visits; the outcome hangs on the mean of the visits"""
    length = torch.randint(0, MAX_LEN + 1, (n,))
    x = torch.randn(n, MAX_LEN, FEATURES) + torch.randn(n, 1, FEATURES)
    mask = (torch.arange(MAX_LEN)[None] < length[:, None]).float()
    mean = (x * mask.unsqueeze(-1)).sum(1) / length.clamp(min=1).unsqueeze(1)
    return x * mask.unsqueeze(-1), mask, torch.tanh(mean @ TRUE / 2) + 0.1 * torch.randn(n)


class VisitNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(FEATURES, 32), nn.ReLU(), nn.Linear(32, 32))
        self.rho = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x, mask):
        h = self.phi(x) * mask.unsqueeze(-1)
        pooled = h.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
        return self.rho(pooled).squeeze(-1)


train = DataLoader(TensorDataset(*visits(2000)), batch_size=50, shuffle=True)
xt, mt, yt = visits(600)
model = VisitNet()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(10):
    total = 0.0
    for x, m, y in train:
        optimizer.zero_grad()
        loss = ((model(x, m) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print("epoch", epoch, "loss", total / len(train))
with torch.no_grad():
    rmse = ((model(xt, mt) - yt) ** 2).mean().sqrt().item()
print(json.dumps({"metric": rmse, "higher_is_better": False, "name": "test_rmse"}))
