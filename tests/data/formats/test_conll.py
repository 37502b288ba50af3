"""CoNLL files: sentences as they are, and sentences about what is wrong."""

from pathlib import Path

import pytest

from netwright.data.formats.conll import LONGEST, Sentence, read_conll
from netwright.data.ledger import Ledger
from netwright.errors import DataError


def read(folder: Path, text: str) -> list[Sentence]:
    path = folder / "x.conll"
    path.write_text(text, encoding="utf-8", newline="")
    return read_conll(path, Ledger())


def test_blank_lines_and_lines_of_blanks_end_a_sentence(tmp_path: Path) -> None:
    found = read(tmp_path, "\n\nEmpire\tB-loc\nState\tI-loc\n\t\n\n'm\tO\r\n\r\n")
    assert found == [Sentence(("Empire", "State"), ("B-loc", "I-loc")), Sentence(("'m",), ("O",))]


def test_first_and_last_column_are_token_and_tag(tmp_path: Path) -> None:
    found = read(tmp_path, "-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\nrejects VBZ I-VP O\n")
    assert found == [Sentence(("EU", "rejects"), ("B-ORG", "O"))]


def test_conll_u_has_its_parts_of_speech(tmp_path: Path) -> None:
    line = "{}\t{}\t_\t{}\t_\t_\t0\troot\t_\t_\n"
    found = read(tmp_path, "# text = It is\n" + line.format(1, "It", "PRON"))
    assert found == [Sentence(("It",), ("PRON",))]


def test_separators_within_a_line_end_no_line(tmp_path: Path) -> None:
    assert read(tmp_path, "a\x85b\tO\n") == [Sentence(("a\x85b",), ("O",))]


def test_tokens_without_tags_are_sentences_to_predict(tmp_path: Path) -> None:
    assert read(tmp_path, "I\nam\n\nhere\n") == [Sentence(("I", "am")), Sentence(("here",))]


def test_a_long_sentence_is_cut_and_nothing_is_lost(tmp_path: Path) -> None:
    found = read(tmp_path, "".join(f"w{i}\tO\n" for i in range(LONGEST + 3)))
    assert [len(one.tokens) for one in found] == [LONGEST, 3]
    assert found[1].tokens[0] == f"w{LONGEST}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\tO\nb\n", "line 2: 'b' has no tag"),
        ("a\nb O\n", "line 2: 'b O' has a tag"),
        ("a\tO\n\tO\n", "line 2: no token"),
        ("a\tO\nb\t\n", "line 2: no tag"),
        ("\n \n", "holds no sentence"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(tmp_path, text)
