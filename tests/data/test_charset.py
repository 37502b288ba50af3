"""Encodings are told by evidence."""

from pathlib import Path

import pytest

from netwright.data.charset import decode_bytes, open_text, sniff_bytes, sniff_charset
from netwright.errors import DataError

TEXTS = {
    "cp1252": "Données disponibles à Montréal, où «été» fut très doux. Señor Muñoz – it’s 5 £",
    "cp1250": "Zażółć gęślą jaźń, Łódź, część dalsza. Příliš žluťoučký kůň úpěl ďábelské ódy",
    "cp1251": "Привет, как дела? Москва, Россия. Обычный текст на русском языке, Цена",
    "koi8-r": "Привет, как дела? Москва, Россия. Обычный текст на русском языке, Цена",
    "cp1253": "Καλημέρα κόσμε, η Αθήνα είναι η πρωτεύουσα της Ελλάδας",
    "cp1254": "İstanbul’da güzel bir gün, Türkiye çok şanslı ışık değil",
    "cp1255": "שלום עולם, ירושלים היא עיר הבירה",
    "cp1256": "مرحبا بالعالم، القاهرة عاصمة مصر",
    "cp850": "Müller, Köln; größe é à Straße",
    "cp932": "こんにちは世界。東京都は日本の首都です。カタカナ",
    "euc_jp": "こんにちは世界。東京都は日本の首都です。カタカナ",
    "cp949": "안녕하세요 세계, 서울은 대한민국의 수도입니다",
    "gb18030": "你好世界，北京是中国的首都。价格是一百元",
    "big5": "你好世界，臺北是臺灣的首都。價格是一百元",
    "utf-8": "naïve 你好 Привет",
    "utf-16-le": "id,name\n1,Enfield",
    "utf-16-be": "id,name\n1,Enfield",
    "utf-16": "id,naïve\n1,你好",
    "utf-8-sig": "id,naïve",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_encoding_is_found(encoding: str) -> None:
    text = "id,name\n" + "".join(f"{n},{TEXTS[encoding]}\n" for n in range(5))
    decoded, charset = decode_bytes(text.encode(encoding), "text")
    assert decoded.removeprefix("\ufeff") == text
    assert charset.why


def test_one_accent_is_western() -> None:
    assert sniff_bytes("a,b\n1,Citroën\n".encode("cp1252"), "text").name == "cp1252"


def test_nbsp_alone_is_western() -> None:
    assert sniff_bytes(b'a\n"\xa0Mercedes-Benz"\n', "text").name == "cp1252"


def test_mac_line_ends_allow_mac_letters() -> None:
    text = "id,name\r1,Montréal\r2,Québec là\r"
    assert sniff_bytes(text.encode("mac_roman"), "text").name == "mac_roman"


def test_damaged_utf8_stays_utf8(tmp_path: Path) -> None:
    path = tmp_path / "damaged.csv"
    path.write_bytes("名前,値\n".encode() * 50 + b"\xe5\n")
    charset = sniff_charset(path)
    assert (charset.name, charset.errors) == ("utf-8", "replace")
    with open_text(path, charset) as file:
        assert file.read().count("�") == 1


def test_bad_byte_late_in_a_large_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    path.write_bytes(b"a,b\n" + b"1,plain words\n" * 120_000 + "2,Québec\n".encode("cp1252"))
    assert sniff_charset(path).name == "cp1252"


@pytest.mark.parametrize("content", [b"a,b\0\0c\n" * 9, bytes(range(1, 9)) * 50])
def test_binary_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match="is not text"):
        sniff_bytes(content, "data.bin")
