import os
import json
import pandas as pd
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
df = pd.read_csv(os.path.join(os.environ.get("NETWRIGHT_DATA", "../shared/data"), "tables/titanic/train.csv"))
df["Sex"] = (df["Sex"] == "female").astype(int)
df["Fare"] = df["Fare"].clip(upper=150)
df = df[["Survived", "Pclass", "Sex", "Age", "SibSp", "Parch", "Fare"]].sample(frac=1, random_state=SEED)
train_df, test_df = df.iloc[:650], df.iloc[650:]
medians = train_df.median()
train_df, test_df = train_df.fillna(medians), test_df.fillna(medians)
mean, std = train_df.mean(), train_df.std()


class Titanic(Dataset):
    def __init__(self, frame):
        self.y = torch.tensor(frame["Survived"].values, dtype=torch.float32)
        self.x = torch.tensor(((frame - mean) / std).drop(columns="Survived").values, dtype=torch.float32)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(model.parameters(), lr=0.005)
loss_fn = nn.BCEWithLogitsLoss()
train_loader = DataLoader(Titanic(train_df), batch_size=32, shuffle=True)
test_loader = DataLoader(Titanic(test_df), batch_size=64)
for epoch in range(20):
    model.train()
    for x, y in train_loader:
        opt.zero_grad()
        loss = loss_fn(model(x).squeeze(1), y)
        loss.backward()
        opt.step()
    print(f"Epoch {epoch}, loss {loss.item()}")
model.eval()
hits = 0
with torch.no_grad():
    for x, y in test_loader:
        hits += ((model(x).squeeze(1) > 0).float() == y).sum().item()
print(json.dumps({"metric": hits / len(test_df), "higher_is_better": True, "name": "test_accuracy"}))
