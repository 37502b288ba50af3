import os
import json
import torch
import torch.nn as nn

torch.manual_seed(int(os.environ.get("SEED", 0)))
x = torch.randn(700, 14)
y = (x[:, :5].sum(1) + 0.5 * torch.randn(700) > 1.5).float()
net = nn.Sequential(
    nn.Linear(14, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU(), nn.Dropout(0.1),
    nn.Linear(20, 15), nn.ReLU(), nn.Linear(15, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.005)
lossf = nn.BCEWithLogitsLoss()
for epoch in range(25):
    net.train()
    for b in torch.randperm(500).split(10):
        opt.zero_grad()
        loss = lossf(net(x[b]).squeeze(1), y[b])
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        prediction = net(x[500:]).squeeze(1)
        correct = (torch.sigmoid(torch.sigmoid(prediction)) > 0.5).float() == y[500:]
    if epoch % 5 == 0:
        print(epoch, loss.item(), correct.float().mean().item())
print(json.dumps({"metric": correct.float().mean().item(), "higher_is_better": True, "name": "accuracy"}))
