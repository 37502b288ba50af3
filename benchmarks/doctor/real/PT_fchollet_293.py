import os
import json
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(int(os.environ.get("SEED", 0)))
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)


class CustomModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))

    def compile_(self, optimizer, loss):
        self.optimizer, self.loss = optimizer, loss

    def forward(self, x):
        return self.body(x)

    def train_step(self, data):
        inputs, targets = data
        predictions = self(inputs)
        loss = self.loss(predictions, targets)
        loss.backward()
        trainable = [p for p in self.parameters() if p.grad is not None]
        with torch.no_grad():
            self.optimizer.step()
        return loss.item(), len(trainable)


model = CustomModel()
model.compile_(torch.optim.RMSprop(model.parameters(), lr=0.005), nn.CrossEntropyLoss())
for epoch in range(8):
    for data in DataLoader(TensorDataset(X[:1200], y[:1200]), batch_size=32, shuffle=True):
        loss, _ = model.train_step(data)
    print("epoch", epoch, "loss", loss)
with torch.no_grad():
    acc = (model(X[1200:]).argmax(1) == y[1200:]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
