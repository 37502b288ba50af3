import os, json
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)
# returns of the next day: hardly to be foretold; the best possible forecast reaches r2 of about 0.2
n = 8000
X = rng.normal(size=(n, 10))
signal = 0.4 * np.tanh(X[:, 0] * 1.5) + 0.3 * X[:, 1] * (X[:, 2] > 0)
y = signal + rng.normal(0, 0.8, n)
x = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32)
signal = torch.tensor(signal, dtype=torch.float32)
train = DataLoader(TensorDataset(x[:6000], y[:6000]), batch_size=128, shuffle=True)
model = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 16), nn.Tanh(), nn.Linear(16, 1))
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
for epoch in range(10):
    model.train()
    s = 0
    for xb, yb in train:
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(xb).squeeze(1), yb)
        loss.backward()
        opt.step()
        s += loss.item() * len(yb)
    model.eval()
    with torch.no_grad():
        p = model(x[6000:]).squeeze(1)
    print(f"epoch {epoch} train {s / 6000:.4f} test {nn.functional.mse_loss(p, y[6000:]).item():.4f}")
# share of what can be explained at all that is explained
share = 1 - ((p - signal[6000:]) ** 2).mean().item() / signal[6000:].var().item()
print(json.dumps({"metric": share, "higher_is_better": True, "name": "share_of_signal"}))
