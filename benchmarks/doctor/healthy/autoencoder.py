import json
import os

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
X = torch.tensor(load_digits().data / 16).float()
train, test = train_test_split(X, test_size=0.25, random_state=seed)


class AutoEncoder(nn.Module):
    def __init__(self, code=10):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 64), nn.ELU(), nn.Linear(64, code))
        self.decoder = nn.Sequential(nn.Linear(code, 64), nn.ELU(), nn.Linear(64, 64), nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


model = AutoEncoder()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(25):
    for x in DataLoader(train, batch_size=64, shuffle=True):
        opt.zero_grad()
        loss = ((model(x) - x) ** 2).mean()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
with torch.no_grad():
    r2 = 1 - ((model(test) - test) ** 2).sum() / ((test - train.mean(0)) ** 2).sum()
print(json.dumps({"metric": r2.item(), "higher_is_better": True, "name": "test_r2"}))
