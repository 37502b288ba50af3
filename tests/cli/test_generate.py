"""`netwright generate`, and a tagger's predictions as a .conll file."""

import json
from pathlib import Path

import pandas as pd
import pytest
import torch

from netwright.cli.generate import run_generate
from netwright.cli.use import write_conll
from netwright.data.task import Task
from netwright.data.text_encoding import TextEncoding
from netwright.errors import UsageError
from netwright.model.model import Model
from netwright.nets.gpt import GPT

ASKED = {
    "prompt": "ab", "tokens": 12, "temperature": 0.9, "top_k": 3, "top_p": 0.95, "seed": 1,
    "device": "cpu", "threads": 1, "json": False,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> str:
    torch.manual_seed(0)
    spec = {"vocab": 6, "width": 16, "depth": 1, "length": 8}
    model = Model(
        GPT(**spec),
        {"name": "gpt", **spec},
        TextEncoding(level="character", vocabulary=("\n", "a", "b", "c"), length=8),
        Task(name="language-modelling", form="language-modelling", target="", outputs=6),
    )
    return str(model.save(tmp_path / "model"))


def test_it_writes_the_prompt_and_what_follows(
    folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run_generate(ASKED | {"model": folder})
    said = capsys.readouterr().out
    assert said.startswith("ab") and len(said) == 2 + 12 + 1
    run_generate(ASKED | {"model": folder, "json": True})
    found = json.loads(capsys.readouterr().out)
    assert found == {"prompt": "ab", "text": said[2:-1]}


def test_tags_are_written_a_token_a_line(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "sentence": [1, 1, 3],
            "token": ["Ann", "is", "here"],
            "prediction": ["B-per", "O", "O"],
            "probability": [0.9, 0.8, 0.7],
        }
    )
    write_conll(frame, str(tmp_path / "a.conll"))
    text = (tmp_path / "a.conll").read_text(encoding="utf-8")
    assert text == "Ann\tB-per\nis\tO\n\nhere\tO\n\n"
    with pytest.raises(UsageError, match="no tagger"):
        write_conll(frame.drop(columns="token"), str(tmp_path / "a.conll"))
