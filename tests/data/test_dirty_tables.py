"""Every dirty table is read right, with its quirks in the ledger, or refused in one clear sentence.

The expectations were written down from the bytes of the files, not from what the reader returned.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest

from netwright.data.formats.tables import read_table
from netwright.data.ledger import Ledger
from netwright.errors import DataError


@dataclass(frozen=True)
class Expected:
    """first, last: column names. cells: (row, column name) -> text, None for empty."""

    rows: int
    columns: int
    first: str
    last: str
    cells: dict[tuple[int, str], str | None]
    ledger: tuple[str, ...] = field(default=())


TABLES = {
    "Cars93_miss.csv": Expected(
        93,
        27,
        "Manufacturer",
        "Make",
        {(0, "Min.Price"): "12.9", (1, "Manufacturer"): "NA", (92, "Make"): "Volvo 850"},
    ),
    "CommViolPredUnnormalizedData.txt": Expected(
        1000,
        147,
        "communityname",
        "nonViolPerPop",
        {(0, "communityname"): "BerkeleyHeightstownship", (0, "countyCode"): "39"},
        ("separator comma",),
    ),
    "Soybean.csv": Expected(
        683,
        36,
        "Class",
        "roots",
        {(0, "Class"): "diaporthe-stem-canker", (0, "date"): "6", (682, "precip"): "NA"},
    ),
    "Wage_constant_columns.csv": Expected(
        800,
        12,
        "year",
        "wage",
        {(0, "sex"): "1. Male", (0, "education"): "1. < HS Grad", (0, "wage"): "75.0431540173515"},
    ),
    "auto_imports.csv": Expected(
        201,
        26,
        "column_1",
        "column_26",
        {(0, "column_2"): "?", (0, "column_3"): "alfa-romero", (200, "column_26"): "22625"},
        ("no header",),
    ),
    "bank-additional_mangled_quotes.csv": Expected(
        800,
        21,
        "age",
        "y",
        {(0, "job"): "blue-collar", (0, "emp.var.rate"): "-1.8", (1, "y"): "no"},
        ("wrapped in quotes", "separator semicolon"),
    ),
    "bikes_latin1_semicolon.csv": Expected(
        310,
        10,
        "Date",
        "St-Urbain (données non disponibles)",
        {
            (0, "Berri 1"): "35",
            (0, "Rachel1"): "16",
            (0, "Brébeuf (données non disponibles)"): None,
        },
        ("cp1252", "separator semicolon", "too few cells"),
    ),
    "brain_networks_duplicate_columns.csv": Expected(
        299,
        63,
        "network_node_hemi",
        "17_4_lh",
        {(0, "1_1_lh"): "56.05574417114258", (0, "network_node_hemi"): "0"},
        ("header of several rows", "without a single filled cell"),
    ),
    "horse-colic.csv": Expected(
        300,
        28,
        "column_1",
        "column_28",
        {(0, "column_3"): "530101", (0, "column_9"): "?", (0, "column_26"): "00000"},
        ("no header",),
    ),
    "norway_car_sales_latin1.csv": Expected(
        2694,
        6,
        "Year",
        "Pct",
        {(0, "Make"): "Volkswagen", (0, "Quantity"): "1267"},
        ("cp1252", "blanks around cells"),
    ),
    "oecd_bli_2015_bom.csv": Expected(
        3292,
        17,
        "LOCATION",
        "Flags",
        {(0, "LOCATION"): "AUS", (0, "Reference Period"): None, (0, "Flags"): "Estimated value"},
        ("byte-order mark",),
    ),
    "supermarket_sales_constant_column.csv": Expected(
        1000,
        17,
        "Invoice ID",
        "Rating",
        {(0, "Invoice ID"): "750-67-8428", (0, "Date"): "1/5/2019", (999, "Rating"): "6.6"},
    ),
    "weather_2012.csv": Expected(
        2000,
        8,
        "Date/Time",
        "Weather",
        {(0, "Date/Time"): "2012-01-01 00:00:00", (2, "Weather"): "Freezing Drizzle,Fog"},
    ),
    "messytables/begrotingsanalyse-2011.csv": Expected(
        36,
        14,
        "NR.",
        "provincie_L_Flevoland",
        {
            (0, "Cluster"): "Inkomstenclusters:",
            (0, "provincie_A_Groningen"): None,
            (1, "provincie_A_Groningen"): "208",
            (34, "provincie_D_Overijssel"): "1,130,345",
        },
        ("title rows", "header of several rows", "without a name and without a single cell"),
    ),
    "messytables/characters.csv": Expected(
        382,
        18,
        "id",
        "常用搜尋關鍵字",
        {(0, "景點中文名稱"): "雲嘉南濱海國家風景區管理處", (1, "景點中文名稱"): "蘆竹溝"},
        ("big5",),
    ),
    "messytables/complex.csv": Expected(
        3,
        4,
        "date",
        "place",
        {(2, "temperature"): "6,000,000", (2, "another date"): None, (2, "place"): "Galway"},
        ("quotes may stand after blanks",),
    ),
    "messytables/excel_pasting.csv": Expected(
        14,
        9,
        "Year",
        "2007",
        {
            (0, "2000"): "2,666",
            (13, "Year"): "Total",
            (10, "Year"): "Pulp, paper, publishing\nand printing",
        },
        ("title rows", "footnotes"),
    ),
    "messytables/mixedGLB.csv": Expected(
        133,
        19,
        "Year",
        "SON",
        {(0, "Year"): "1880", (0, "DJF"): "*****", (132, "Jan"): "34"},
        ("carriage return", "title rows"),
    ),
    "messytables/null.csv": Expected(
        10,
        4,
        "column_1",
        "column_4",
        {(0, "column_2"): "null", (2, "column_3"): None, (9, "column_1"): "10"},
        ("no header",),
    ),
    "messytables/simple.psv": Expected(
        28,
        6,
        "Year",
        "Former owner occupiers",
        {(0, "Year"): "1986", (0, "New dwellings"): "44000"},
        ("separator bar",),
    ),
    "messytables/simple.ssv": Expected(
        6,
        3,
        "date",
        "place",
        {(1, "temperature"): "-1", (5, "place"): "Berkeley"},
        ("separator semicolon",),
    ),
    "messytables/skip_initials.csv": Expected(
        2, 2, "field1", "field2", {(0, "field2"): "goodbye"}, ("blanks around cells",)
    ),
    "messytables/spanish_chars.csv": Expected(
        114,
        8,
        "GF_ID",
        "Descripción",
        {(0, "Gasto total 2011"): "229,932.50", (1, "F"): "Legislación", (1, "GF_ID"): None},
        ("cp1252", "footnotes"),
    ),
    "messytables/sparse_with_column_errors.csv": Expected(
        2200,
        3,
        "LP",
        "Kapitel/Titel",
        {(2, "Kapitel/Titel"): "300368540", (3, "LP"): None, (2199, "LP"): "Y39000"},
        ("cp1252", "trailing column 4", "without a single filled cell"),
    ),
    "messytables/utf-16le_encoded.csv": Expected(
        327,
        19,
        "Organisation_code",
        "Discharges_from_SCT",
        {
            (0, "Organisation_name"): "Enfield PCT",
            (0, "Organisation_classification"): "NHS Facilities",
        },
        ("utf-16",),
    ),
    "messytables/weird_head_padding.csv": Expected(
        60,
        10,
        "column_1",
        "2010",
        {
            (0, "column_1"): "Chirurgie (ohne Orthopädie) ...",
            (0, "1985"): None,
            (1, "2010"): "733",
            (59, "column_1"): "Strahlentherapie",
        },
        ("title rows", "footnotes", "separator semicolon"),
    ),
    "csv-spectrum/comma_in_quotes.csv": Expected(
        1, 5, "first", "zip", {(0, "city"): "Anytown, WW", (0, "zip"): "08123"}
    ),
    "csv-spectrum/empty.csv": Expected(2, 3, "a", "c", {(0, "b"): None, (1, "b"): "3"}),
    "csv-spectrum/empty_crlf.csv": Expected(2, 3, "a", "c", {(0, "c"): None, (1, "c"): "4"}),
    "csv-spectrum/escaped_quotes.csv": Expected(2, 2, "a", "b", {(0, "b"): 'ha "ha" ha'}),
    "csv-spectrum/json.csv": Expected(
        1, 2, "key", "val", {(0, "val"): '{"type": "Point", "coordinates": [102.0, 0.5]}'}
    ),
    "csv-spectrum/newlines.csv": Expected(3, 3, "a", "c", {(1, "a"): "Once upon \na time"}),
    "csv-spectrum/newlines_crlf.csv": Expected(3, 3, "a", "c", {(1, "c"): "6", (2, "a"): "7"}),
    "csv-spectrum/quotes_and_newlines.csv": Expected(
        2, 2, "a", "b", {(0, "b"): 'ha \n"ha" \nha', (1, "b"): "4"}
    ),
    "csv-spectrum/simple.csv": Expected(1, 3, "a", "c", {(0, "a"): "1", (0, "c"): "3"}),
    "csv-spectrum/utf8.csv": Expected(2, 3, "a", "c", {(1, "c"): "ʤ"}),
}

REFUSED = {
    "messytables/simple.unknown": "is empty",
    "messytables/small.csv": "holds one line ('a') and no rows below it",
    "messytables/utf8bom.csv": "holds one line ('kitten', 'win') and no rows below it",
}


@pytest.mark.parametrize("name", TABLES)
def test_dirty_table_is_read_right(name: str, shared_data: Path) -> None:
    expected, ledger = TABLES[name], Ledger()
    frame = read_table(shared_data / "dirty" / "tables" / name, ledger)
    assert frame.shape == (expected.rows, expected.columns)
    assert (frame.columns[0], frame.columns[-1]) == (expected.first, expected.last)
    assert frame.columns.is_unique
    for (row, column), text in expected.cells.items():
        cell = frame[column].iloc[row]
        assert (None if pd.isna(cell) else cell) == text, (row, column)
    entries = "\n".join(map(str, ledger))
    for words in expected.ledger:
        assert words in entries


@pytest.mark.parametrize("name", REFUSED)
def test_file_without_a_table_is_refused(name: str, shared_data: Path) -> None:
    path = shared_data / "dirty" / "tables" / name
    with pytest.raises(DataError) as refusal:
        read_table(path, Ledger())
    message = str(refusal.value)
    assert REFUSED[name] in message
    assert path.name in message and "Expected" in message


def test_no_dirty_table_is_left_out(shared_data: Path) -> None:
    folder = shared_data / "dirty" / "tables"
    present = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert {name for name in present if "LICENSE" not in name} == TABLES.keys() | REFUSED.keys()


CLEAN = {
    "tables/auto_mpg/mpg.csv": (398, 9, "mpg", "name"),
    "tables/bank_churn/Churn_Modelling.csv": (10000, 14, "RowNumber", "Exited"),
    "tables/california_housing/housing.csv": (20640, 10, "longitude", "ocean_proximity"),
    "tables/higgs_subset/binary.test": (500, 29, "column_1", "column_29"),
    "tables/higgs_subset/binary.train": (7000, 29, "column_1", "column_29"),
    "tables/ionosphere/ionosphere.csv": (351, 35, "column_1", "column_35"),
    "tables/mammography/mammography.csv": (11183, 7, "column_1", "column_7"),
    "tables/pima/pima-indians-diabetes.csv": (768, 9, "column_1", "column_9"),
    "tables/sonar/sonar.csv": (208, 61, "column_1", "column_61"),
    "tables/titanic/train.csv": (891, 12, "PassengerId", "Embarked"),
    "tables/wine_quality/winequality-red.csv": (1599, 12, "column_1", "column_12"),
    "tables/wine_quality/winequality-white.csv": (4898, 12, "column_1", "column_12"),
    "text_classification/sms_spam/spam.csv": (5572, 2, "v1", "v2"),
    "text_classification/sst2/train.tsv": (6920, 2, "column_1", "column_2"),
    "text_classification/sst2/dev.tsv": (872, 2, "column_1", "column_2"),
    "text_classification/sst2/test.tsv": (1821, 2, "column_1", "column_2"),
    "time_series/airline_passengers/airline-passengers.csv": (144, 2, "Month", "Passengers"),
    "time_series/daily_min_temperatures/daily-min-temperatures.csv": (3650, 2, "Date", "Temp"),
    "word_vectors/wordsim353.tsv": (353, 3, "Word 1", "Human (mean)"),
    "graphs/cora/nodes.csv": (2708, 4, "node", "words"),
}


@pytest.mark.parametrize("name", CLEAN)
def test_table_has_its_documented_shape(name: str, shared_data: Path) -> None:
    frame = read_table(shared_data / name, Ledger())
    assert (*frame.shape, frame.columns[0], frame.columns[-1]) == CLEAN[name]


def test_mammography_labels_lose_their_single_quotes(shared_data: Path) -> None:
    frame = read_table(shared_data / "tables" / "mammography" / "mammography.csv", Ledger())
    assert frame["column_7"].value_counts().to_dict() == {"-1": 10923, "1": 260}


def test_spam_counts_and_lost_cells(shared_data: Path) -> None:
    ledger = Ledger()
    frame = read_table(shared_data / "text_classification" / "sms_spam" / "spam.csv", ledger)
    assert frame["v1"].value_counts().to_dict() == {"ham": 4825, "spam": 747}
    lost = {e.count for e in ledger if "trailing column" in e.what}
    assert lost == {50, 12, 6}
