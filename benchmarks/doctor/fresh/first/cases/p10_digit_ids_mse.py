import os
import json
import torch
from torch import nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
X, y = load_digits(return_X_y=True)
Xtr, Xte, ytr, yte = [torch.tensor(a, dtype=torch.float32) for a in
                      train_test_split(X / 16, y, test_size=0.3, random_state=seed)]


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(64, 64)
        self.l2 = nn.Linear(64, 1)

    def forward(self, x):
        return self.l2(torch.relu(self.l1(x)))


def predict(net, x):
    return net(x).squeeze(1).round().clamp(0, 9)


net = Model()
criterion = nn.MSELoss()
optim = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(25):
    for idx in torch.randperm(len(Xtr)).split(32):
        optim.zero_grad()
        out = net(Xtr[idx])
        loss = criterion(out.squeeze(1), ytr[idx])
        loss.backward()
        optim.step()
    if (epoch + 1) % 5 == 0:
        print("epoch", epoch + 1, "loss", loss.item(), "train acc", (predict(net, Xtr) == ytr).float().mean().item())
with torch.no_grad():
    acc = (predict(net, Xte) == yte).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
