import os
import json
import gzip
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(int(os.environ.get("SEED", 0)))
folder = os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/images/fashion_mnist/"
with gzip.open(folder + "train-images-idx3-ubyte.gz") as f:
    x = torch.tensor(np.frombuffer(f.read(16 + 3500 * 784), np.uint8, offset=16).reshape(-1, 1, 28, 28).astype("float32"))
with gzip.open(folder + "train-labels-idx1-ubyte.gz") as f:
    y = torch.tensor(np.frombuffer(f.read(8 + 3500), np.uint8, offset=8).astype("int64"))
x = x[:, :, ::2, ::2]
model = nn.Sequential(
    nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3), nn.ReLU(), nn.Flatten(), nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 10))
for m in model:
    if isinstance(m, (nn.Conv2d, nn.Linear)):
        nn.init.kaiming_normal_(m.weight)
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
for epoch in range(4):
    for images, labels in DataLoader(TensorDataset(x[:2500], y[:2500]), batch_size=100, shuffle=True):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", loss.item())
with torch.no_grad():
    acc = (model(x[2500:]).argmax(1) == y[2500:]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
