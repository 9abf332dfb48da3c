"""`feeds import`: an inventory of cameras through the gateway, as `POST /api/v1/feeds` takes them.

Columns are those that are named, else found by their usual names in Chinese and English. Credentials in addresses of streams
are cut off here already, so that none of them is sent, shown or written into a list of refusals.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import msgspec
from rich.console import Console

from config.city import City
from ingest.columns import Columns
from ingest.delivery import Origin
from ingest.dryrun import NOWHERE, DryRun
from ingest.files.table import plain_name
from ingest.mapping import MappingErrors
from ingest.report import reported, say
from ingest.sending import Item, deliver
from ingest.sources.base import BadInput
from ingest.sources.feeds import stream_url, without_secrets
from ingest.sources.instants import in_range
from ingest.tabular import Fault, Form, Reject, Row, Table, open_table
from ingest.tabular.cells import Unreadable, coordinate, is_shortened, moment, number

FEEDS: Final = "/api/v1/feeds"
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "feed": ("feed", "feed_id", "camera_id", "cameraid", "camera", "device_id", "deviceid", "channel_id", "gb_id", "id",
             "设备编号", "设备编码", "设备id", "国标编码", "国标编号", "摄像机编号", "摄像头编号", "点位编号", "通道编号",
             "编号", "编码"),
    "status": ("status", "state", "online", "状态", "在线状态", "设备状态", "是否在线"),
    "name": ("name", "camera_name", "device_name", "description", "title", "名称", "设备名称", "摄像机名称", "摄像头名称",
             "点位名称", "通道名称"),
    "lon": ("lon", "lng", "longitude", "x", "经度", "安装经度"),
    "lat": ("lat", "latitude", "y", "纬度", "安装纬度"),
    "region": ("region", "civilcode", "civil_code", "grid", "community", "所属区域", "行政区划", "所属社区", "社区", "所属网格",
               "网格", "区域"),
    "owner": ("owner", "operator", "department", "管理单位", "所属单位", "建设单位", "权属单位", "所属部门"),
    "at": ("at", "updated_at", "update_time", "time", "timestamp", "更新时间", "采集时间", "时间"),
    "direction_deg": ("direction_deg", "direction", "heading", "azimuth", "朝向", "方位角", "监控方位"),
    "fov_deg": ("fov_deg", "fov", "视场角", "可视角度"),
    "hls": ("hls", "hls_url", "m3u8", "url", "播放地址", "视频地址", "流地址"),
    "webrtc": ("webrtc", "webrtc_url"),
    "flv": ("flv", "flv_url"),
    "rtsp": ("rtsp", "rtsp_url"),
}  # fmt: skip
WHATS: Final = tuple(NAMES)
TEXTS: Final = ("feed", "status", "name", "region", "owner")
STREAMS: Final = ("hls", "webrtc", "flv", "rtsp")
ANGLES: Final = ("direction_deg", "fov_deg")


def hidden(text: str) -> str:
    """A value of a table of feeds as it may be shown."""
    return without_secrets(text.encode(errors="replace")).decode(errors="replace")


class FeedTable:
    """A table that is being told as feeds."""

    def __init__(self, path: Path, told: Columns, zone: ZoneInfo | None, form: Form = Form(), status: str = "") -> None:
        """`status`: of every feed, where the table has no column for it. Raises MappingErrors, TableError."""
        self._told, self._zone, self._status = told, zone, status
        self.table: Table = open_table(path, form, lambda cells: len(self._find(cells)))
        self.columns = self._find(self.table.head)
        absent = [f"no column {name}" for what, name in told.columns.items() if what not in self.columns]
        if "feed" not in self.columns:
            absent.append("no column for feed: --feed COLUMN names it")
        if "status" not in self.columns and not status:
            absent.append("no column for status: --status COLUMN names it, --all online says it of every feed")
        if absent:
            names = ", ".join(name for name in self.table.head if name)
            raise MappingErrors([*(f"{path}: {fault}" for fault in absent), f"the columns are {names}"])
        self.dropped: dict[str, int] = {}

    def _find(self, head: Any) -> dict[str, str]:
        have: dict[str, str] = {}
        for name in head:
            have.setdefault(plain_name(name), name)
        found: dict[str, str] = {}
        for what, names in NAMES.items():
            wanted = self._told.columns.get(what)
            usual = next((have[name] for name in names if name in have), "")
            column = usual if wanted is None else have.get(plain_name(wanted), "")
            if column and (wanted is not None or column not in self._told.columns.values()):
                found[what] = column
        return found

    def understood(self) -> list[str]:
        """How the table is read, for people."""
        unused = [name for name in self.table.head if name and name not in self.columns.values()]
        lines = [f"{self.table.path}: {self.table.how}; times without a zone are of {self._zone}"]
        lines.append("  " + ", ".join(f"{what} ← {name}" for what, name in self.columns.items()))
        return [*lines, f"  not used: {', '.join(unused)}"] if unused else lines

    def items(self) -> Iterator[Item | Reject]:
        """The feeds as they are sent, in file order, and a Reject for each row that is none."""
        path = self.table.path
        for row in self.table.rows:
            if isinstance(row, Fault):
                yield Reject(path, row.line, row.reason, row.value)
                continue
            try:
                told = self._feed(row)
            except Unreadable as wrong:
                yield Reject(path, row.line, str(wrong), wrong.value)
                continue
            yield Item(Origin(path, row.line, str(told["feed"])), msgspec.json.encode(told))

    def _feed(self, row: Row) -> dict[str, Any]:
        cell = {what: text for what, name in self.columns.items() if (text := (row.cells.get(name) or "").strip())}
        if "feed" not in cell:
            raise Unreadable("feed is missing")
        if is_shortened(cell["feed"]):
            raise Unreadable("feed is a number that a spreadsheet has shortened: format the column as text", cell["feed"])
        told: dict[str, Any] = {what: cell[what] for what in TEXTS if what in cell}
        told["status"] = self._told.words.get(cell.get("status", ""), cell.get("status", "")) or self._status
        if not told["status"]:
            raise Unreadable("status is missing", cell["feed"])
        told |= self._place(cell)
        for what in ANGLES:
            if (value := number(cell.get(what))) is not None and 0 <= value <= 360:
                told[what] = value
            elif what in cell:
                self._drop(f"{what} is no angle")
        if "at" in cell:
            self._put_at(told, cell["at"])
        return told | self._streams(cell)

    def _place(self, cell: dict[str, str]) -> dict[str, float]:
        if "lon" not in cell and "lat" not in cell:
            return {}
        try:
            return {"lon": coordinate(cell.get("lon"), 180, "lon"), "lat": coordinate(cell.get("lat"), 90, "lat")}
        except Unreadable as wrong:
            self._drop(str(wrong))
            return {}

    def _put_at(self, told: dict[str, Any], text: str) -> None:
        try:
            at_ms = moment(text, self._zone, self._told.times).at_ms
        except Unreadable as wrong:
            self._drop(str(wrong))
            return
        if in_range(at_ms):
            told["at"] = at_ms
        else:
            self._drop("time is out of range")

    def _streams(self, cell: dict[str, str]) -> dict[str, Any]:
        found: dict[str, str] = {}
        for kind in STREAMS:
            if kind in cell:
                try:
                    found[kind] = stream_url(cell[kind], kind)
                except BadInput as wrong:
                    self._drop(str(wrong))
        return {"streams": found} if found else {}

    def _drop(self, reason: str) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1

    def noted(self) -> list[str]:
        """What was left out of rows that were taken, once they were read."""
        return [*self.table.notes, *(f"  {times:,} × left out: {reason}" for reason, times in self.dropped.items())]


def command(
    file: Path,
    gateway_url: str,
    key: str,
    *,
    columns: Columns = Columns(),
    zone: ZoneInfo | None = None,
    status: str = "",
    form: Form = Form(),
    city: City | None = None,
    refused: Path | None = None,
    dry_run: bool = False,
    transport: httpx.AsyncBaseTransport | None = None,
) -> int:
    """`feeds import`: says how the table is read, sends it, says what became of it, and gives the exit code."""
    console = Console(soft_wrap=True)
    url, way = (NOWHERE, DryRun(city)) if dry_run else (gateway_url, transport)
    with reported(console, refused, rehearsed=dry_run, hide=hidden) as tally:
        feeds = FeedTable(file, columns, zone, form, status)
        say(console, feeds.understood())
        deliver(FEEDS, feeds.items(), url, key, tally, transport=way)
        say(console, feeds.noted())
    return tally.exit_code
