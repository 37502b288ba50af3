import os, json
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
digits = load_digits()
a, b, c, d = train_test_split(digits.images, digits.target, test_size=0.3, random_state=seed, stratify=digits.target)
train = TensorDataset(torch.tensor(a / 16, dtype=torch.float32).unsqueeze(1), torch.tensor(c))
test = TensorDataset(torch.tensor(b / 16, dtype=torch.float32).unsqueeze(1), torch.tensor(d))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 10, kernel_size=3)
        self.conv2 = nn.Conv2d(10, 20, kernel_size=3)
        self.fc1 = nn.Linear(320, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = x.view(-1, 320)
        x = F.dropout(x, 0.5, training=self.training)
        x = F.relu(self.fc1(x))
        x = F.dropout(x, 0.7, training=self.training)
        return self.fc2(x)


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)


def train_epoch(epoch):
    model.train()
    for x, y in DataLoader(train, batch_size=64, shuffle=True):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", loss.item())


def evaluate():
    model.eval()
    loss, correct = 0, 0
    with torch.no_grad():
        for x, y in DataLoader(test, batch_size=128):
            out = model(x)
            loss += F.cross_entropy(out, y, reduction="sum").item()
            correct += (out.argmax(1) == y).sum().item()
    print("test loss", loss / len(test), "acc", correct / len(test))
    return correct / len(test)


for epoch in range(14):
    train_epoch(epoch)
    acc = evaluate()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
