"""TextEncoding: tokens, ids, lengths; what is unknown, empty or cut is handled and said."""

import json
import time

import pandas as pd
import pytest
import torch

from netwright.data.ledger import Ledger
from netwright.data.text_encoding import TextEncoding, fit_text_encoding, split_words
from netwright.errors import DataError


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Don't stop", ["do", "n't", "stop"]),
        ("it\u2019s I'm they're", ["it", "'s", "i", "'m", "they", "'re"]),
        ("did n't he 's", ["did", "n't", "he", "'s"]),  # as treebanks write it
        ("Wow!!! Why...?", ["wow", "!!!", "why", "...", "?"]),
        ("3.14 at 12:30, $1,000", ["3.14", "at", "12:30", ",", "$", "1,000"]),
        ("'hello'", ["'", "hello", "'"]),
        ("Größe ЁЖИК 日本", ["größe", "ёжик", "日本"]),
        ("snake_case mp3", ["snake_case", "mp3"]),
        (" \n\t ", []),
    ],
)
def test_words(text: str, tokens: list[str]) -> None:
    assert split_words(text) == tokens


def test_ids_padding_and_unknown() -> None:
    encoding = TextEncoding(level="word", vocabulary=("good", "bad"), length=4)
    (x,) = encoding.encode(["Good good BAD", "ugly", "", None, float("nan")])
    assert x.tolist() == [[2, 2, 3, 0], [1, 0, 0, 0], [0] * 4, [0] * 4, [0] * 4]
    assert encoding.shapes() == {"vocab": 4, "length": 4}


def test_what_is_lost_is_said() -> None:
    encoding = TextEncoding(level="word", vocabulary=("a",), length=2)
    ledger = Ledger()
    encoding.encode(["a a a", "b", ""], ledger)
    text = "\n".join(map(str, ledger))
    assert "lose their end (1)" in text
    assert "without a token" in text
    assert "33.3% of tokens" in text


def test_prepare_cuts_padding_that_no_row_needs() -> None:
    encoding = TextEncoding(level="word", vocabulary=("a",), length=40)
    (x,) = encoding.encode(["a " * 12, "a"])
    (ready,) = encoding.prepare((x,))
    assert ready.shape == (2, 12)
    assert ready.dtype == torch.int64
    (short,) = encoding.prepare((x[1:],))
    assert short.shape == (1, 8)  # kernels of a few tokens still fit


def test_names_are_read_by_character() -> None:
    names = [f"{a}{b}son" for a in "abcdefghij" for b in "klmnopqrst"]
    encoding = fit_text_encoding(names)
    assert encoding.level == "character"
    assert encoding.encode(["abX"])[0][0, :3].tolist().count(1) == 1


def test_scripts_without_spaces_are_read_by_character() -> None:
    texts = ["今日は天気がとても良いですから散歩に行きましょう" * 2] * 20
    assert fit_text_encoding(texts).level == "character"


def test_sentences_are_read_by_word_and_rare_words_are_dropped() -> None:
    texts = [f"the same sentence with one own{at} word{at} here" for at in range(2000)]
    ledger = Ledger()
    encoding = fit_text_encoding(texts, ledger)
    assert encoding.level == "word"
    assert set(encoding.vocabulary) == {"the", "same", "sentence", "with", "one", "here"}
    assert "4,000 seen once" in "\n".join(map(str, ledger))


def test_few_words_are_all_kept() -> None:
    assert fit_text_encoding(["one two three four", "five six seven eight"]).vocab == 10


def test_length_is_that_of_nearly_all_rows() -> None:
    texts = ["word " * 20] * 995 + ["word " * 3000] * 5
    assert fit_text_encoding(texts).length == 20
    # Where little would be saved, nothing is cut.
    assert fit_text_encoding(["word " * 20] * 995 + ["word " * 28] * 5).length == 28


def test_a_table_gives_its_text_column() -> None:
    encoding = TextEncoding(level="word", vocabulary=("a", "b"), length=2, column="review")
    (x,) = encoding.encode(pd.DataFrame({"id": [1, 2], "review": ["a", "b"]}))
    assert x.tolist() == [[2, 0], [3, 0]]
    with pytest.raises(DataError, match=r"no column 'review'.*id, text"):
        encoding.encode(pd.DataFrame({"id": [1], "text": ["a"]}))


def test_json_and_back() -> None:
    encoding = fit_text_encoding(["naïve café, don't", "日本 👍"])
    values = json.loads(json.dumps(encoding.to_dict()))
    again = TextEncoding.from_dict(values, encoding.tensors())
    assert again == encoding
    assert torch.equal(again.encode(["café 👍"])[0], encoding.encode(["café 👍"])[0])


def test_encoding_is_fast() -> None:
    texts = ["a short text of some ten words, no more"] * 20_000
    encoding = fit_text_encoding(texts[:100])
    begun = time.process_time()
    encoding.encode(texts)
    assert time.process_time() - begun < 2.0  # 10,000 texts a second at the very least


def test_words_in_capitals_are_marked_where_only_some_are() -> None:
    texts = ["a quiet text of plain words"] * 50 + ["WIN a FREE prize now, call us"] * 3
    encoding = fit_text_encoding(texts)
    assert encoding.capitals
    assert encoding.tokens_of("FREE prize I") == ["<capitals>", "free", "prize", "i"]
    assert not fit_text_encoding(["ALL IN CAPITALS HERE"] * 50).capitals
    assert not fit_text_encoding(["none in capitals here"] * 50).capitals


def test_unseen_numbers_are_known_by_their_shape() -> None:
    texts = [f"word{at} call 0800{at:07} in {at} days" for at in range(3000)]
    encoding = fit_text_encoding(texts)
    assert "00000000000" in encoding.vocabulary
    (x,) = encoding.encode(["call 55512345678 in 12345678901234 days"])
    number = encoding.ids["00000000000"]
    assert x[0, :3].tolist() == [encoding.ids["call"], number, encoding.ids["in"]]
    assert int(x[0, 3]) == 1  # a shape that training never had
