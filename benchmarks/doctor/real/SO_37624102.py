import os
import json
import gzip
import numpy as np
import torch
import torch.nn as nn

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
folder = os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/images/fashion_mnist/"
with gzip.open(folder + "train-images-idx3-ubyte.gz") as f:
    images = np.frombuffer(f.read(16 + 5000 * 784), np.uint8, offset=16).reshape(-1, 1, 28, 28)
with gzip.open(folder + "train-labels-idx1-ubyte.gz") as f:
    labels = np.frombuffer(f.read(8 + 5000), np.uint8, offset=8)
two = np.isin(labels, [2, 4])  # pullover or coat
x = torch.tensor(images[two][:, :, ::2, ::2] / 255).float()
y = torch.tensor(labels[two] == 4).long()
x_train, y_train, x_val, y_val = x[:700], y[:700], x[700:], y[700:]

model = nn.Sequential(
    nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 16, 3), nn.ReLU(), nn.Flatten(),
    nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.7, momentum=0.9, nesterov=True, weight_decay=1e-6)
for epoch in range(10):
    for b in torch.randperm(len(x_train)).split(16):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x_train[b]), y_train[b])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        val = (model(x_val).argmax(1) == y_val).float().mean().item()
    print("epoch", epoch, "loss", loss.item(), "val acc", val)
print(json.dumps({"metric": val, "higher_is_better": True, "name": "val_accuracy"}))
