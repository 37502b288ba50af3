import os, json
import torch
import torch.nn as nn
from sklearn.datasets import make_circles

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
X, y = make_circles(2000, noise=0.08, factor=0.6, random_state=SEED)
x, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
xa, ya, xt, yt = x[:1400], y[:1400], x[1400:], y[1400:]
net = nn.Sequential(nn.Linear(2, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.3, momentum=0.9)
sched = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(opt, T_0=5)
snapshots = []
for epoch in range(20):
    net.train()
    total = 0.0
    for i in torch.randperm(1400).split(50):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(xa[i]), ya[i])
        loss.backward()
        opt.step()
        total += loss.item() * len(i)
    sched.step()
    net.eval()
    with torch.no_grad():
        out = net(xt).softmax(1)
    print("epoch", epoch, "loss", total / 1400, "acc", (out.argmax(1) == yt).float().mean().item())
    if epoch % 5 == 4:                                  # end of a cycle: a snapshot
        snapshots.append(out)
acc = (torch.stack(snapshots).mean(0).argmax(1) == yt).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "snapshot_ensemble_accuracy"}))
