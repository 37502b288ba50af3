"""What the words of a table mean."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from netwright.data.cells import (
    MARKERS,
    WEAK_MARKERS,
    NumberFormat,
    distinct,
    guess_dates,
    guess_numbers,
    parse_dates,
    parse_numbers,
)


def column(words: list[object]) -> "pd.Series[object]":
    return pd.Series(words, dtype=object)


def numbers(words: list[str]) -> tuple[list[float], NumberFormat, float, str]:
    known = distinct(column(list(words)))
    form, share, ambiguous = guess_numbers(known)
    return known.take(parse_numbers(known.words, form), np.nan).tolist(), form, share, ambiguous


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["1", "-2.5", "+3e2", ".5"], [1, -2.5, 300, 0.5]),
        (["1,234", "999", "2,000,000"], [1234, 999, 2_000_000]),
        (["1,234.5", "7"], [1234.5, 7]),
        (["1,5", "2,25", "3"], [1.5, 2.25, 3]),
        (["1.234,5", "2,25", "1.000"], [1234.5, 2.25, 1000]),
        (["0,123", "0,5"], [0.123, 0.5]),
        (["1 234", "5", "-1 317"], [1234, 5, -1317]),
        (["387,881", "-1 317", "5"], [387_881, -1317, 5]),
        (["$5", "-$3.2", "$1,000"], [5, -3.2, 1000]),
        (["12 %", "3%", "4.5 %"], [12, 3, 4.5]),
        (["10 kg", "3.5 kg"], [10, 3.5]),
        (["56.3 m2", "71 m2"], [56.3, 71]),
        (["(12)", "5", "3,000"], [-12, 5, 3000]),
        (["€ 1.234,50", "€ 2,00"], [1234.5, 2]),
        (["- 5", "1 000"], [-5, 1000]),
    ],
)
def test_numbers_in_many_spellings(words: list[str], values: list[float]) -> None:
    read, _, share, _ = numbers(words)
    assert share == 1.0
    np.testing.assert_allclose(read, values)


@pytest.mark.parametrize(
    "words",
    [["A12", "B7"], ["0x10", "0x11"], ["1_000", "2_000"], ["1. Male", "2. Female"], ["5A", "6B"]],
)
def test_words_that_are_no_numbers(words: list[str]) -> None:
    assert numbers(words)[2] == 0.0


def test_infinity_is_no_number() -> None:
    assert np.isnan(parse_numbers(np.array(["inf", "-Infinity", "nan"], dtype=object))).all()


def test_a_comma_before_three_digits_is_said_to_be_ambiguous() -> None:
    assert "thousands" in numbers(["1,234", "5,678"])[3]
    assert numbers(["1,234.5", "5,678"])[3] == ""


@pytest.mark.parametrize(
    ("words", "form"),
    [
        (["2012-01-05", "2012-02-03 10:00"], "ISO8601"),
        (["2012-01-05T10:00:00Z"], "ISO8601"),
        (["01/02/2012", "13/02/2012"], "%d/%m/%Y"),
        (["01/02/2012", "02/13/2012"], "%m/%d/%Y"),
        (["1/5/2019 13:08", "2/20/2019 10:10"], "%m/%d/%Y %H:%M"),
        (["01.02.12", "31.12.12"], "%d.%m.%y"),
        (["3 Jan 2012", "14 Feb 2013"], "%d %b %Y"),
        (["January 3, 2012", "March 14, 2013"], "%B %d, %Y"),
        (["1949-01", "1949-02"], "%Y-%m"),
        (["13:08", "09:10"], "%H:%M"),
        (["1:08 PM", "09:10 AM"], "%I:%M %p"),
    ],
)
def test_dates_in_many_spellings(words: list[str], form: str) -> None:
    guessed, share, ambiguous = guess_dates(distinct(column(list(words))))
    assert (guessed, share, ambiguous) == (form, 1.0, "")


def test_day_and_month_are_told_apart_by_row_order() -> None:
    rising = ["01/02/2012", "05/02/2012", "01/03/2012", "02/04/2012"]
    assert guess_dates(distinct(column(list(rising))))[0] == "%d/%m/%Y"


def test_day_and_month_that_cannot_be_told_apart_are_said() -> None:
    form, _, ambiguous = guess_dates(distinct(column(["05/02/2012", "01/03/2012", "03/01/2012"])))
    assert form == "%m/%d/%Y"
    assert "month before day" in ambiguous


@pytest.mark.parametrize(
    "words", [["12345678", "87654321"], ["cat", "dog"], ["1-2", "3-4"], ["", "x"]]
)
def test_words_that_are_no_dates(words: list[str]) -> None:
    assert guess_dates(distinct(column(list(words))))[1] == 0.0


def test_dates_are_seconds_since_1970_and_zones_count() -> None:
    read = parse_dates(np.array(["2012-01-05T10:00:00+02:00", "no date"], dtype=object), "ISO8601")
    assert read[0] == datetime(2012, 1, 5, 8, tzinfo=UTC).timestamp()
    assert np.isnan(read[1])


def test_markers_are_taken_out_without_case_and_in_runs() -> None:
    known = distinct(column(["N/A", "*****", "x", "--", None, "None", "–"]))
    assert known.without(MARKERS).words.tolist() == ["*****", "x", "--", "None", "–"]
    rest = known.without(MARKERS + WEAK_MARKERS)
    assert rest.words.tolist() == ["x"]
    assert rest.codes.tolist() == [-1, -1, 0, -1, -1, -1, -1]


def test_the_same_cell_of_another_type_is_the_same_word() -> None:
    assert distinct(column([3, 3.0, "3", " 3 "])).words.tolist() == ["3"]
    assert distinct(pd.Series([1.5, 2.0, np.nan])).words.tolist() == ["1.5", "2"]
    assert distinct(column([[1, 2], {"a": 1}, [1, 2]])).words.tolist() == ["[1, 2]", '{"a": 1}']


def test_select_keeps_only_the_words_that_stand_in_the_rows() -> None:
    known = distinct(column(["a", "b", "a", None, "c"]))
    some = known.select(np.array([1, 3, 4]))
    assert some.words.tolist() == ["b", "c"]
    assert some.codes.tolist() == [0, -1, 1]
    assert some.counts.tolist() == [1, 1]
