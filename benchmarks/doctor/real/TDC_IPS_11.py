import os
import json
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(int(os.environ.get("SEED", 0)))
d = load_digits()
x, y = torch.tensor(d.images / 16).float().unsqueeze(1), torch.tensor(d.target)


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 3, padding=1)
        self.fc1 = nn.Linear(256, 64)
        self.fc2 = nn.Linear(64, 10)
        for w in (self.conv, self.fc1, self.fc2):
            nn.init.trunc_normal_(w.weight, std=0.1)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), 2).flatten(1)
        x = F.relu(self.fc1(x))
        return F.relu(self.fc2(x))


model = CNN()
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
for epoch in range(8):
    for b in torch.randperm(1200).split(32):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[b]), y[b])
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", loss.item())
with torch.no_grad():
    acc = (model(x[1200:]).argmax(1) == y[1200:]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
