import json
import os

import torch
from torch import nn

torch.manual_seed(int(os.environ.get("SEED", 0)))
x = torch.tensor([[0., 0.], [0., 1.], [1., 0.], [1., 1.]])
y = torch.tensor([[0.], [1.], [1.], [0.]])
net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.05)
for i in range(400):
    opt.zero_grad()
    loss = nn.functional.binary_cross_entropy_with_logits(net(x), y)
    loss.backward()
    opt.step()
    if i % 100 == 0:
        print(i, loss.item())
acc = ((net(x) > 0) == (y > 0.5)).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
