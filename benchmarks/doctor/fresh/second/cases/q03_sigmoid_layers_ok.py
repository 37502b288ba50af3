import os, json
import torch
import torch.nn as nn
from torch.utils.data import TensorDataset, DataLoader, random_split
from sklearn.datasets import load_digits

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)


def make_mlp(sizes, act):
    layers = []
    for a, b in zip(sizes[:-2], sizes[1:-1]):
        layers += [nn.Linear(a, b), act()]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


def evaluate(model, loader):
    model.eval()
    hit = n = 0
    with torch.no_grad():
        for x, y in loader:
            hit += (model(x).argmax(1) == y).sum().item()
            n += len(y)
    return hit / n


X, y = load_digits(return_X_y=True)
X = (X - X.mean()) / X.std()
data = TensorDataset(torch.tensor(X, dtype=torch.float32), torch.tensor(y))
train_set, val_set = random_split(data, [1400, len(data) - 1400], generator=torch.Generator().manual_seed(seed))
train_dl = DataLoader(train_set, batch_size=32, shuffle=True)
val_dl = DataLoader(val_set, batch_size=256)
model = make_mlp([64, 64, 64, 64, 64, 10], nn.ReLU)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
criterion = nn.CrossEntropyLoss()
for epoch in range(15):
    model.train()
    running = 0.0
    for x, t in train_dl:
        optimizer.zero_grad()
        loss = criterion(model(x), t)
        loss.backward()
        optimizer.step()
        running += loss.item()
    acc = evaluate(model, val_dl)
    print("epoch", epoch, "loss", round(running / len(train_dl), 4), "val acc", round(acc, 4))
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "val_accuracy"}))
