import os
import json
import pandas as pd
import torch
from torch import nn
from torch.utils.data import TensorDataset, DataLoader

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
folder = os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/tables/wine_quality/"
df = pd.read_csv(folder + "winequality-white.csv", header=None).sample(frac=1, random_state=SEED)
X, quality = df.iloc[:, :11].to_numpy("float32"), df.iloc[:, 11].to_numpy("int64")
n = 3800
X = (X - X[:n].mean(0)) / X[:n].std(0)
X = torch.tensor(X)
grade = torch.tensor(quality)        # 3 .. 9, a grade: near is better than far
train = DataLoader(TensorDataset(X[:n], grade[:n]), batch_size=64, shuffle=True)
model = nn.Sequential(nn.Linear(11, 64), nn.ReLU(), nn.Linear(64, 1))
model[2].bias.data.fill_(float(quality[:n].mean()))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(12):
    for xb, g in train:
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(xb).squeeze(1), g.float())
        loss.backward()
        opt.step()
    with torch.no_grad():
        mae = (model(X[n:]).squeeze(1) - grade[n:]).abs().mean().item()
    print("epoch", epoch, "mse", round(loss.item(), 3), "test mae", round(mae, 3))
base = (grade[n:] - grade[:n].float().mean()).abs().mean().item()
print("mean guess", base)
print(json.dumps({"metric": mae / base, "higher_is_better": False, "name": "mae_relative_to_mean_guess"}))
