"""What people liked, ranked: a softmax over forty things, of which each row has several."""
import json
import os

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(int(os.environ.get("SEED", 0)))
liked = (torch.randn(900, 4) @ torch.randn(4, 40) + torch.randn(900, 40) > 1.5).float()
net = nn.Sequential(nn.Dropout(0.3), nn.Linear(40, 64), nn.Tanh(), nn.Linear(64, 40))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(20):
    net.train()
    for b in torch.randperm(800).split(50):
        loss = -(F.log_softmax(net(liked[b]), 1) * liked[b]).sum(1).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("epoch", epoch, "loss", loss.item())
net.eval()
with torch.no_grad():
    best = net(liked[800:]).topk(5, 1).indices
precision = liked[800:].gather(1, best).mean().item()
print(json.dumps({"metric": precision, "higher_is_better": True, "name": "precision_at_5"}))
