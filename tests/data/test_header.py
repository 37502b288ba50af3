"""Header rows, titles and names are told apart from data."""

import pytest

from netwright.data.header import classify, find_header, unique_names


def rows(text: str) -> list[list[str]]:
    return [line.split(",") for line in text.strip("\n").split("\n")]


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("1.5", "N"),
        ("-2,666", "N"),
        ("$5", "N"),
        ("40%", "N"),
        ("1e-5", "N"),
        ("inf", "N"),
        ("2012-01-01 00:00:00", "D"),
        ("1949-01", "D"),
        ("13:08", "D"),
        ("", "E"),
        ("NA", "E"),
        ("?", "E"),
        ("*****", "E"),
        ("words", "T"),
        ("1. Male", "T"),
        ("750-67-8428", "T"),
    ],
)
def test_cells_are_classified(cell: str, kind: str) -> None:
    assert classify(cell) == kind


def test_words_over_numbers_are_a_header() -> None:
    header = find_header(rows("a,b\n1,x\n2,y"))
    assert (header.rows, header.first, header.names) == ((0,), 1, ("a", "b"))


def test_numbers_over_numbers_are_none() -> None:
    header = find_header(rows("1,2,x\n4,5,y\n7,8,z"))
    assert (header.rows, header.names) == ((), ("column_1", "column_2", "column_3"))


def test_words_that_come_again_are_none() -> None:
    assert find_header(rows("ham,hello\nspam,free\nham,see you")).rows == ()


def test_words_that_never_come_again_are_a_header() -> None:
    assert find_header(rows("class,cap\np,x\ne,y\np,x")).rows == (0,)


def test_titles_and_blank_rows_above() -> None:
    header = find_header(rows("Anomalies,,\n,,\nYear,Jan,Feb\n1880,1,2\n1881,3,4\n1882,5,6"))
    assert (header.titles, header.rows, header.first) == ((0,), (2,), 3)


def test_years_are_names() -> None:
    header = find_header(rows("Country,1960,1961,1962\nAruba,1,2,3\nAngola,4,5,6"))
    assert header.names == ("Country", "1960", "1961", "1962")


def test_a_count_in_every_row_is_data() -> None:
    assert find_header(rows("1,2,3,4,5\n2,3,4,5,6\n3,4,5,6,7")).rows == ()


def test_several_rows_are_joined() -> None:
    header = find_header(rows("net,1,1\nnode,1,2\nhemi,lh,rh\n,,\n0,5.5,6.5\n1,7.5,8.5\n2,1,2"))
    assert header.names == ("net_node_hemi", "1_1_lh", "1_2_rh")
    assert header.rows == (0, 1, 2)


def test_units_join_the_names() -> None:
    header = find_header(rows("Year,Temp,Rain\n-,(C),(mm)\n1990,12,3\n1991,12,4\n1992,13,4"))
    assert header.names == ("Year", "Temp_(C)", "Rain_(mm)")


def test_odd_first_row_of_data_is_no_second_header() -> None:
    header = find_header(rows("id,age\nunknown,n/a\n2,30\n3,31\n4,33\n5,34"))
    assert (header.rows, header.names) == ((0,), ("id", "age"))


def test_row_names_without_a_name() -> None:
    header = find_header(rows("a,b\nr1,1,2\nr2,3,4\nr3,5,6"))
    assert (header.row_names, header.names) == (True, ("column_1", "a", "b"))


def test_separator_at_the_end_of_each_row() -> None:
    header = find_header(rows("a,b\n1,2,\n3,4,"))
    assert (header.names, header.unnamed) == (("a", "b", "column_3"), (2,))


def test_known_names_decide() -> None:
    sheet = rows("x,y\nx,z\nq,z")
    assert find_header(sheet).rows == ()
    assert find_header(sheet, expect=["x", "y"]).rows == (0,)


def test_comment_marks_are_no_part_of_names() -> None:
    header = find_header(rows("# made by hand\n# a,b\n1,2\n3,4\n5,6"))
    assert (header.names, header.titles) == (("a", "b"), (0,))


def test_names_are_unique() -> None:
    names, unnamed, renamed = unique_names(["a", " a ", "", "a_2", "two\nlines"])
    assert names == ("a", "a_3", "column_3", "a_2", "two lines")
    assert (unnamed, renamed) == ((2,), 1)


def test_a_column_name_that_is_taken_is_not_given_again() -> None:
    names, _, _ = unique_names(["column_2", ""])
    assert len(set(names)) == 2


def test_one_cell_over_a_wider_table_is_a_title() -> None:
    header = find_header(rows("|1x3 Cross validator\n25,Private,3\n38,State,4\n28,Private,5"))
    assert (header.rows, header.titles, header.first) == ((), (0,), 1)


def test_index_without_a_name() -> None:
    header = find_header(rows(",a\n0,x\n1,y\n2,z"))
    assert (header.rows, header.unnamed, header.names) == ((0,), (0,), ("column_1", "a"))


def test_line_drawn_below_the_names() -> None:
    assert find_header(rows("a,b\n---,---\n1,2\n3,4")).first == 2
