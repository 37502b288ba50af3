"""Prices in dollars, a net that starts at their mean: large losses, nothing wrong."""
import json
import os

import pandas as pd
import torch
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
path = os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/tables/auto_mpg/mpg.csv"
cars = pd.read_csv(path).select_dtypes("number").dropna()
target = cars.pop("weight").to_numpy()  # pounds, thousands of them
xa, xb, ya, yb = train_test_split(cars.to_numpy(), target, test_size=0.25, random_state=SEED)
sc = StandardScaler().fit(xa)
xa, xb = torch.tensor(sc.transform(xa)).float(), torch.tensor(sc.transform(xb)).float()
ya, yb = torch.tensor(ya).float(), torch.tensor(yb).float()
net = torch.nn.Sequential(torch.nn.Linear(xa.shape[1], 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
spread = ya.std().item()
with torch.no_grad():
    net[-1].bias.fill_(ya.mean() / spread)
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(40):
    for b in torch.randperm(len(xa)).split(32):
        pounds = spread * net(xa[b]).squeeze(1)
        loss = torch.nn.functional.l1_loss(pounds, ya[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 10 == 0:
        print(epoch, loss.item())
with torch.no_grad():
    mae = (spread * net(xb).squeeze(1) - yb).abs().mean().item()
print(json.dumps({"metric": mae, "higher_is_better": False, "name": "test_mae_pounds"}))
