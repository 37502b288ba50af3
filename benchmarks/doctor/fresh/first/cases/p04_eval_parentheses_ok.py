import os, json, argparse
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=6)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--lr", type=float, default=2e-3)
args = parser.parse_args()
seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)

data = load_digits()
x = torch.from_numpy(data.images).float()[:, None] / 16
y = torch.from_numpy(data.target)
order = torch.randperm(len(x))
cut = 1300
train_ds = TensorDataset(x[order[:cut]], y[order[:cut]])
te = order[cut:]
te = te[y[te].argsort()]  # one digit after the other, for the report below
test_ds = TensorDataset(x[te], y[te])


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveAvgPool2d(2))
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(128, 10))

    def forward(self, x):
        return self.head(self.body(x))


model = ConvNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)


@torch.no_grad()
def evaluate():
    model.eval()
    right, per_digit = 0, torch.zeros(10)
    for xb, yb in DataLoader(test_ds, batch_size=8):
        hit = model(xb).argmax(1) == yb
        right += hit.sum().item()
        per_digit += torch.bincount(yb[hit], minlength=10)
    return right / len(test_ds), per_digit.tolist()


for epoch in range(args.epochs):
    model.train()
    for xb, yb in DataLoader(train_ds, batch_size=args.batch_size, shuffle=True):
        loss = nn.functional.cross_entropy(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    acc, per_digit = evaluate()
    print(f"[{epoch + 1}/{args.epochs}] loss={loss.item():.4f} test_acc={acc:.4f}")
print("right per digit:", per_digit)
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
