import os, json
import pandas as pd
import torch
from torch import nn
from sklearn.model_selection import train_test_split

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
path = os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/tables/auto_mpg/mpg.csv"
df = pd.read_csv(path, na_values="?").dropna().drop(columns="name")
df = pd.get_dummies(df, columns=["origin"], dtype=float)
train, test = train_test_split(df, test_size=0.25, random_state=SEED)
m, s = train.mean(), train.std()


def xy(frame):
    z = (frame - m) / s
    return torch.tensor(z.drop(columns="mpg").values).float(), torch.tensor(z[["mpg"]].values).float()


x, y = xy(train)
xt, yt = xy(test)


class MpgModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(x.shape[1], 32)
        self.hidden2 = nn.Linear(32, 16)
        self.output = nn.Linear(16, 1)

    def forward(self, inp):
        return self.output(torch.tanh(self.hidden2(torch.tanh(self.hidden(inp)))))


LAMBDA = 0.0005
model = MpgModel()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(60):
    for idx in torch.randperm(len(x)).split(32):
        mse = nn.functional.mse_loss(model(x[idx]), y[idx])
        l2 = sum(p.pow(2).sum() for p in model.parameters())
        loss = mse + LAMBDA * l2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 6 == 5:
        with torch.no_grad():
            r2 = 1 - ((model(xt) - yt) ** 2).mean().item() / yt.var(unbiased=False).item()
        print("epoch", epoch, "loss", loss.item(), "mse", mse.item(), "test r2", r2)
print(json.dumps({"metric": r2, "higher_is_better": True, "name": "test_r2"}))
