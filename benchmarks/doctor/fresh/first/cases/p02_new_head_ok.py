import json
import os
import torch
from torch import nn, optim
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)


class Net(nn.Module):
    """Fixed random convolution features with a linear head on top."""

    def __init__(self, n_out=100):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
        self.fc = nn.Linear(32 * 9, n_out)

    def forward(self, x):
        return self.fc(self.features(x))


def main():
    d = load_digits()
    x = torch.tensor(d.images / 16.0).float().unsqueeze(1)
    y = torch.tensor(d.target)
    xa, xb, ya, yb = train_test_split(x, y, test_size=0.3, random_state=SEED, stratify=y)
    net = Net()
    for p in net.features.parameters():
        p.requires_grad = False
    net.fc = nn.Linear(net.fc.in_features, 10)
    optimizer = optim.Adam([p for p in net.parameters() if p.requires_grad], lr=1e-2)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(20):
        net.train()
        for idx in torch.randperm(len(xa)).split(64):
            optimizer.zero_grad()
            loss = loss_fn(net(xa[idx]), ya[idx])
            loss.backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            out = net(xb)
            val_loss = loss_fn(out, yb).item()
            val_acc = (out.argmax(1) == yb).float().mean().item()
        print("epoch", epoch + 1, "train loss", loss.item(), "val loss", val_loss, "val acc", val_acc)
    print(json.dumps({"metric": val_acc, "higher_is_better": True, "name": "val_accuracy"}))


if __name__ == "__main__":
    main()
