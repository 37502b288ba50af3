import os, json
import torch
import torch.nn as nn
from torch.utils.data import TensorDataset, DataLoader
from sklearn.datasets import make_moons

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)


def make_data():
    x, y = make_moons(2600, noise=0.12, random_state=SEED)
    x = torch.tensor(x, dtype=torch.float32)
    y = torch.tensor(y)
    return TensorDataset(x[:2000], y[:2000]), TensorDataset(x[2000:], y[2000:])


def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    running_loss = 0.0
    for i, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        running_loss += loss.item() * x.size(0)
    return running_loss / ((i + 1) * loader.batch_size)


def validate(model, loader, criterion):
    model.eval()
    loss = correct = count = 0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss += criterion(out, y).item() * len(y)
            correct += (out.argmax(1) == y).sum().item()
            count += len(y)
    return loss / count, correct / count


def main(epochs=15):
    train, val = make_data()
    train_loader = DataLoader(train, batch_size=40, shuffle=True)
    val_loader = DataLoader(val, batch_size=200)
    model = nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 2))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for epoch in range(epochs):
        loss = train_one_epoch(model, train_loader, criterion, optimizer)
        val_loss, acc = validate(model, val_loader, criterion)
        print(f"epoch {epoch + 1}/{epochs} loss {loss:.4f} val_loss {val_loss:.4f} val_acc {acc:.4f}")
    return acc


if __name__ == "__main__":
    print(json.dumps({"metric": main(), "higher_is_better": True, "name": "val_accuracy"}))
