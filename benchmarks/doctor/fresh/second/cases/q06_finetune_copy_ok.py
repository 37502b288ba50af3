import os, json, gzip
import numpy as np
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
base = os.path.join(os.environ.get("NETWRIGHT_DATA", "../shared/data"), "images", "fashion_mnist")


def load(kind, n, skip=0):
    with gzip.open(f"{base}/{kind}-images-idx3-ubyte.gz") as f:
        x = np.frombuffer(f.read(16 + (skip + n) * 784), np.uint8, offset=16).reshape(-1, 1, 28, 28)[skip:]
    with gzip.open(f"{base}/{kind}-labels-idx1-ubyte.gz") as f:
        y = np.frombuffer(f.read(8 + skip + n), np.uint8, offset=8)[skip:]
    return TensorDataset((torch.tensor(x).float() / 255 - 0.286) / 0.353, torch.tensor(y).long())


class SmallNet(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 5, stride=2), nn.ReLU(),
            nn.Conv2d(8, 16, 3, stride=2), nn.ReLU(), nn.Flatten())
        self.neck = nn.Sequential(nn.Linear(400, 24), nn.ReLU())
        self.head = nn.Linear(24, classes)

    def forward(self, x):
        return self.head(self.neck(self.features(x)))


def train(model, loader, epochs):
    opt = optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=2e-3)
    ce = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        for x, y in loader:
            opt.zero_grad()
            loss = ce(model(x), y)
            loss.backward()
            opt.step()
        print("epoch", epoch, "loss", loss.item())


model = SmallNet()
train(model, DataLoader(load("train", 3000, 3000 * SEED), batch_size=50, shuffle=True), 6)
model.eval()
correct = total = 0
with torch.no_grad():
    for x, y in DataLoader(load("t10k", 1500), batch_size=250):
        correct += (model(x).argmax(1) == y).sum().item()
        total += len(y)
print(json.dumps({"metric": correct / total, "higher_is_better": True, "name": "test_accuracy"}))
