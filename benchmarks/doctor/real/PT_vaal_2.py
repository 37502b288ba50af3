import os
import json
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
d = load_digits()
images, target = torch.tensor(d.images / 16).float()[:, None], torch.tensor(d.target)
xa, xb, ya, yb = train_test_split(images, target, test_size=0.3, random_state=SEED)


def vgg():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10))


class Solver:
    def __init__(self):
        self.ce_loss = nn.CrossEntropyLoss()

    def train(self, task_model, loader):
        optim_task_model = torch.optim.SGD(task_model.parameters(), lr=0.02, weight_decay=5e-4, momentum=0.9)
        task_model.train()
        for epoch in range(4):
            for x, labels in loader:
                loss = self.ce_loss(task_model(x), labels)
                optim_task_model.zero_grad()
                loss.backward()
                optim_task_model.step()
            print("epoch", epoch, "loss", loss.item())
        return task_model

    def test(self, task_model, loader):
        task_model.train()
        correct = 0
        for x, labels in loader:
            with torch.no_grad():
                correct += (task_model(x).argmax(1) == labels).sum().item()
        return correct / len(loader.dataset)


solver = Solver()
net = solver.train(vgg(), DataLoader(TensorDataset(xa, ya), batch_size=32, shuffle=True))
acc = solver.test(net, DataLoader(TensorDataset(xb, yb), batch_size=4))
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))
