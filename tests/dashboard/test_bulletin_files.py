"""The packs as their readers open them, pdftotext and openpyxl; every figure of the workbook counted again from its rows."""

import datetime as dt
import io
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import openpyxl
import pytest

from config.city import City
from config.settings import Settings
from config.words import words
from dashboard.bulletins import xlsx_lists
from dashboard.bulletins.book import FIRST, HEAD, sheet_name
from dashboard.bulletins.paper import FONTS, FontsMissing, load_fonts
from dashboard.bulletins.xlsx import workbook
from domain.states import Card, Life
from store import bulletins
from store.bulletins import Bulletin
from store.store import Store
from tests.dashboard.bulletin_city import NOVEMBER, OCTOBER, Press, orders
from tests.dashboard.halls import DAY, EAST, HOUR, order

ZONE = "UTC+08:00 Asia/Shanghai"
FORMULAS = ("=HYPERLINK(\"http://evil\")", "+1+1", "-2+3", "@SUM(A1)", "{=1}", "http://evil.example", "0012")


@pytest.fixture(scope="module")
def made(valkey: Any, city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Press, Bulletin, Bulletin]]:
    """Two versions of October with real files; the second after a correction. Made once: it takes seconds."""
    from config.settings import load_settings
    from store.store import open_store
    from tests.conftest import PARTITIONS

    folder = tmp_path_factory.mktemp("packs")
    store = open_store(valkey.url, PARTITIONS)
    store.client.flushall()
    store = open_store(valkey.url, PARTITIONS)
    env = {"GRIDHALL_DATA_DIR": str(folder), "GRIDHALL_REDIS_URL": valkey.url, "GRIDHALL_PARTITIONS": str(PARTITIONS)}
    press = Press(city, store, load_settings(env))
    press.tell(*orders())
    for n, text in enumerate(FORMULAS):
        told = {"reported_at_ms": OCTOBER + n * DAY, "status_at_ms": NOVEMBER, "title": text, "source": "=cmd()", "channel": ""}
        cards = (Card(colour="yellow", at_ms=OCTOBER + 9 * DAY, by="chief", reason=text, department="城管"),)
        press.tell(order(f"F{n}", "closed", closed_at_ms=OCTOBER + n * DAY + HOUR, on_time=True, flags=16,
                         life=Life(lead="城管", cards=cards), **told))  # fmt: skip
    first = press.publish()
    press.now_ms += 5 * HOUR
    press.change("O03", status="void", closed_at_ms=None)
    second = press.publish(reason="O03 系误报，予以更正")
    yield press, first, second
    store.client.close()


Made = tuple[Press, Bulletin, Bulletin]


def book_of(press: Press, bulletin: Bulletin, lang: str) -> Any:
    return openpyxl.load_workbook(io.BytesIO(press.shelf.bytes_of(bulletin.parts[f"xlsx.{lang}"])))


def pages_of(press: Press, bulletin: Bulletin, lang: str, tmp_path: Path) -> list[str]:
    file = tmp_path / "paper.pdf"
    file.write_bytes(press.shelf.bytes_of(bulletin.parts[f"pdf.{lang}"]))
    told = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True).stdout
    return told.split("\f")[:-1]


# the paper


def test_the_paper_is_read_by_a_real_reader_with_its_chinese_intact(made: Made, tmp_path: Path) -> None:
    press, first, _ = made
    pages = pages_of(press, first, "zh", tmp_path)
    text = "\n".join(pages)
    for wanted in ("小城指挥中心", "小城网格化治理情况月通报", "2025年10月", "第 1 版", "总体情况", "结案率", "按期结案率",
                   "东社区", "西社区", "评价排名", "黄牌", "超期未结工单", "指标定义", "井盖", "发布后冻结"):  # fmt: skip
        assert wanted in text, wanted
    figures = press.shelf.content(first)["figures"]
    closure = figures["closure_rate"]
    assert closure["shown"] in text and f"{closure['numerator']} / {closure['denominator']}" in text
    for overdue in ("O04", "O09"):
        assert overdue in text
    assert "13812345678" not in text and "�" not in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_zone_as_of_version_and_page_stand_on_every_page(made: Made, tmp_path: Path, lang: str) -> None:
    press, first, second = made
    for bulletin in (first, second):
        pages = pages_of(press, bulletin, lang, tmp_path)
        assert len(pages) > 3
        as_of = "2025-11-01 02:00" if bulletin is first else "2025-11-01 07:00"
        for number, page in enumerate(pages, 1):
            assert ZONE in page and as_of in page
            bare = page.replace(" ", "")  # the reader sets blanks by the width of gaps
            assert words(lang)["bulletins.version"].format(n=bulletin.number).replace(" ", "") in bare
            assert words(lang)["bulletins.page"].format(page=number, pages=len(pages)).replace(" ", "") in bare


def test_the_paper_of_a_correction_says_why_and_what(made: Made, tmp_path: Path) -> None:
    press, _, second = made
    text = "".join(pages_of(press, second, "zh", tmp_path))
    assert "更正说明" in text and "O03 系误报，予以更正" in text
    assert re.search(r"作废\s+4\s+5", text), text[:3000]
    assert "更正说明" not in "".join(pages_of(press, made[1], "zh", tmp_path))


def test_its_fonts_are_embedded_in_part(made: Made, tmp_path: Path) -> None:
    press, first, _ = made
    data = press.shelf.bytes_of(first.parts["pdf.zh"])
    file = tmp_path / "paper.pdf"
    file.write_bytes(data)
    told = subprocess.run(["pdffonts", str(file)], capture_output=True, text=True, check=True).stdout
    assert re.search(r"\+NotoSansSC-Regular\s+TrueType\s+\S+\s+yes yes yes", told), told
    assert len(data) < 400_000 and (FONTS / "LICENSE_FONT").exists()


def test_fonts_that_are_not_there_are_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reportlab.pdfbase import pdfmetrics

    monkeypatch.setattr("dashboard.bulletins.paper.FONTS", tmp_path)
    monkeypatch.setattr(pdfmetrics, "getRegisteredFontNames", list)
    with pytest.raises(FontsMissing, match="make setup"):
        load_fonts()


# the workbook


def sheet_rows(sheet: Any) -> tuple[list[Any], list[Any], list[list[Any]]]:
    """(heads, names of the columns, rows)."""
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    return rows[HEAD - 1], rows[HEAD], [row for row in rows[FIRST - 1 :] if any(cell is not None for cell in row)]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_sheet_says_version_as_of_and_zone(made: Made, lang: str) -> None:
    press, first, _ = made
    book = book_of(press, first, lang)
    keys = ("about", "figures", "region", "department", "category", "source", "day", "durations", "cards", "orders")
    wanted = [words(lang)[f"bulletins.sheet.{key}"] for key in keys]
    assert [name for name in wanted if sheet_name(name) not in book.sheetnames] == []
    for sheet in book:
        assert ZONE in sheet["A2"].value and "2025-11-01 02:00" in sheet["A2"].value
        assert words(lang)["bulletins.version"].format(n=1) in sheet["A2"].value
        assert sheet.freeze_panes is not None
        assert ZONE in sheet.oddFooter.left.text and "&[Page]" in sheet.oddFooter.right.text.replace("&P", "&[Page]")
    assert "小城" in book.worksheets[0]["A1"].value


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_figure_of_the_workbook_is_the_sum_of_its_rows(made: Made, lang: str) -> None:
    """Walks over all sheets: under each column that is named in: or by: stands what a reader can count again."""
    press, _, second = made
    book = book_of(press, second, lang)
    orders_sheet = words(lang)["bulletins.sheet.orders"]
    _, names, rows = sheet_rows(book[orders_sheet])
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    levels = [name for name in columns if name.startswith("by:level:")]
    checked = 0

    def counted(column: str, by: str = "", group: Any = None) -> int:
        if not by:
            return sum(value == 1 for value in columns[column])
        places = levels if by == "by:own_grid" else [by]
        inside = [any((columns[place][at] or "") == (group or "") for place in places) for at in range(len(rows))]
        return sum(value == 1 for value, keep in zip(columns[column], inside, strict=True) if keep)

    heads, _, figures = sheet_rows(book[words(lang)["bulletins.sheet.figures"]])
    for row in figures:
        told = dict(zip(sheet_rows(book[words(lang)["bulletins.sheet.figures"]])[1], row, strict=True))
        assert told["list"] == orders_sheet
        assert counted(told["numerator_in"]) == told["numerator"], told["key"]
        checked += 1
        if told["denominator_in"]:
            assert counted(told["denominator_in"]) == told["denominator"], told["key"]
            if told["denominator"]:
                assert told["value"] == pytest.approx(100 * told["numerator"] / told["denominator"], abs=0.00005)
            else:
                assert (told["value"], told["shown"]) == (None, "—")
    assert heads[0] and len(figures) == len(press.shelf.content(second)["figures"])
    for sheet in book:
        if sheet.title == orders_sheet:
            continue
        _, names, table = sheet_rows(sheet)
        groups = [name for name in names if str(name or "").startswith("by:")]
        for row in table:
            told_at = {name: row[at] for at, name in enumerate(names) if str(name or "").startswith("by:")}
            for at, name in enumerate(names):
                if str(name or "").startswith("in:"):
                    column, _, other = name.partition("@")
                    by = other or groups[0]
                    assert counted(column, by, told_at[by]) == row[at], (sheet.title, name, row)
                    checked += 1
    assert checked > 800


def test_the_durations_of_the_workbook_are_those_of_its_rows(made: Made) -> None:
    press, first, _ = made
    book = book_of(press, first, "zh")
    _, names, rows = sheet_rows(book["工单"])
    took, region = names.index("took_ms"), names.index("by:region")
    _, columns, table = sheet_rows(book["办理时长"])
    told = [dict(zip(columns, row, strict=True)) for row in table]
    assert {row["by"] for row in told} >= {"by:region", "by:department", None}
    for row in told:
        if row["by"] == "by:region":
            hours = [order[took] for order in rows if order[region] == row["key"] and order[took] is not None]
            assert (len(hours), median(hours)) == (row["n"], pytest.approx(row["median"], abs=0.0001))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_stages_of_the_workbook_are_those_of_its_list(made: Made, lang: str) -> None:
    press, first, _ = made
    book = book_of(press, first, lang)
    _, names, rows = sheet_rows(book[words(lang)["bulletins.sheet.stints"]])
    _, columns, table = sheet_rows(book[words(lang)["bulletins.sheet.stages"]])
    stage_at = names.index("by:stage")
    for told in (dict(zip(columns, row, strict=True)) for row in table):
        mine = [row for row in rows if row[stage_at] == told["by:stage"]]
        for part in ("left", "timed", "in_time", "judged"):
            assert sum(row[names.index(f"stint:{part}")] == 1 for row in mine) == told[f"stint:{part}"], (told, part)
        spent = [row[names.index("worked_s")] for row in mine if row[names.index("worked_s")] is not None]
        assert told["median"] == (pytest.approx(median(spent), abs=0.0001) if spent else None)
    stages = {row[columns.index("by:stage")]: row[columns.index("stint:left")] for row in table}
    closed = [one for one in press.hall.orders.values() if one.closed_at_ms and OCTOBER <= one.closed_at_ms < NOVEMBER]
    assert stages["total"] == len(closed) + 1  # one of them has become void since


def test_texts_that_look_like_formulas_stay_texts(made: Made) -> None:
    press, first, _ = made
    for lang in ("zh", "en"):
        book = book_of(press, first, lang)
        _, names, rows = sheet_rows(book[words(lang)["bulletins.sheet.orders"]])
        titles = {row[names.index("order")]: row[names.index("title")] for row in rows}
        assert [titles[f"F{n}"] for n in range(len(FORMULAS))] == list(FORMULAS)
        for sheet in book:
            for cells in sheet.iter_rows():
                assert [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink] == [], sheet.title


def test_times_stand_in_the_zone_of_the_city_and_numbers_are_numbers(made: Made) -> None:
    press, first, _ = made
    _, names, rows = sheet_rows(book_of(press, first, "zh")["工单"])
    one = next(row for row in rows if row[0] == "O00")
    assert one[names.index("reported_at_ms")] == dt.datetime(2025, 10, 1, 9, 0)  # noqa: DTZ001 - a sheet knows no zones
    assert one[names.index("took_ms")] == 60 and one[names.index("on_time")] == 0
    sheet = book_of(press, first, "zh")["分区"]
    assert all(cell.number_format == "#,##0" for cell in sheet[FIRST][2:11])


def test_more_orders_than_a_sheet_holds_go_into_another(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    press, first, _ = made
    monkeypatch.setattr(xlsx_lists, "MOST_ROWS", 20)
    monkeypatch.setattr(xlsx_lists, "STRETCH", 7)
    told: list[int] = []
    data = workbook(press.shelf.content(first), press.shelf.rows(first), press.shelf.stints(first), "zh", told.append)
    book = openpyxl.load_workbook(io.BytesIO(data))
    names = [row[0] for sheet in ("工单", "工单2") for row in sheet_rows(book[sheet])[2]]
    assert len(names) == len(set(names)) == first.orders == 37 and told == sorted(told) and told[-1] == 100


@pytest.mark.parametrize("name", ["a/b", "x" * 50, "[y]", "'z'", "?", "排名 网格员"])
def test_any_name_becomes_one_that_a_sheet_may_have(name: str) -> None:
    made = sheet_name(name)
    assert 0 < len(made) <= 31 and not set(made) & set("[]:*?/\\") and not made.startswith("'") and not made.endswith("'")


def test_a_period_without_orders_is_published_too(store: Store, city: City, settings: Settings, tmp_path: Path) -> None:
    press = Press(city, store, settings)
    made = press.publish("2025-08", region=EAST)
    assert made.orders == 0 and bulletins.bulletin(store, made.id) == made
    assert "东社区" in "".join(pages_of(press, made, "zh", tmp_path))
    _, _, rows = sheet_rows(book_of(press, made, "zh")["工单"])
    assert rows == []
