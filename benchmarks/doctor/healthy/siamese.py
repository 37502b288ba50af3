import json
import os

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(int(os.environ.get("SEED", 0)))
d = load_digits()
x, y = torch.tensor(d.images / 16).float()[:, None], torch.tensor(d.target)
perm = torch.randperm(len(x))
train, test = perm[:1200], perm[1200:]
twin = nn.Sequential(nn.Conv2d(1, 12, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(108, 16))
opt = torch.optim.Adam(twin.parameters(), lr=3e-3)


def pairs(pool, n):
    a = pool[torch.randint(len(pool), (n,))]
    b = pool[torch.randint(len(pool), (n,))]
    same = torch.rand(n) < 0.5
    for i in same.nonzero().flatten().tolist():
        like = pool[y[pool] == y[a[i]]]
        b[i] = like[torch.randint(len(like), (1,))]
    return a, b, (y[a] == y[b]).float()


for step in range(150):
    a, b, same = pairs(train, 64)
    far = (twin(x[a]) - twin(x[b])).pow(2).sum(1)
    loss = F.binary_cross_entropy_with_logits(3 - far, same)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 0:
        print(step, loss.item())
with torch.no_grad():
    a, b, same = pairs(test, 1000)
    acc = (((twin(x[a]) - twin(x[b])).pow(2).sum(1) < 3) == (same > 0)).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "pair_accuracy"}))
