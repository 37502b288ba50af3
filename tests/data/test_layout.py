"""The layout of a delimited file."""

from pathlib import Path

from netwright.data.layout import find_layout


def test_layout_is_found_again_when_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n1,2\n")
    assert find_layout(path).dialect.separator == ","
    path.write_text("a;b;c\n1;2;3\n")
    assert find_layout(path).dialect.separator == ";"


def test_quotes_beyond_the_sample_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n" + "1,2\n" * 100_000 + '3,"x, y"\n' * 10)
    assert find_layout(path).dialect.quote == '"'


def test_data_begins_after_header_lines(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text('Title\n\n"a\nname",b\n1,2\n3,4\n5,6\n')
    layout = find_layout(path)
    assert layout.header.names == ("a name", "b")
    assert layout.skip_lines == 4


def test_agreement_counts_full_rows(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,b\n1,2\n3\n5,6\n7,8\n")
    layout = find_layout(path)
    assert (layout.rows_seen, layout.agreement, layout.widest) == (4, 0.75, 2)
