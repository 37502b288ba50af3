import os
import json
import torch
import torch.nn as nn
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
wine = load_wine()
x = torch.tensor(wine.data, dtype=torch.float)
y = torch.tensor(wine.target)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.35, stratify=y, random_state=seed)

net = nn.Sequential(nn.Linear(13, 20), nn.Tanh(), nn.Linear(20, 20), nn.Tanh(), nn.Linear(20, 3))
optimizer = torch.optim.Adam(net.parameters(), lr=0.005)
for step in range(1, 501):
    batch = torch.randint(0, len(x_train), (24,))
    loss = nn.functional.cross_entropy(net(x_train[batch]), y_train[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        print("step", step, "loss", loss.item())
with torch.no_grad():
    accuracy = (net(x_test).argmax(dim=1) == y_test).float().mean().item()
print(json.dumps({"metric": accuracy, "higher_is_better": True, "name": "test_accuracy"}))
