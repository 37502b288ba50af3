import os
import json
import torch
from torch import nn
from sklearn.datasets import load_diabetes

torch.manual_seed(int(os.environ.get("SEED", 0)))
X, y = load_diabetes(return_X_y=True)
X, y = torch.tensor(X * 20).float(), torch.tensor((y - y.mean()) / y.std()).float().view(-1, 1)
model = nn.Sequential(nn.Linear(10, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.0002)
criterion = nn.MSELoss()
for epoch in range(30):
    for i in range(0, 320, 32):
        loss = criterion(model(X[i:i + 32]), y[i:i + 32])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 10 == 0:
        print("epoch", epoch, loss.item())
with torch.no_grad():
    r2 = 1 - criterion(model(X[320:]), y[320:]) / y[320:].var()
print(json.dumps({"metric": r2.item(), "higher_is_better": True, "name": "r2"}))
