import os, json, zipfile
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
root = os.environ.get("NETWRIGHT_DATA", "../shared/data")
with zipfile.ZipFile(root + "/time_series/beijing_pm25/pollution.zip") as z:
    with z.open([n for n in z.namelist() if n.endswith(".csv")][0]) as f:
        df = pd.read_csv(f)
df.columns = [c.lower() for c in df.columns]
print(list(df.columns))
cols = ["pollution", "dew", "temp", "press", "wnd_spd"] if "pollution" in df else ["pm2.5", "dewp", "temp", "pres", "iws"]
df = df[cols].ffill().dropna().iloc[5000 + 2000 * SEED: 9000 + 2000 * SEED]
values = df.values.astype(np.float32)
split = 3000
target = np.log1p(values[:, 0])
target = (target - target[:split].mean()) / target[:split].std()
inputs = values


class Windows(Dataset):
    def __init__(self, lo, hi, length=12):
        self.lo, self.hi, self.length = lo, hi, length

    def __len__(self):
        return self.hi - self.lo - self.length

    def __getitem__(self, i):
        i += self.lo
        return torch.from_numpy(inputs[i:i + self.length]), torch.tensor(target[i + self.length])


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(5, 24, batch_first=True)
        self.fc = nn.Linear(24, 1)

    def forward(self, x):
        return self.fc(self.gru(x)[1][-1]).squeeze(-1)


train = DataLoader(Windows(0, split), batch_size=64, shuffle=True)
valid = DataLoader(Windows(split, len(values)), batch_size=256)
model = Forecaster()
optim = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(8):
    model.train()
    losses = []
    for xb, yb in train:
        optim.zero_grad()
        loss = nn.functional.mse_loss(model(xb), yb)
        loss.backward()
        optim.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        p, t = zip(*[(model(xb), yb) for xb, yb in valid])
    p, t = torch.cat(p), torch.cat(t)
    r2 = 1 - ((p - t) ** 2).sum().item() / ((t - t.mean()) ** 2).sum().item()
    print(f"epoch {epoch} train mse {np.mean(losses):.4f} valid r2 {r2:.4f}")
print(json.dumps({"metric": r2, "higher_is_better": True, "name": "valid_r2"}))
