"""Readers of track files: every fix as the file tells it, every bad line with its reason, nothing ever raised."""

import gzip
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.files import Fix, Note, Reading, Reject, Understood, find_files, read
from ingest.files.gpx import find_encoding
from ingest.files.nmea import sentence
from ingest.files.tags import tags
from ingest.tabular import Form
from tests.shared_data import FOLDER

DATA = FOLDER
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
PLT = "Geolife trajectory\nWGS 84\nAltitude is in Feet\nReserved 3\n0,2,255,My Track,0,0,2,8421376\n0\n"
Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put


def both(path: Path, reading: Reading = Reading()) -> tuple[list[Fix], list[Reject]]:
    items = list(read(path, reading))
    return [i for i in items if isinstance(i, Fix)], [i for i in items if isinstance(i, Reject)]


# .plt


def test_a_plt_line_is_a_fix_in_gmt_of_the_folders_worker(write: Write) -> None:
    line = "39.984702,116.318417,0,492,39744.1201851852,2008-10-23,02:53:04\n"
    fixes, rejects = both(write("000/20081023.plt", PLT + line))
    assert not rejects
    at = {"fixed_at_ms": 1_224_730_384_000, "lon": 116.318417, "lat": 39.984702}
    assert fixes == [Fix(worker="000", altitude_m=149.96, line=7, **at)]
    assert both(write("017/Trajectory/a.plt", PLT + line))[0][0].worker == "017"
    assert both(write("x/a.plt", PLT + line.replace("492", "-777")))[0][0].altitude_m is None


@pytest.mark.parametrize(
    ("line", "reason", "value"),
    [
        ("39.9,116.3,0,1,1,2008-13-23,02:53:04", "no such day", "2008-13-23"),
        ("39.9,116.3,0,1,1,2008-10-23,25:53:04", "no such time of day", "25:53:04"),
        ("400.16,116.3,0,1,1,2008-10-23,02:53:04", "latitude is out of range", "400.16"),
        ("nan,116.3,0,1,1,2008-10-23,02:53:04", "latitude is not a number", "nan"),
        ("39.9,,0,1,1,2008-10-23,02:53:04", "longitude is missing", "39.9,,0,1,1,2008-10-23,02:53:04"),
        ("39.9,116.3", "fewer than seven columns", "39.9,116.3"),
    ],
)
def test_a_bad_plt_line_is_told_with_its_number_and_the_rest_goes_on(
    write: Write, line: str, reason: str, value: str
) -> None:
    good = "39.9,116.3,0,1,1,2008-10-23,02:53:04"
    path = write("000/a.plt", f"{PLT}{good}\n{line}\n\n{good}\n")
    fixes, rejects = both(path)
    assert len(fixes) == 2 and rejects == [Reject(path, 8, reason, value)]


@needs_data
def test_geolife_has_every_point_of_every_user() -> None:
    told = json.loads((DATA / "gps-geolife-a/reference.json").read_text())
    counts: Counter[str] = Counter()
    for path in find_files([DATA / "gps-geolife-a"]):
        fixes, rejects = both(path)
        assert not rejects
        counts.update(fix.worker for fix in fixes)
    assert counts == {user: stats["n_points"] for user, stats in told["users"].items()}


# GPX


@needs_data
def test_28_odd_gpx_files_give_the_points_that_their_reference_counts() -> None:
    told = json.loads((DATA / "gps-gpx/reference.json").read_text())["files"]
    paths = find_files([DATA / "gps-gpx"])
    assert len(paths) == 28
    for path in paths:
        fixes, rejects = both(path)
        want = told[path.name]
        without_time = want.get("n_without_time", 0)
        assert (len(fixes) + len(rejects), len(rejects)) == (want.get("n_trkpt", 0), without_time), path.name
        assert all(reject.line > 0 for reject in rejects)


def gpx(points: str, head: str = "", version: str = 'version="1.1" xmlns="http://www.topografix.com/GPX/1/1"') -> str:
    return f"{head}<gpx {version}><trk><name>ride</name><trkseg>{points}</trkseg></trk></gpx>"


POINT = '<trkpt lat="23.5" lon="113.5"><ele>7.5</ele><time>2026-01-02T03:04:05.250Z</time></trkpt>'


def test_a_new_segment_is_a_gap(write: Write) -> None:
    fixes, _ = both(write("w7.gpx", gpx(POINT + "</trkseg><trkseg>" + POINT)))
    assert [fix.segment for fix in fixes] == [0, 1] and fixes[0].worker == "w7"
    assert fixes[0].fixed_at_ms == 1_767_323_045_250 and fixes[0].altitude_m == 7.5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "iso-8859-1"])
def test_gpx_is_read_in_the_encoding_it_says(write: Write, encoding: str) -> None:
    name = "ASCII" if encoding == "iso-8859-1" else "桂城"
    said = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    text = gpx(POINT.replace("<ele>", f"<name>{name}</name><ele>"), f'<?xml version="1.0" encoding="{said}"?>\n')
    path = write("a.gpx", text.encode(encoding))
    assert len(both(path)[0]) == 1
    assert name in path.read_bytes().decode(find_encoding(path)[0].name)


def test_a_gpx_that_wants_to_be_expanded_is_refused(write: Write) -> None:
    bomb = '<!DOCTYPE gpx [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    fixes, rejects = both(write("a.gpx", gpx(POINT, bomb)))
    assert not fixes and [reject.reason for reject in rejects] == ["XML: a DOCTYPE is not accepted"]


def test_a_gpx_cut_off_gives_what_stands_before_the_cut(write: Write) -> None:
    fixes, rejects = both(write("a.gpx", gpx(POINT * 3)[:-60]))
    assert len(fixes) == 2 and len(rejects) == 1 and rejects[0].reason.startswith("XML")


def test_gpx_1_0_speed_and_course_and_prefixed_names_are_read(write: Write) -> None:
    point = POINT.replace("</trkpt>", "<speed>1.5</speed><course>90</course></trkpt>")
    fix = both(write("a.gpx", gpx(point, version='version="1.0"')))[0][0]
    assert (fix.speed_mps, fix.heading_deg) == (1.5, 90)
    prefixed = (
        '<g:gpx xmlns:g="x"><g:trk><g:trkseg><g:trkpt lat="1" lon="2"><g:time>2026-01-02T03:04:05Z</g:time>'
        "<g:extensions><t:speed xmlns:t='y'>2.5</t:speed></g:extensions></g:trkpt></g:trkseg></g:trk></g:gpx>"
    )
    assert both(write("b.gpx", prefixed))[0][0].speed_mps == 2.5


# NMEA


def nmea(*bodies: str) -> str:
    lines = []
    for body in bodies:
        total = 0
        for byte in body.encode():
            total ^= byte
        lines.append(f"${body}*{total:02X}")
    return "\r\n".join(lines) + "\r\n"


RMC = "GNRMC,001530.00,A,2301.29288,N,11307.28496,E,2.3,275.0,130726,,,A"
GGA = "GNGGA,001530.00,2301.29288,N,11307.28496,E,1,18,0.8,12.0,M,-5.0,M,,"


def test_rmc_and_gga_of_an_instant_are_one_fix(write: Write) -> None:
    text = f"${RMC}*4B\n${GGA}*53\n"
    (fix,), rejects = both(write("gw1.nmea", text))
    assert not rejects and fix.worker == "gw1"
    assert (fix.lat, fix.lon) == (pytest.approx(23.021548), pytest.approx(113.121416))
    assert fix.fixed_at_ms == 1_783_901_730_000
    assert (fix.altitude_m, fix.heading_deg, fix.speed_mps) == (12.0, 275.0, pytest.approx(1.183, abs=1e-3))


def test_south_and_west_are_negative() -> None:
    kind, cells = sentence("$GPGGA,184353.07,1929.045,S,02410.506,E,1,04,2.6,100.00,M,-33.9,M,,0000*6D")
    assert kind == "GGA" and cells[2] == "1929.045"


def test_midnight_between_rmc_and_gga_is_the_next_day(write: Write) -> None:
    text = nmea(
        "GPRMC,235959.00,A,2301.0,S,11307.0,W,0,0,311226,,,A",
        "GPGGA,235959.00,2301.0,S,11307.0,W,1,8,1,5,M,0,M,,",
        "GPGGA,000000.00,2301.0,S,11307.0,W,1,8,1,6,M,0,M,,",
        "GPGGA,000001.00,2301.0,S,11307.0,W,1,8,1,6,M,0,M,,",
        "GPRMC,000001.00,A,2301.0,S,11307.0,W,0,0,010127,,,A",
    )
    fixes, rejects = both(write("a.nmea", text))
    assert not rejects and fixes[0].lat < 0 and fixes[0].lon < 0
    assert [fix.fixed_at_ms - fixes[0].fixed_at_ms for fix in fixes] == [0, 1000, 2000]
    assert fixes[2].fixed_at_ms == 1_798_761_601_000  # 2027-01-01T00:00:01Z


def test_gga_before_the_first_date_waits_for_it(write: Write) -> None:
    text = nmea(
        "GPGGA,235958.00,2301.0,N,11307.0,E,1,8,1,5,M,0,M,,", "GPRMC,000000.00,A,2301.0,N,11307.0,E,0,0,010127,,,A"
    )
    fixes, _ = both(write("a.nmea", text))
    assert fixes[1].fixed_at_ms - fixes[0].fixed_at_ms == 2000
    undated = nmea("GPGGA,235958.00,2301.0,N,11307.0,E,1,8,1,5,M,0,M,,")
    assert both(write("b.nmea", undated))[1][0].reason.startswith("no date")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"${RMC}*4C", "checksum is wrong"),
        (f"${RMC}", "checksum is missing"),
        ("hello", "not an NMEA sentence"),
        (nmea(RMC.replace(",A,", ",V,")), "no valid position (V)"),
        (nmea(RMC.replace("130726", "320726")), "no such day"),
        (nmea(RMC.replace("2301.29288", "2361.29288")), "latitude is not readable"),
        (nmea("GPRMC,1,A,2"), "sentence is too short"),
    ],
)
def test_bad_nmea_lines_are_told_with_their_reason(write: Write, line: str, reason: str) -> None:
    fixes, rejects = both(write("a.nmea", line + "\n" + nmea(RMC.replace("001530", "001531"))))
    assert len(fixes) == 1 and [reject.reason for reject in rejects] == [reason]


def test_other_sentences_and_a_loggers_own_prefix_are_passed_over(write: Write) -> None:
    text = nmea("GPGSV,1,1,00") + "2026-07-13 00:15:30 " + nmea(RMC) + "\n"
    assert [len(part) for part in both(write("a.nmea", text))] == [1, 0]


# tables


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("worker,fixed_at,lon,lat", "w1,2026-01-02T03:04:05Z,113.5,23.5"),
        ("User ID;Time;LNG;Latitude", "w1;2026-01-02 03:04:05;113.5;23.5"),
        ("track_id\tlat\tlong\ttimestamp", "w1\t23.5\t113.5\t1767323045"),
        ("id,t,x,y", "w1,1767323045000,113.5,23.5"),
        ("device_id,date,time,longitude,latitude", "w1,2026-01-02,03:04:05,113.5,23.5"),
        ("\ufeffworker,fixed_at,lon,lat", "w1,2026-01-02T11:04:05+08:00,113.5,23.5"),
    ],
)
def test_columns_are_found_by_their_usual_names(write: Write, head: str, row: str) -> None:
    fixes, rejects = both(write("a.csv", f"{head}\n{row}\n"), Reading(zone=ZoneInfo("UTC")))
    assert not rejects
    assert [(f.worker, f.fixed_at_ms, f.lon, f.lat) for f in fixes] == [("w1", 1_767_323_045_000, 113.5, 23.5)]


def test_units_stand_in_the_name_and_a_bare_speed_needs_to_be_told(write: Write) -> None:
    row = "1767323045,1,2,36,100"
    known = both(write("w.csv", f"time,lon,lat,speed_kmh,altitude_ft\n{row}\n"))[0][0]
    assert (known.worker, known.speed_mps, known.altitude_m) == ("w", 10, 30.48)
    bare = write("b.csv", f"time,lon,lat,speed,alt\n{row}\n")
    assert both(bare)[0][0].speed_mps is None
    assert both(bare, Reading(speed_unit="kmh"))[0][0].speed_mps == 10


def test_times_without_zone_are_in_the_zone_told_and_the_worker_may_be_overridden(write: Write) -> None:
    path = write("w.csv", "worker,time,lon,lat\nx,2026-01-02 11:04:05,1,2\n")
    fix = both(path, Reading(zone=ZoneInfo("Asia/Shanghai"), worker="me"))[0][0]
    assert (fix.fixed_at_ms, fix.worker) == (1_767_323_045_000, "me")


def test_bad_rows_and_missing_columns_are_told(write: Write) -> None:
    text = "worker,time,lon,lat\n,1767323045,1,2\nw,soon,1,2\nw,1767323045,200,2\nw,1767323045,1\nw,1767323045,1,2\n"
    fixes, rejects = both(write("a.csv", text))
    assert len(fixes) == 1
    assert [(reject.line, reject.reason) for reject in rejects] == [
        (2, "worker is missing"), (3, "time is not readable"), (4, "longitude is out of range"), (5, "latitude is missing"),
    ]  # fmt: skip
    told = both(write("b.csv", "a,b\n1,2\n"))[1][0].reason
    assert told.startswith("no column for time, lon, lat; the columns are a, b") and "--lon COLUMN" in told
    assert both(write("c.csv", ""))[1][0].reason == "the file is empty"


@needs_data
def test_athens_and_switzerland_are_read_whole() -> None:
    fixes, rejects = both(DATA / "gps-pneuma-athens/data_sparsify.csv", Reading(speed_unit="kmh", zone=ZoneInfo("UTC")))
    assert (len(fixes), len(rejects), len({fix.worker for fix in fixes})) == (23_293, 0, 50)
    assert fixes[0].speed_mps == pytest.approx(12.5845 / 3.6, abs=1e-3)
    fixes, rejects = both(DATA / "feed-adsb-switzerland/switzerland.json.gz")
    assert (len(fixes), len(rejects), len({fix.worker for fix in fixes})) == (139_098, 0, 842)
    assert fixes[0].altitude_m == pytest.approx(34_975 * 0.3048, abs=0.01)
    assert fixes[0].speed_mps == pytest.approx(228.15, abs=0.01)


# all of them


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(kind=st.sampled_from(["plt", "gpx", "nmea", "csv", "json", "csv.gz", "ndjson"]), content=st.binary(max_size=400))
def test_no_bytes_crash_a_reader(tmp_path: Path, kind: str, content: bytes) -> None:
    head = {"plt": PLT.encode(), "gpx": b"<gpx>", "nmea": b"$GPRMC,", "csv": b"time,lon,lat\n", "ndjson": b'{"time":1}\n'}
    for start in (b"", head.get(kind, b"")):
        path = tmp_path / f"f.{kind}"
        path.write_bytes(start + content)
        list(read(path, Reading()))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["001", "网格员甲", "", "4.40605E+17"]),
            st.sampled_from(["2026/11/20 16:00:00", "soon", "", "2026-11-20T08:00:00Z", "46346.5"]),
            st.sampled_from(["113,17", "113.17", "3.946.166", "", "213"]),
            st.sampled_from(["23,05", "23.05", "-3.684.833", "x"]),
        ),
        min_size=1,
        max_size=20,
    ),
    encoding=st.sampled_from(["utf-8-sig", "gbk", "utf-16"]),
)
def test_each_row_of_a_table_is_a_fix_or_told_with_its_line(
    tmp_path: Path, rows: list[tuple[str, ...]], encoding: str
) -> None:
    path = tmp_path / "t.csv"
    text = "\r\n".join(["某街道轨迹", ";".join(["人员编号", "定位时间", "经度", "纬度"]), *map(";".join, rows)])
    path.write_bytes(text.encode(encoding))
    fixes, rejects = both(path, Reading(zone=ZoneInfo("Asia/Shanghai")))
    assert sorted([one.line for one in fixes] + [one.line for one in rejects]) == list(range(3, len(rows) + 3))
    for fix in fixes:
        assert (fix.lon, fix.lat) == (113.17, 23.05) and fix.worker in ("001", "网格员甲")


def test_a_table_of_several_people_with_local_times_and_how_it_was_understood(write: Write) -> None:
    text = "lat,lng,datetime,uid\n39.984094,116.319236,2026-11-23 05:53:05,001\n40.0,116.4,2026-11-23 05:53:06,005\n"
    path = write("tracks.csv", text)
    told, *fixes = list(read(path, Reading(zone=ZoneInfo("Asia/Shanghai"))))
    assert [(fix.worker, fix.fixed_at_ms) for fix in fixes if isinstance(fix, Fix)] == [
        ("001", 1_795_384_385_000), ("005", 1_795_384_386_000),
    ]  # fmt: skip
    assert isinstance(told, Understood) and dict(told.columns)["worker"] == "uid" and told.zone == "Asia/Shanghai"
    assert not told.by_file
    named = Reading(zone=ZoneInfo("UTC"), columns={"worker": "lat", "lat": "lat"})
    assert both(path, named)[0][0].worker == "39.984094"
    wrong = both(path, Reading(columns={"worker": "nobody"}))[1]
    assert "no column for worker nobody" in wrong[0].reason and "uid" in wrong[0].reason
    assert "--zone" in both(path, Reading())[1][0].reason


def test_a_table_without_heads_is_read_by_the_places_of_its_columns(write: Write) -> None:
    path = write("t.txt", "2026-11-20 08:00:00,23.05,113.17,007\n")
    reading = Reading(
        zone=ZoneInfo("UTC"), form=Form(head_line=0), columns={"time": "1", "lat": "2", "lon": "3", "worker": "4"}
    )
    assert [(fix.worker, fix.lat) for fix in both(path, reading)[0]] == [("007", 23.05)]


def test_files_are_known_by_what_stands_in_them(write: Write) -> None:
    point = POINT.encode()
    rows = "worker,time,lon,lat\nw,1767323045,1,2\n"
    for name, content in {
        "track.log": nmea(RMC).encode(), "track.dat": gpx(POINT).encode(), "t.log": rows.encode(), "plain": rows.encode(),
        "wrong.gpx": rows.encode(), "utf16.log": rows.encode("utf-16"), "packed": gzip.compress(b"<gpx>" + point + b"</gpx>"),
        "o.txt": (PLT + "39.9,116.3,0,1,1,2008-10-23,02:53:04\n").encode(),
        "j.log": b'[{"worker":"w","t":1767323045,"x":1,"y":2}]',
    }.items():  # fmt: skip
        path = write(f"k/{name}", content)
        assert find_files([path]) == [path]
        fixes, rejects = both(path)
        assert (len(fixes), rejects) == (1, []), name


def test_what_of_a_folder_was_not_looked_at_is_told(write: Write, tmp_path: Path) -> None:
    write("a/1.gpx", gpx(POINT)), write("a/readme.md", "x")
    assert [path.name for path in find_files([tmp_path / "a"]).passed_over] == ["readme.md"]


# GPX that is no XML


@pytest.mark.parametrize(
    "name",
    ["Tom & Co", "Tom &amp Co <Park>", "a\x0bb", "&#xFFFF;", "&#0;", "&nbsp;", "1 < 2", "<b>unclosed", "<![CDATA[x]] >]]>"],
)
@pytest.mark.parametrize("where", ["trk", "trkpt"])
def test_a_fault_in_a_name_costs_no_point(write: Write, name: str, where: str) -> None:
    inner = f"<name>{name}</name>"
    point = POINT.replace("<ele>", inner + "<ele>") if where == "trkpt" else POINT
    text = f"<gpx><trk>{inner if where == 'trk' else ''}<trkseg>{POINT}{point}{POINT}</trkseg></trk></gpx>"
    fixes, rejects = both(write("a.gpx", text))
    assert (len(fixes), rejects) == (3, []) and {fix.altitude_m for fix in fixes} == {7.5}


def test_decimal_commas_and_a_wrongly_declared_encoding(write: Write) -> None:
    comma = POINT.replace("23.5", "23,5").replace("113.5", "113,5").replace("7.5", "7,5")
    fix = both(write("a.gpx", gpx(comma)))[0][0]
    assert (fix.lat, fix.lon, fix.altitude_m) == (23.5, 113.5, 7.5)
    text = gpx(POINT, '<?xml version="1.0" encoding="UTF-8"?>').replace("ride", "街道巡查")
    path = write("b.gpx", text.encode("gbk"))
    items = list(read(path, Reading()))
    assert sum(isinstance(one, Fix) for one in items) == 1
    assert any(isinstance(one, Note) and "gb18030" in one.text for one in items)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.text(max_size=40), points=st.integers(0, 5))
def test_whatever_stands_in_a_name_all_points_are_found_or_the_fault_is_told(tmp_path: Path, name: str, points: int) -> None:
    path = tmp_path / "a.gpx"
    path.write_bytes(gpx(POINT * points).replace("ride", name).encode(errors="replace"))
    fixes, rejects = both(path)
    assert len(fixes) >= points or rejects  # a name may hold the beginning of a comment, or of a point


@given(text=st.text("<>/=\"'!-[]?& abgtrkp\n", max_size=200), cuts=st.lists(st.integers(0, 200), max_size=5))
def test_tags_are_the_same_however_the_text_is_cut_into_pieces(text: str, cuts: list[int]) -> None:
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[a:b] for a, b in itertools.pairwise(edges)]
    assert list(tags(iter(pieces))) == list(tags(iter([text])))


def test_tags_cost_time_and_memory_in_proportion_only(write: Write) -> None:
    """A document of nothing but opened brackets, one of a single endless tag: each of a megabyte, in a moment."""
    for text in ("<" * 1_000_000, "<a " + "x" * 1_000_000, "<!--" + "<" * 1_000_000, "&" * 1_000_000, "<a " + "b=" * 500_000):
        path = write("a.gpx", "<gpx>&" + text)
        begun_s = time.process_time()
        fixes, rejects = both(path)
        assert time.process_time() - begun_s < 10 and not fixes and rejects


def test_comments_in_nmea_are_passed_over(write: Write) -> None:
    text = f"# logger 1.2\n; set-up\n// {RMC}\n!AIVDM,1,1,,A,13,0*5C\n" + nmea(RMC)
    assert [len(part) for part in both(write("a.nmea", text))] == [1, 0]


def test_folders_are_searched_and_unknown_files_are_named(write: Write, tmp_path: Path) -> None:
    write("a/1.plt", PLT), write("a/b/2.gpx", "x"), write("a/readme.md", "x"), write("a/reference.json", "{}")
    assert [path.name for path in find_files([tmp_path / "a"])] == ["1.plt", "2.gpx"]
    with pytest.raises(ValueError, match="no reader"):
        find_files([tmp_path / "a/readme.md"])
    with pytest.raises(FileNotFoundError):
        find_files([tmp_path / "nowhere"])
