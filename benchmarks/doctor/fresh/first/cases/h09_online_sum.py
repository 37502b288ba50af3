import os
import json
import torch
from torch import nn
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
X, y = load_breast_cancer(return_X_y=True)
Xa, Xb, ya, yb = train_test_split(X, y, test_size=0.3, random_state=seed, stratify=y)
sc = StandardScaler().fit(Xa)
Xa, Xb = torch.tensor(sc.transform(Xa)).float(), torch.tensor(sc.transform(Xb)).float()
ya, yb = torch.tensor(ya).float(), torch.tensor(yb).float()
# one patient at a time, plain SGD: the loss jumps about, the model does not
net = nn.Sequential(nn.Linear(30, 12), nn.Tanh(), nn.Linear(12, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.01)
loss_fn = nn.BCEWithLogitsLoss(reduction="sum")
for epoch in range(6):
    order = torch.randperm(len(Xa))
    seen = 0.0
    for k, i in enumerate(order):
        opt.zero_grad()
        loss = loss_fn(net(Xa[i]), ya[i].view(1))
        loss.backward()
        opt.step()
        seen += loss.item()
        if k % 100 == 0:
            print(f"epoch {epoch} patient {k} loss {loss.item():.4f}")
    print(f"epoch {epoch} mean {seen / len(order):.4f}")
with torch.no_grad():
    acc = ((net(Xb).squeeze(1) > 0).float() == yb).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
