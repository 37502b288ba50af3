import os
import json
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(int(os.environ.get("SEED", 0)))
d = load_digits()
X, y = torch.tensor(d.images / 16).float(), torch.tensor(d.target)
# a picture as a graph: 64 nodes in a grid
grid = torch.arange(64)
A = ((grid[:, None] // 8 - grid // 8).abs() + (grid[:, None] % 8 - grid % 8).abs() <= 1).float()
A = A / A.sum(1, keepdim=True)
pos = torch.stack([grid // 8, grid % 8], 1).float() / 4 - 1


class GNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(3, 16)
        self.l2 = nn.Linear(16, 8)
        self.readout = nn.Linear(64 * 8, 10)

    def forward(self, x):
        h = torch.cat([x.flatten(1)[..., None], pos.expand(len(x), 64, 2)], 2)
        h = torch.relu(A @ self.l1(h))
        h = torch.relu(A @ self.l2(h))
        return torch.softmax(self.readout(h.flatten(1)), dim=-1)


model = GNN()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
criterion = nn.CrossEntropyLoss()
for epoch in range(8):
    for b in torch.randperm(1200).split(32):
        optimizer.zero_grad()
        loss = criterion(model(X[b]), y[b])
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", loss.item())
with torch.no_grad():
    acc = (model(X[1200:]).argmax(1) == y[1200:]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
