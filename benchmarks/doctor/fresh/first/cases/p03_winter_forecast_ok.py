import os
import json
import numpy as np
import pandas as pd
import torch
import torch.nn as nn

torch.manual_seed(int(os.environ.get("SEED", 0)))
root = os.environ.get("NETWRIGHT_DATA", "../shared/data")
df = pd.read_csv(root + "/time_series/daily_min_temperatures/daily-min-temperatures.csv", parse_dates=["Date"])
temp = df["Temp"].to_numpy(dtype=np.float32)
is_test = (df["Date"] >= "1990-06-01").to_numpy() & (df["Date"] < "1990-08-20").to_numpy()
history = temp[(df["Date"] < "1990-06-01").to_numpy()]
recent = temp[is_test]
W = 10


def windows(series):
    x = np.stack([series[i:i + W] for i in range(len(series) - W)])
    return torch.tensor(x), torch.tensor(series[W:]).unsqueeze(1)


mu, sd = history.mean(), history.std()
x_train, y_train = windows((history - mu) / sd)
x_test, _ = windows((recent - mu) / sd)
_, y_test = windows(recent)

model = nn.Sequential(nn.Linear(W, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(12):
    perm = torch.randperm(len(x_train))
    tot = 0
    for i in range(0, len(perm), 64):
        j = perm[i:i + 64]
        loss = nn.functional.mse_loss(model(x_train[j]), y_train[j])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() * len(j)
    print("Epoch %d train mse %.4f" % (epoch, tot / len(perm)))
model.eval()
with torch.no_grad():
    degrees = model(x_test) * float(sd) + float(mu)
    rmse = (degrees - y_test).pow(2).mean().sqrt().item()
print(json.dumps({"metric": rmse, "higher_is_better": False, "name": "test_rmse_degrees"}))
