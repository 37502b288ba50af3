import os, json, gzip
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
np.random.seed(SEED)
root = os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/images/fashion_mnist/"
CLASSES = ["tshirt", "trouser", "pullover", "dress", "coat", "sandal"]


class ClothesFolder(Dataset):
    """like ImageFolder: one class after the other"""

    def __init__(self, kind, per_class):
        with gzip.open(root + kind + "-images-idx3-ubyte.gz") as f:
            x = np.frombuffer(f.read(16 + 9000 * 784), np.uint8, offset=16).reshape(-1, 28, 28)
        with gzip.open(root + kind + "-labels-idx1-ubyte.gz") as f:
            y = np.frombuffer(f.read(8 + 9000), np.uint8, offset=8)
        self.samples = []
        for c, name in enumerate(CLASSES):
            for i in np.random.permutation(np.where(y == c)[0])[:per_class]:
                self.samples.append((x[i, ::2, ::2], c))

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, i):
        img, c = self.samples[i]
        return torch.from_numpy(img.astype(np.float32) / 255 - 0.3).unsqueeze(0), c


train_loader = DataLoader(ClothesFolder("train", 400), batch_size=32, shuffle=True)
test_loader = DataLoader(ClothesFolder("t10k", 150), batch_size=100)
model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                      nn.Linear(8 * 49, 32), nn.ReLU(), nn.Linear(32, len(CLASSES)))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(6):
    model.train()
    for img, target in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(img), target)
        loss.backward()
        optimizer.step()
    model.eval()
    hits = 0
    with torch.no_grad():
        for img, target in test_loader:
            hits += (model(img).argmax(1) == target).sum().item()
    acc = hits / len(test_loader.dataset)
    print("epoch", epoch, "loss", loss.item(), "acc", acc)
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
