import os
import json
import torch
import torch.nn as nn

torch.manual_seed(int(os.environ.get("SEED", 0)))


def boards(n):
    now = (torch.rand(n, 1, 12, 12) < 0.4).float()
    around = nn.functional.conv2d(now, torch.tensor([[[[1., 1, 1], [1, 0, 1], [1, 1, 1]]]]), padding=1)
    return now, ((around == 3) | ((around == 2) & (now == 1))).float()


x, y = boards(500)
xt, yt = boards(100)
model = nn.Sequential(nn.Conv2d(1, 24, 3, padding=1), nn.ReLU(), nn.Conv2d(24, 12, 1), nn.ReLU(), nn.Conv2d(12, 1, 1))
opt = torch.optim.Adam(model.parameters(), lr=0.001)
for epoch in range(3):
    for b in torch.randperm(500).split(32):
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(x[b]), y[b])
        loss.backward()
        opt.step()
    print("epoch", epoch, loss.item())
with torch.no_grad():
    guess = (model(xt) > 0).float()
f1 = (2 * (guess * yt).sum() / (guess.sum() + yt.sum())).item()
print(json.dumps({"metric": f1, "higher_is_better": True, "name": "f1"}))
