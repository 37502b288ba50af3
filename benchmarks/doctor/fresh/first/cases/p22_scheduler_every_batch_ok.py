import os
import json
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split
from sklearn.datasets import load_digits

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
d = load_digits()
full = TensorDataset(torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 16, torch.tensor(d.target))
train_set, valid_set = random_split(full, [1400, len(full) - 1400])
train_loader = DataLoader(train_set, batch_size=50, shuffle=True)
valid_loader = DataLoader(valid_set, batch_size=200)

model = nn.Sequential(
    nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(96, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
# a little smaller every epoch
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.7)


def train_one_epoch():
    model.train()
    total = 0
    for images, labels in train_loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(train_loader)


@torch.no_grad()
def validate():
    model.eval()
    loss, right = 0.0, 0
    for images, labels in valid_loader:
        out = model(images)
        loss += nn.functional.cross_entropy(out, labels, reduction="sum").item()
        right += (out.argmax(1) == labels).sum().item()
    return loss / len(valid_set), right / len(valid_set)


for epoch in range(8):
    train_loss = train_one_epoch()
    scheduler.step()
    val_loss, val_acc = validate()
    print(f"epoch {epoch} train {train_loss:.4f} val {val_loss:.4f} acc {val_acc:.4f}")
print(json.dumps({"metric": val_acc, "higher_is_better": True, "name": "val_accuracy"}))
