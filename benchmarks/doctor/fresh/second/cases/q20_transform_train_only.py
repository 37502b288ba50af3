import os, json
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader
from sklearn.datasets import load_breast_cancer

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
data = load_breast_cancer()
rows = np.random.RandomState(SEED).permutation(len(data.target))
fit_rows, held_rows = rows[:400], rows[400:]
MEAN, STD = data.data[fit_rows].mean(0), data.data[fit_rows].std(0)


class Cells(Dataset):
    def __init__(self, rows, train=True):
        self.rows, self.train = rows, train

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, k):
        x = data.data[self.rows[k]]
        if self.train:
            x = (x - MEAN) / STD
            x = x + np.random.normal(0, 0.1, x.shape)
        return torch.tensor(x, dtype=torch.float32), torch.tensor(data.target[self.rows[k]], dtype=torch.float32)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(30, 32), nn.GELU(), nn.Linear(32, 32), nn.GELU(), nn.Linear(32, 1))

    def forward(self, x):
        return self.net(x).squeeze(1)


np.random.seed(SEED)
model, bce = Model(), nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
train_loader = DataLoader(Cells(fit_rows), batch_size=20, shuffle=True)
val_loader = DataLoader(Cells(held_rows, train=False), batch_size=64)
for epoch in range(12):
    model.train()
    losses = []
    for x, y in train_loader:
        loss = bce(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        ok = torch.cat([((model(x) > 0) == (y > 0.5)).float() for x, y in val_loader])
        vl = np.mean([bce(model(x), y).item() for x, y in val_loader])
    print(f"epoch {epoch} train {np.mean(losses):.4f} val {vl:.4f} acc {ok.mean():.4f}")
print(json.dumps({"metric": ok.mean().item(), "higher_is_better": True, "name": "val_accuracy"}))
