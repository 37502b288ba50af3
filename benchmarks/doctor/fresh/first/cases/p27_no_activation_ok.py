import os, json
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_circles
from sklearn.model_selection import train_test_split

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
X, y = make_circles(1000, noise=0.05, factor=0.5, random_state=seed)
Xa, Xb, ya, yb = train_test_split(X, y, test_size=0.25, random_state=seed)
train = TensorDataset(torch.tensor(Xa).float(), torch.tensor(ya).float().unsqueeze(1))
test_x, test_y = torch.tensor(Xb).float(), torch.tensor(yb).float().unsqueeze(1)


class CircleModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer_1 = nn.Linear(2, 24)
        self.layer_2 = nn.Linear(24, 24)
        self.layer_3 = nn.Linear(24, 1)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.layer_3(self.relu(self.layer_2(self.relu(self.layer_1(x)))))


model = CircleModel()
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(20):
    model.train()
    train_loss = 0.0
    for xb, yb_ in DataLoader(train, batch_size=50, shuffle=True):
        loss = loss_fn(model(xb), yb_)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        train_loss += loss.item() / 15
    model.eval()
    with torch.inference_mode():
        logits = model(test_x)
        test_loss = loss_fn(logits, test_y)
        acc = ((logits > 0).float() == test_y).float().mean().item()
    if epoch % 4 == 0:
        print(f"Epoch: {epoch} | Loss: {train_loss:.5f} | Test loss: {test_loss:.5f}, Test acc: {acc:.2f}")
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))
