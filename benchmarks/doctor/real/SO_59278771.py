import os
import json
import torch
import torch.nn as nn
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
X, y = load_iris(return_X_y=True)
Xa, Xb, ya, yb = train_test_split(X, y, test_size=0.4, random_state=SEED, stratify=y)
Xa, Xb = torch.tensor(Xa).float(), torch.tensor(Xb).float()
ya, yb = torch.tensor(ya), torch.tensor(yb)


class IrisNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 16)
        self.fc2 = nn.Linear(16, 3)

    def forward(self, x):
        return torch.sigmoid(self.fc2(torch.relu(self.fc1(x))))


net = IrisNet()
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for epoch in range(60):
    for b in torch.randperm(len(Xa)).split(5):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(Xa[b]), ya[b])
        loss.backward()
        opt.step()
    if epoch % 20 == 0:
        print(epoch, loss.item())
acc = (net(Xb).argmax(1) == yb).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
