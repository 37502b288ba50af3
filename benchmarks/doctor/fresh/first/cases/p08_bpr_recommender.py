import os, json
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

seed = int(os.environ.get("SEED", 0))
rng = np.random.default_rng(seed)
torch.manual_seed(seed)

# implicit feedback: users like items near their taste
U, I, K = 300, 200, 5
taste, style = rng.normal(size=(U, K)), rng.normal(size=(I, K))
prob = 1 / (1 + np.exp(-(taste @ style.T * 1.5 - 2)))
seen = rng.random((U, I)) < prob
users, items = np.nonzero(seen)
mask = rng.random(len(users)) < 0.8
train_u, train_i = torch.tensor(users[mask]), torch.tensor(items[mask])
test_u, test_i = torch.tensor(users[~mask]), torch.tensor(items[~mask])
seen = torch.tensor(seen)


def sample_negative(u):
    neg = torch.randint(0, I, u.shape)
    while True:
        bad = seen[u, neg]
        if not bad.any():
            return neg
        neg[bad] = torch.randint(0, I, (int(bad.sum()),))


class MF(nn.Module):
    def __init__(self, dim=12):
        super().__init__()
        self.user = nn.Embedding(U, dim)
        self.item = nn.Embedding(I, dim)
        self.bias = nn.Embedding(I, 1)
        for e in (self.user, self.item):
            nn.init.normal_(e.weight, std=0.1)
        nn.init.zeros_(self.bias.weight)

    def forward(self, u, i):
        return (self.user(u) * self.item(i)).sum(1) + self.bias(i).squeeze(1)


def bpr_loss(pos, neg):
    return F.logsigmoid(pos - neg).mean()


model = MF()
opt = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=1e-4)
for epoch in range(8):
    perm = torch.randperm(len(train_u))
    losses = []
    for b in perm.split(512):
        u, i = train_u[b], train_i[b]
        loss = bpr_loss(model(u, i), model(u, sample_negative(u)))
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print("epoch", epoch, "bpr", np.mean(losses))
with torch.no_grad():
    auc = (model(test_u, test_i) > model(test_u, sample_negative(test_u))).float().mean().item()
print(json.dumps({"metric": auc, "higher_is_better": True, "name": "test_auc"}))
