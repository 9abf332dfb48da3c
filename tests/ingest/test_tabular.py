"""Tables as people have them: whatever their encoding, delimiter, titles and quotes, each row is taken or told."""

import csv
import gzip
import io
import json
import random
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.tabular import Fault, Form, Row, Table, TableError, open_table
from ingest.tabular.base import MOST_LINE
from ingest.tabular.encoding import find_encoding

Write = Callable[[str, str | bytes], Path]
anything = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put


def whole(path: Path, form: Form = Form()) -> tuple[Table, list[dict[str, str]], list[Fault]]:
    table = open_table(path, form)
    told = list(table.rows)
    return table, [one.cells for one in told if isinstance(one, Row)], [one for one in told if isinstance(one, Fault)]


ROWS = [
    ["编号", "地址", "备注"],
    ["A1", "南海大道北12号，近“惠民”市场", "㎡、镕、喆"],
    ["A2", "A座\n2楼", 'er sagte "ja", ok; gut'],
]


def delimited(delimiter: str, rows: list[list[str]] = ROWS) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_encoding_and_delimiter_gives_the_same_table(write: Write, encoding: str, delimiter: str) -> None:
    table, rows, faults = whole(write("t.csv", delimited(delimiter).encode(encoding)))
    assert (list(table.head), faults, table.delimiter) == (ROWS[0], [], delimiter)
    assert [list(row.values()) for row in rows] == ROWS[1:]


def test_accents_of_the_west_are_not_taken_for_chinese(write: Write) -> None:
    text = "id;name\n1;Müller Straße\n2;Señor Peña, café\n"
    table, rows, _ = whole(write("t.csv", text.encode("cp1252")))
    assert (table.encoding, rows[0]["name"], rows[1]["name"]) == ("cp1252", "Müller Straße", "Señor Peña, café")


def test_an_encoding_that_is_told_is_used_and_one_that_is_not_known_is_told(write: Write) -> None:
    path = write("t.csv", "id,名\n1,臺北\n".encode("big5"))
    assert whole(path, Form(encoding="big5"))[1] == [{"id": "1", "名": "臺北"}]
    with pytest.raises(TableError, match="encoding klingon"):
        open_table(path, Form(encoding="klingon"))


def test_the_first_name_may_come_after_a_megabyte_of_digits() -> None:
    digits = b"1,2,3\n" * 200_000
    assert find_encoding(iter([digits, "工单".encode("gbk")])).name == "gb18030"
    assert find_encoding(iter([digits, "工单".encode()])).name == "utf-8"
    assert find_encoding(iter([digits[:-1], b"\n\xe5", "工".encode()[1:]])).name == "utf-8"  # cut within a character


def test_a_few_broken_bytes_do_not_change_the_encoding_and_are_told(write: Write) -> None:
    raw = ("id,名\n" + "1,街道\n" * 50).encode() + b"2,\xe8\xa1\n"
    table, rows, _ = whole(write("t.csv", raw))
    assert table.encoding == "utf-8" and rows[0]["名"] == "街道" and "\ufffd" in rows[-1]["名"] and table.notes


def test_titles_above_the_head_are_passed_over_and_excels_own_line_tells_the_delimiter(write: Write) -> None:
    text = "桂城街道工单统计表,,\n导出时间：2026-11-20,,\n\n编号,上报时间,状态\nA1,2026/11/20 9:05,已结案\n合计,1,\n"
    table = open_table(write("t.csv", text), fits=lambda cells: len({"编号", "上报时间", "状态"} & set(cells)))
    rows = list(table.rows)
    assert (table.head_line, table.passed_over) == (4, 2) and rows[0] == Row(
        5, {"编号": "A1", "上报时间": "2026/11/20 9:05", "状态": "已结案"}
    )
    assert whole(write("s.csv", "sep=;\na;b\n1,5;2\n"))[1] == [{"a": "1,5", "b": "2"}]
    assert whole(write("h.csv", "1,2\n3,4\n"), Form(head_line=0))[1] == [{"1": "1", "2": "2"}, {"1": "3", "2": "4"}]
    assert whole(write("l.csv", "x,y\na,b\n1,2\n"), Form(head_line=2))[1] == [{"a": "1", "b": "2"}]


def test_names_met_twice_are_told_apart(write: Write) -> None:
    assert open_table(write("t.csv", "时间,时间,\n1,2,3\n")).head == ("时间", "时间 (2)", "")


def test_a_stray_quotation_mark_takes_nothing_with_it(write: Write) -> None:
    text = 'id,text,n\n1,"12 inch pipe,5\n2,ok,6\n3,"ten, eleven",7\n4,"open\n5,ok,9\n'
    _, rows, faults = whole(write("t.csv", text))
    assert [row["id"] for row in rows] == ["1", "2", "3", "5"] and rows[0]["text"] == '"12 inch pipe'
    assert [(one.line, one.reason) for one in faults] == [(5, "a quotation mark is not closed")]


def test_a_row_that_is_wider_than_its_head_is_told_and_not_shifted(write: Write) -> None:
    _, rows, faults = whole(write("t.csv", "a,b\n1,2\n3,4,5\n6,7,,\n8\n"))
    assert rows == [{"a": "1", "b": "2"}, {"a": "6", "b": "7"}, {"a": "8", "b": ""}]
    assert faults[0].line == 3 and "quotation marks" in faults[0].reason


def test_a_line_that_never_ends_is_told_and_its_neighbours_are_read_in_bounded_memory(write: Write) -> None:
    path = write("t.csv", b"a,b\n1,2\n" + b"x" * (40 * MOST_LINE) + b"\n3,4\n")
    tracemalloc.start()
    _, rows, faults = whole(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row["a"] for row in rows] == ["1", "3"] and [one.line for one in faults] == [3]
    assert peak < 12 * MOST_LINE


AT = datetime(2026, 11, 20, 9, 5, 0)  # noqa: DTZ001  a cell has no zone


def workbook(path: Path, *rows: list[object], title: str = "工单", second: bool = False) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if second:
        book.create_sheet("说明").append(["看第一页"])
    book.save(path)
    return path


def test_a_workbook_gives_text_dates_in_iso_and_whole_numbers(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "没有后缀", ["桂城街道工单"], ["编号", "上报时间", "数", "率", "空"],
        [440605001, AT, 3.0, 0.25, "#N/A"], [None, None, None, None, None], ["A2"], second=True,
    )  # fmt: skip
    table, rows, faults = whole(path)
    assert (table.kind, table.head_line, faults) == ("XLSX", 2, [])
    assert rows == [
        {"编号": "440605001", "上报时间": "2026-11-20 09:05:00", "数": "3", "率": "0.25", "空": ""},
        {"编号": "A2", "上报时间": "", "数": "", "率": "", "空": ""},
    ]
    assert "工单, 说明" in table.notes[0] and whole(path, Form(sheet="说明", head_line=0))[1] == [{"1": "看第一页"}]
    with pytest.raises(TableError, match="no sheet 三"):
        open_table(path, Form(sheet="三"))


def bomb(path: Path, member: str, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr(member, content)
    return path


def test_a_workbook_that_unpacks_beyond_reason_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="unpacks to"):
        open_table(bomb(tmp_path / "b.xlsx", "xl/worksheets/sheet1.xml", b"<row/>" * 6_000_000))
    row = b"<row>" + random.Random(1).randbytes(17 << 20).replace(b"<", b".") + b"</row>"
    with pytest.raises(TableError, match="a row of more than"):
        open_table(bomb(tmp_path / "e.xlsx", "xl/worksheets/sheet1.xml", row))
    with pytest.raises(TableError, match="DOCTYPE"):
        open_table(bomb(tmp_path / "f.xlsx", "xl/worksheets/sheet1.xml", b'<!DOCTYPE x [<!ENTITY a "aaa">]><worksheet/>'))


def test_an_archive_of_something_else_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("photo.jpg", "x")
    with pytest.raises(TableError, match="no workbook: unpack it"):
        open_table(tmp_path / "photos.zip")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0, 10_000), put=st.binary(min_size=1, max_size=40))
def test_no_broken_workbook_crashes_the_reader(tmp_path: Path, at: int, put: bytes) -> None:
    raw = workbook(tmp_path / "w.xlsx", ["编号", "数"], *([f"A{i}", i] for i in range(30))).read_bytes()
    at %= len(raw)
    (tmp_path / "b.xlsx").write_bytes(raw[:at] + put + raw[at + len(put) :])
    try:
        assert all(isinstance(one, Row | Fault) for one in open_table(tmp_path / "b.xlsx").rows)
    except TableError as told:
        assert "b.xlsx" in str(told)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n\n", "no row"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "save it as .xlsx"),
        (b"PK\x03\x04 no archive", "cannot be opened"),
        (b"<html><body><table><tr><td>1</td></tr></table>", "a web page"),
        (bytes(range(256)) * 40, "no text"),
        (b"\x1f\x8b\x08\x00broken", "packed file is broken"),
    ],
)
def test_what_is_no_table_is_told_with_what_to_do(write: Write, content: bytes, words: str) -> None:
    with pytest.raises(TableError, match=words):
        list(open_table(write("t.xls", content)).rows)


def test_json_in_all_its_shapes_is_a_table(write: Write) -> None:
    objects = [{"id": 1, "position": {"lat": 23.5}, "ok": True, "none": None}, {"id": "2", "tags": ["a", 1]}]
    want = [{"id": "1", "position.lat": "23.5", "ok": "true", "none": ""}, {"id": "2", "tags": '["a",1]'}]
    for name, text in {
        "list.json": json.dumps(objects, indent=1),
        "lines.ndjson": "\n".join(map(json.dumps, objects)),
        "inside.json": json.dumps({"code": 0, "data": {"total": 2, "rows": objects}}, indent=2),
        "unknown": json.dumps(objects),
    }.items():
        assert whole(write(name, text))[1] == want, name
    west = [{"id": 2, "lon": 3}, {"id": 3, "lon": 4}]
    towns = {"meta": [{"v": 1}], "A": {"east": [{"id": 1, "lon": 2}]}, "B": {"west": west}}
    table, rows, _ = whole(write("towns.json", json.dumps(towns, indent=1)))
    assert [row["id"] for row in rows] == ["1", "2", "3"] and table.notes == ["lists not read: meta"]
    zipped = write("lines.ndjson.gz", gzip.compress("\n".join(map(json.dumps, objects)).encode()))
    assert whole(zipped)[1] == want
    _, rows, faults = whole(write("bad.ndjson", '{"id": 1}\n{"id": \n[2]\n{"id": 3}\n'))
    assert [row["id"] for row in rows] == ["1", "3"] and [one.line for one in faults] == [2, 3]
    with pytest.raises(TableError, match="JSON is broken"):
        open_table(write("cut.json", json.dumps(objects)[:-5]))


cells = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12).map(str.strip)


@anything
@given(
    rows=st.lists(st.lists(cells, min_size=3, max_size=3).filter(any), min_size=1, max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
)
def test_what_a_spreadsheet_writes_is_read_back(
    tmp_path: Path, rows: list[list[str]], delimiter: str, encoding: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(delimited(delimiter, [["编号", "first", "second"], *rows]).encode(encoding))
    table = open_table(path, Form(encoding=encoding, delimiter=delimiter), lambda found: len({"编号", "first"} & set(found)))
    assert [list(one.cells.values()) for one in table.rows if isinstance(one, Row)] == rows


@anything
@given(lines=st.lists(st.text('ab",\r;\t|\'\\ é中', max_size=20), max_size=30))
def test_each_line_is_a_row_or_part_of_one_or_told(tmp_path: Path, lines: list[str]) -> None:
    """Whatever quotes and delimiters stand in it, no mark of a line is lost: each is found in a row or named by a fault."""
    marked = [f"m{index}x,{line.replace(chr(13), '')}" for index, line in enumerate(lines)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["head,b", *marked]), encoding="utf-8", newline="")
    table = open_table(path, Form(delimiter=",", head_line=1))
    text, told = "", set()
    for one in table.rows:
        text += "\n".join(one.cells.values()) if isinstance(one, Row) else ""
        told |= {one.line} if isinstance(one, Fault) else set()
    for index in range(len(lines)):
        assert f"m{index}x" in text or index + 2 in told


@anything
@given(
    content=st.binary(max_size=600),
    begin=st.sampled_from([b"", b"a,b\n", b"PK\x03\x04", b"\x1f\x8b\x08", b"[", b'{"a":', b"\xff\xfe"]),
)
def test_no_bytes_crash_the_reader(tmp_path: Path, content: bytes, begin: bytes) -> None:
    path = tmp_path / "t"
    path.write_bytes(begin + content)
    try:
        for row in open_table(path).rows:
            assert isinstance(row, Row | Fault)
    except TableError as told:
        assert str(path) in str(told)
