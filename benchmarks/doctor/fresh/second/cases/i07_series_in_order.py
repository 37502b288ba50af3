import os, json
import numpy as np
import pandas as pd
import torch
import torch.nn as nn

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
df = pd.read_csv(os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/time_series/airline_passengers/airline-passengers.csv")
v = np.log(df.iloc[:, 1].values.astype(np.float64))
step = np.diff(v)                                   # growth from month to month
mu, sd = step[:100].mean(), step[:100].std()
z = ((step - mu) / sd).astype(np.float32)
L = 12
X = torch.tensor(np.stack([z[i:i + L] for i in range(len(z) - L)]))
Y = torch.tensor(z[L:]).unsqueeze(1)
cut = 95
net = nn.Sequential(nn.Linear(L, 16), nn.Tanh(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), lr=5e-3, weight_decay=1e-3)
for epoch in range(120):
    for i in range(0, cut, 12):                     # year by year, in order
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(X[i:min(i + 12, cut)]), Y[i:min(i + 12, cut)])
        loss.backward()
        opt.step()
    if epoch % 20 == 19:
        with torch.no_grad():
            p = net(X[cut:])
            print("epoch", epoch, "loss", loss.item(), "test", nn.functional.mse_loss(p, Y[cut:]).item())
growth = p.numpy()[:, 0] * sd + mu
forecast = np.exp(v[L + cut:-1] + growth)
mape = float(np.mean(np.abs(forecast / np.exp(v[L + cut + 1:]) - 1)))
print(json.dumps({"metric": mape, "higher_is_better": False, "name": "mape_one_month_ahead"}))
