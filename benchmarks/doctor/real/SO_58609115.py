import os
import json
import torch
import torch.nn as nn

torch.manual_seed(int(os.environ.get("SEED", 0)))
# which of 8 switches are on at a setting of the dial
dial = torch.rand(2000, 1) * 100
edges = torch.linspace(10, 90, 8)
switches = ((dial > edges) & (dial < edges + 45)).float()
train, test = slice(0, 1500), slice(1500, None)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden1 = nn.Linear(1, 69)
        self.hidden2 = nn.Linear(69, 69)
        self.output = nn.Linear(69, 8)

    def forward(self, x):
        x = x / 50 - 1
        x = torch.relu(self.hidden1(x))
        x = torch.relu(self.hidden2(x))
        return torch.softmax(self.output(x), dim=1)


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
for epoch in range(30):
    for b in torch.randperm(1500).split(50):
        out = model(dial[train][b])
        loss = -(switches[train][b] * torch.log(out + 1e-8)).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 5 == 0:
        print("epoch", epoch, "loss", loss.item())
with torch.no_grad():
    acc = ((model(dial[test]) > 0.5).float() == switches[test]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
