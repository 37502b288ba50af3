"""Separators and quoting are told from a sample."""

import pytest

from netwright.data.dialect import Dialect, parse_lines, score_dialect, sniff_dialect

SAMPLES = {
    "a,b,c\n1,2,3\n4,5,6\n": Dialect(",", None),
    "x;y;z\n1,5;2,3;a\n2,5;3,3;b\n": Dialect(";", None),
    "x\ty\n1,5\t2,3\n2,5\t3,3\n": Dialect("\t", None),
    "a|b\n1|2\n": Dialect("|", None),
    'review,label\n"good; really; good, film",pos\n"bad; so; bad, film",neg\n': Dialect(",", '"'),
    'date, n\n1, "6,000"\n2, "7,000"\n': Dialect(",", '"', skip_spaces=True),
    "1.5,'-1'\n2.5,'1'\n": Dialect(",", "'"),
    '1,"he said \\"hi, there\\" ok"\n2,"plain, text"\n3,"x \\"y\\""\n': Dialect(
        ",", '"', escape="\\"
    ),
    '"a;""b"""\n"1;""x"""\n"2;""y"""\n': Dialect(";", '"', wrapped=True),
    "1.0  2.5   3\n4.0  5.5   6\n": Dialect(" ", None),
    "it 's fine ; yes\t1\nno , it is n't\t0\n": Dialect("\t", None),
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_dialect_is_found(sample: str) -> None:
    assert sniff_dialect(sample) == SAMPLES[sample]


def test_stray_quote_in_tabbed_text_means_no_quoting() -> None:
    lines = [f"word {n} here\t{n % 2}" for n in range(30)]
    sample = "\n".join([*lines, '"stray quote\t1', *lines]) + "\n"
    assert sniff_dialect(sample) == Dialect("\t", None)


def test_stray_quote_does_not_undo_quotes_that_protect() -> None:
    lines = [f'"word, {n} here",{n % 2}' for n in range(30)]
    sample = "\n".join([*lines, '"stray, quote,1', *lines]) + "\n"
    assert sniff_dialect(sample).quote == '"'


def test_prose_has_no_dialect() -> None:
    prose = "It was the best of times, it was the worst of times.\nSo, so, so.\nNo more\n"
    assert score_dialect(prose, sniff_dialect(prose)) < 0.3


def test_words_with_blanks_are_one_column() -> None:
    sample = "Athens Greece Baghdad Iraq\nOslo Norway Rome Italy\n"
    assert sniff_dialect(sample).separator == ","


def test_hint_decides_where_nothing_else_does() -> None:
    assert sniff_dialect("one\ntwo\n", hint="\t").separator == "\t"


def test_wrapped_lines_are_unwrapped() -> None:
    dialect = Dialect(";", '"', wrapped=True)
    rows = parse_lines(['"1;""a, b"";2"\r\n'], dialect)
    assert [cells for _, cells in rows] == [["1", "a, b", "2"]]


def test_sample_cut_inside_a_quoted_cell_still_quotes() -> None:
    sample = 'id,text\n1,"a, b"\n2,"c, d"\n3,"e, and then'
    assert sniff_dialect(sample, complete=False) == Dialect(",", '"')
