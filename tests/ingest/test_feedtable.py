"""An inventory of cameras: columns by name or told, secrets that go nowhere, and each row a feed or a refusal."""

from pathlib import Path

import openpyxl
import pytest

from config.city import City
from ingest.columns import Columns, make_columns
from ingest.feedtable import WHATS, FeedTable, command
from ingest.mapping import MappingErrors
from ingest.sending import Item
from ingest.tabular import Reject

HEAD = ["国标编码", "摄像机名称", "经度", "纬度", "所属社区", "在线状态", "播放地址", "朝向"]
SECRET = "hunter2"
URL = f"https://u:{SECRET}@v/1.m3u8?token={SECRET}"
GOOD = ["44060500001320000001", "南桂路口", 113.1502, 23.0313, "平西社区", "在线", URL, 90]


def workbook(path: Path, *rows: list[object]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["视频点位台账"], HEAD, *rows):
        sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_of_cameras_is_told_as_feeds_without_secrets(tmp_path: Path) -> None:
    shortened, nameless = ["4.406E+19", "x", None, None, None, "在线"], [None, "y", None, None, None, "在线"]
    file = workbook(tmp_path / "台账.xlsx", GOOD, shortened, nameless)
    feeds = FeedTable(file, Columns(), None)
    good, *bad = list(feeds.items())
    assert isinstance(good, Item) and b'"44060500001320000001"' in good.body and b'"direction_deg":90' in good.body
    assert SECRET.encode() not in good.body and b"https://v/1.m3u8" in good.body
    assert [one.line for one in bad if isinstance(one, Reject)] == [4, 5]


def test_a_side_value_that_cannot_be_used_costs_no_feed_and_is_told(tmp_path: Path) -> None:
    file = workbook(tmp_path / "t.xlsx", [*GOOD[:2], "东经", "北纬", "平西社区", "在线", "ftp://x/y", "北"])
    feeds = FeedTable(file, Columns(), None)
    (item,) = list(feeds.items())
    assert isinstance(item, Item) and b"lon" not in item.body and len(feeds.dropped) == 3


def test_columns_and_words_are_told_by_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n7,正常\n", encoding="gbk")
    with pytest.raises(MappingErrors, match="--feed COLUMN"):
        FeedTable(tmp_path / "t.csv", Columns(), None)
    told = make_columns({"columns": {"feed": "a", "status": "b"}, "words": {"正常": "online"}}, WHATS)
    (item,) = list(FeedTable(tmp_path / "t.csv", told, None).items())
    assert isinstance(item, Item) and item.body == b'{"feed":"7","status":"online"}'
    for wrong in ({"columns": {"colour": "a"}}, {"speed_unit": "mach"}, {"x": 1}, {"words": [1]}):
        with pytest.raises(MappingErrors):
            make_columns(wrong, WHATS)


def test_no_secret_is_shown_or_written_into_the_list_of_refusals(
    tmp_path: Path, city: City, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"rtsp://admin:{SECRET}@10.0.0.1/s?token={SECRET}"
    (tmp_path / "t.csv").write_text(f"编号,状态,播放地址\n1,在线,{url}\n2,奇怪,{url}\n3,在线,x,{url}\n", encoding="utf-8")
    code = command(tmp_path / "t.csv", "", "", city=city, refused=tmp_path / "r.csv", dry_run=True)
    told = capsys.readouterr().out + (tmp_path / "r.csv").read_text(encoding="utf-8-sig")
    assert code == 1 and SECRET not in told and "unknown status" in told and "would be accepted 1" in told
