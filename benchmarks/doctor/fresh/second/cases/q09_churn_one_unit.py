import os, json
import pandas as pd
import torch
import torch.nn as nn
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
df = pd.read_csv(os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/tables/bank_churn/Churn_Modelling.csv")
y = df.pop("Exited")
df = pd.get_dummies(df.drop(columns=["RowNumber", "CustomerId", "Surname"]), dtype=float)
train_x, test_x, train_y, test_y = train_test_split(df, y, test_size=0.25, random_state=SEED, stratify=y)
mean, std = train_x.mean(), train_x.std()
to = lambda frame: torch.tensor(((frame - mean) / std).values, dtype=torch.float32)
train_ds = TensorDataset(to(train_x), torch.tensor(train_y.values, dtype=torch.float32).view(-1, 1))
test_t = to(test_x)


class ChurnNet(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc1 = nn.Linear(n, 64)
        self.fc2 = nn.Linear(64, 32)
        self.fc3 = nn.Linear(32, 1)
        self.drop = nn.Dropout(0.1)

    def forward(self, x):
        x = self.drop(torch.relu(self.fc1(x)))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)


net = ChurnNet(train_x.shape[1])
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(6):
    net.train()
    total = 0
    for inputs, labels in DataLoader(train_ds, batch_size=64, shuffle=True):
        optimizer.zero_grad()
        loss = criterion(net(inputs), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(inputs)
    net.eval()
    with torch.no_grad():
        auc = roc_auc_score(test_y, net(test_t).squeeze(1).numpy())
    print("[%d] loss: %.4f auc: %.4f" % (epoch + 1, total / len(train_ds), auc))
print(json.dumps({"metric": float(auc), "higher_is_better": True, "name": "test_auc"}))
