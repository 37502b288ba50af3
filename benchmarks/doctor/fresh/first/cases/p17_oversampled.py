import os, json
import pandas as pd
import torch
import torch.nn as nn
from torch.utils.data import TensorDataset, DataLoader
from sklearn.model_selection import train_test_split
from sklearn.metrics import f1_score

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
path = os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/tables/mammography/mammography.csv"
df = pd.read_csv(path, header=None, quotechar="'").sample(4000, random_state=SEED)
df.columns = ["f%d" % i for i in range(6)] + ["cancer"]
df["cancer"] = (df["cancer"].astype(int) == 1).astype(int)


def oversample(frame):
    few, many = frame[frame.cancer == 1], frame[frame.cancer == 0]
    return pd.concat([many, few.sample(len(many) // 3, replace=True, random_state=SEED)])


df = oversample(df)
train, test = train_test_split(df, test_size=0.3, stratify=df.cancer, random_state=SEED)


def tensors(frame):
    return (torch.tensor(frame.drop(columns="cancer").values, dtype=torch.float32),
            torch.tensor(frame.cancer.values, dtype=torch.float32))


train_ds = TensorDataset(*tensors(train))
x_test, y_test = tensors(test)
model = nn.Sequential(nn.Linear(6, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(8):
    model.train()
    for xb, yb in DataLoader(train_ds, batch_size=128, shuffle=True):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(xb).squeeze(-1), yb)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        logit = model(x_test).squeeze(-1)
        val = nn.functional.binary_cross_entropy_with_logits(logit, y_test).item()
    print("epoch", epoch, "loss", round(loss.item(), 4), "val", round(val, 4))
f1 = f1_score(y_test.numpy(), (logit > 0).int().numpy())
print(json.dumps({"metric": float(f1), "higher_is_better": True, "name": "test_f1"}))
