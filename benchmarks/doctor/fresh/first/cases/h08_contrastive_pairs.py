import os, json
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
d = load_digits()
x = torch.tensor(d.data, dtype=torch.float32) / 16
y = d.target
perm = torch.randperm(len(x))
x, y = x[perm], y[perm.numpy()]
top, bottom = x[:, :32], x[:, 32:]


def tower():
    return nn.Sequential(nn.Linear(32, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 16))


class TwoTowers(nn.Module):
    """Which lower half belongs to which upper half? The other rows of the batch are the wrong answers."""

    def __init__(self):
        super().__init__()
        self.a, self.b = tower(), tower()
        self.log_temp = nn.Parameter(torch.tensor(2.0))

    def forward(self, t, b):
        za, zb = F.normalize(self.a(t), dim=1), F.normalize(self.b(b), dim=1)
        return za @ zb.T * self.log_temp.exp()


net = TwoTowers()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
for epoch in range(20):
    net.train()
    for idx in torch.randperm(1400).split(100):
        logits = net(top[idx], bottom[idx])
        target = torch.arange(len(idx))
        loss = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 0:
        print("epoch", epoch, "InfoNCE", loss.item())
net.eval()
with torch.no_grad():
    z = torch.cat([F.normalize(net.a(top), dim=1), F.normalize(net.b(bottom), dim=1)], 1).numpy()
acc = KNeighborsClassifier(5).fit(z[:1400], y[:1400]).score(z[1400:], y[1400:])
print(json.dumps({"metric": float(acc), "higher_is_better": True, "name": "knn_accuracy"}))
