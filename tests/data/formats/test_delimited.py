"""Delimited text: cells are strings, rows never shift, batches equal the whole."""

import csv
import io
import random
from pathlib import Path

import pandas as pd
import pytest

from netwright.data.formats.delimited import iterate_delimited, read_delimited
from netwright.data.ledger import Ledger
from netwright.errors import DataError


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "data.csv"
    path.write_bytes(text.encode(encoding))
    return path


def read(tmp_path: Path, text: str, encoding: str = "utf-8") -> tuple[pd.DataFrame, str]:
    ledger = Ledger()
    frame = read_delimited(write(tmp_path, text, encoding), ledger)
    return frame, "\n".join(map(str, ledger))


def test_cells_are_strings_and_empty_ones_missing(tmp_path: Path) -> None:
    frame, _ = read(tmp_path, 'a,b,c\n007,,x\n1.50,"",  \n')
    assert frame["a"].tolist() == ["007", "1.50"]
    assert frame["b"].isna().all()
    assert frame["c"].isna().tolist() == [False, True]


def test_short_rows_are_padded_and_named(tmp_path: Path) -> None:
    frame, ledger = read(tmp_path, "a,b,c\n1,2,3\n4,5\n6,7,8\n")
    assert frame.iloc[1].tolist()[:2] == ["4", "5"] and pd.isna(frame["c"][1])
    assert "line 3" in ledger


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a,b\n1,2\n3,4,5\n6,7\n", 3),
        ('a,b\n"1\n1",2\n3,4,5\n6,7\n', 4),
        ("a,b\n" + "1,2\n" * 20_000 + "3,4,5\n", 20_002),
    ],
)
def test_long_row_is_refused_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(DataError, match=rf"line {line}: 3 cells where the table has 2 columns"):
        read(tmp_path, text)


def test_header_longer_than_every_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="names 3 columns"):
        read(tmp_path, "age,place, if any\n30,x\n40,y\n")


def test_separators_after_the_last_column_are_dropped(tmp_path: Path) -> None:
    frame, ledger = read(tmp_path, "a,b,,\n1,2,,\n3,4,,\n")
    assert frame.columns.tolist() == ["a", "b"]
    assert "without a name and without a single cell (2)" in ledger


def test_nearly_empty_trailing_column_is_dropped_with_its_count(tmp_path: Path) -> None:
    frame, ledger = read(tmp_path, "a,b,\n" + "1,x,\n" * 99 + "2,y,spilled\n")
    assert frame.shape == (100, 2)
    assert "trailing column 3 without a name: cells lost, of 100 rows (1)" in ledger


def test_filled_column_without_a_name_is_kept(tmp_path: Path) -> None:
    frame, ledger = read(tmp_path, ",a\n0,x\n1,y\n2,z\n")
    assert frame.columns.tolist() == ["column_1", "a"]
    assert "called column_1" in ledger


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path: Path, end: str) -> None:
    frame, ledger = read(tmp_path, end.join(["a,b", "1,x", "2,y", ""]))
    assert frame.to_dict("list") == {"a": ["1", "2"], "b": ["x", "y"]}
    assert ("carriage return" in ledger) == (end == "\r")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    frame, ledger = read(tmp_path, "ville,n\nMontréal,1\nQuébec,2\n", encoding)
    assert frame["ville"].tolist() == ["Montréal", "Québec"]
    assert ("byte-order" if "sig" in encoding else encoding[:6]) in ledger


def test_damaged_bytes_are_replaced_and_said(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(("名前,値\n" + "東京,1\n" * 40).encode() + b"\xe6\xff,2\n")
    ledger = Ledger()
    assert "�" in read_delimited(path, ledger)["名前"].iloc[-1]
    assert any(entry.action == "warned" for entry in ledger)


def test_blanks_around_cells_are_counted(tmp_path: Path) -> None:
    frame, ledger = read(tmp_path, "a,b\n 1 ,x\n2,\u00a0y\n")
    assert frame.to_numpy().tolist() == [["1", "x"], ["2", "y"]]
    assert "taken off in columns a, b (2)" in ledger


def test_stray_quote_far_from_the_start_does_not_swallow_rows(tmp_path: Path) -> None:
    rows = "".join(f"some words {n} here\t{n % 2}\n" for n in range(20_000))
    frame, ledger = read(tmp_path, f'text\tlabel\n{rows}"stray quote\t1\n{rows[:220]}')
    assert len(frame) > 20_001
    assert frame["text"][20_000] == '"stray quote'
    assert "do not come in pairs" in ledger


def test_stray_quote_among_protecting_ones_is_refused(tmp_path: Path) -> None:
    rows = "".join(f'"word, {n} here",{n % 2}\n' for n in range(500))
    with pytest.raises(DataError, match="line 502"):
        read(tmp_path, f'text,label\n{rows}"stray, quote,1\n{rows}')


def test_cells_longer_than_the_csv_module_allows(tmp_path: Path) -> None:
    text = "word " * 60_000
    frame, _ = read(tmp_path, f'id, text\n1, "{text}, end"\n2, "short, end"\n')
    assert frame["text"].str.len().tolist() == [300_005, 10]


def test_blanks_as_separator(tmp_path: Path) -> None:
    text = (
        ' 18.0   8  307.0\t"chevrolet chevelle"\n 15.0   8  ?\t"buick"\n 18.0   8  318.0\t"amc"\n'
    )
    frame, ledger = read(tmp_path, text)
    assert frame.iloc[0].tolist() == ["18.0", "8", "307.0", "chevrolet chevelle"]
    assert "separator blanks" in ledger


def test_footnotes_are_dropped_and_counted(tmp_path: Path) -> None:
    text = "Year,a,b\n1990,1,2\n1991,3,4\n1992,5,6\n1993,7,8\n,,\nSource: office of numbers,,\n"
    frame, ledger = read(tmp_path, text)
    assert frame["Year"].tolist() == ["1990", "1991", "1992", "1993"]
    assert "footnotes below the table (1)" in ledger


def test_sparse_last_row_is_no_footnote(tmp_path: Path) -> None:
    frame, _ = read(tmp_path, "name,a,b\nx,1,2\ny,3,4\nz,5,6\nlast,,\n")
    assert frame["name"].tolist()[-1] == "last"


@pytest.mark.parametrize("text", ["", "\ufeff", "a", "a,b\n", "a,b\n\n,\n", "\n\n"])
def test_file_without_rows_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match="no rows") as refusal:
        read(tmp_path, text)
    assert "data.csv" in str(refusal.value)


def test_one_row_of_numbers_is_data(tmp_path: Path) -> None:
    assert read(tmp_path, "5.1,3.5,0.2\n")[0].shape == (1, 3)


def test_known_names_tell_a_header_of_words(tmp_path: Path) -> None:
    path = write(tmp_path, "x,y\nx,z\nq,z\n")
    assert read_delimited(path, Ledger()).shape == (3, 2)
    assert read_delimited(path, Ledger(), expect=["x", "y"]).shape == (2, 2)


BATCHED = {
    "regular": "a,b,\n" + "".join(f"{n}, x{n},\n" for n in range(1000)),
    "ragged": "a,b\n" + "1,2\n" * 700 + "3\n" + "\n" + "4,5\n" * 300,
    "ragged late": "a,b\n" + f"{'word ' * 20},2\n\n,\n" * 25_000 + "3\n" + "4,5\n" * 300,
    "quoted": "a,b\n" + "".join(f'{n},"line one\nline, {n}"\n' for n in range(1000)),
    "footnotes": "a,b,c\n" + "1,2,3\n" * 1000 + ",,\nSource: somewhere,,\n",
    "spilled": "a,b,\n" + "1,x,\n" * 999 + "2,y,spilled\n",
}


@pytest.mark.parametrize("name", BATCHED)
def test_batches_equal_the_whole(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, BATCHED[name])
    whole = read_delimited(path, Ledger())
    rows = 128 if len(whole) < 10_000 else 8_192
    batches = list(iterate_delimited(path, Ledger(), rows))
    assert [len(batch) for batch in batches[:-1]] == [rows] * (len(batches) - 1)
    pd.testing.assert_frame_equal(pd.concat(batches, ignore_index=True), whole)


def _random_table(rng: random.Random) -> tuple[list[str], list[list[str]]]:
    words = "alpha beta été naïve Zürich foo x1".split()
    tails = [", and more", "; but", ' "quoted" end', "\nnew line", " | x", " it's", "\ttab"]

    def cell(kind: str) -> str:
        if rng.random() < 0.05:
            return ""
        if kind == "number":
            return f"{rng.gauss(0, 50):.3f}"
        if kind == "word":
            return rng.choice(words)
        text = " ".join(rng.choices(words, k=rng.randint(2, 12)))
        return text + (rng.choice(tails) + " tail" if rng.random() < 0.3 else "")

    kinds = ["number", *rng.choices(["number", "word", "text"], k=rng.randint(1, 8))]
    names = [f"{kind}_{at}" for at, kind in enumerate(kinds)]
    return names, [[cell(kind) for kind in kinds] for _ in range(rng.choice([3, 20, 100]))]


@pytest.mark.parametrize("seed", range(40))
def test_what_the_csv_module_writes_is_read_back(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    names, rows = _random_table(rng)
    buffer = io.StringIO()
    writer = csv.writer(
        buffer,
        delimiter=rng.choice([",", ";", "\t", "|"]),
        quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        lineterminator=rng.choice(["\n", "\r\n"]),
    )
    writer.writerow(names)
    writer.writerows(rows)
    encoding = rng.choice(["utf-8", "utf-8-sig", "cp1252", "utf-16"])
    frame, _ = read(tmp_path, buffer.getvalue(), encoding)
    assert frame.columns.tolist() == names
    cells = [[None if pd.isna(cell) else cell for cell in row] for row in frame.to_numpy()]
    assert cells == [[cell or None for cell in row] for row in rows if any(row)]
