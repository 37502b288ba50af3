import os, json
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

SEED = int(os.environ.get("SEED", 0))
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)
SIZES = {"shop": 120, "product": 200, "weekday": 7}
effect = {k: rng.normal(0, 1, n) for k, n in SIZES.items()}
N = 6000
cats = {k: rng.integers(0, n, N) for k, n in SIZES.items()}
price = rng.normal(0, 1, N)
sales = sum(effect[k][cats[k]] for k in SIZES) - 0.8 * price + 0.3 * rng.normal(size=N)
sales = (sales - sales.mean()) / sales.std()
C = torch.tensor(np.stack([cats[k] for k in SIZES], 1))
P = torch.tensor(price, dtype=torch.float32).unsqueeze(1)
Y = torch.tensor(sales, dtype=torch.float32).unsqueeze(1)


class SalesModel(nn.Module):
    def __init__(self, dim=4):
        super().__init__()
        self.tables = nn.ModuleDict({k: nn.Embedding(n, dim) for k, n in SIZES.items()})
        self.mlp = nn.Sequential(nn.Linear(dim * len(SIZES) + 1, 24), nn.ReLU(), nn.Linear(24, 1))

    def forward(self, c, p):
        e = [self.tables[k](c[:, i]) for i, k in enumerate(SIZES)]
        return self.mlp(torch.cat(e + [p], dim=1))


cut = 5000
loader = DataLoader(TensorDataset(C[:cut], P[:cut], Y[:cut]), batch_size=64, shuffle=True)
model = SalesModel()
optimizer = torch.optim.Adam(model.parameters(), lr=8e-3)
for epoch in range(10):
    model.train()
    for c, p, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(c, p), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        err = nn.functional.mse_loss(model(C[cut:], P[cut:]), Y[cut:]).item()
    print(f"epoch {epoch} train {loss.item():.4f} test {err:.4f}")
r2 = 1 - err / Y[cut:].var(unbiased=False).item()
print(json.dumps({"metric": r2, "higher_is_better": True, "name": "test_r2"}))
