import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.live.frame import DEFLATE_FROM, DTYPES, Frame, decode, encode


def frame(columns: dict[str, np.ndarray], gone: list[int], text_for: list[int], texts: dict[str, list[str]]) -> Frame:
    return Frame(
        table="worker",
        epoch="e1",
        scope="zh:a",
        since=3,
        to=9,
        reset=False,
        columns=columns,
        gone=np.array(gone, np.uint32),
        text_for=np.array(text_for, np.int64),
        texts=texts,
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 9), st.lists(st.integers(0, 2**32 - 1), max_size=5), st.data())
def test_a_frame_comes_back_as_it_was_sent(n: int, gone: list[int], data: st.DataObject) -> None:
    columns = {"slot": np.arange(n, dtype=np.uint32)}
    for name, code in DTYPES.items():
        numbers = st.integers(0, 200) if code[1] != "f" else st.floats(-10, 10, width=32)
        columns[name] = np.array(data.draw(st.lists(numbers, min_size=n, max_size=n)), code)
    text_for = data.draw(st.lists(st.integers(0, n - 1), unique=True, max_size=n)) if n else []
    texts = {"名": [data.draw(st.sampled_from(["", "桂城", 'a"\\\n', "🙂"])) for _ in text_for]}
    sent = frame(columns, gone, text_for, texts)
    got = decode(encode(sent, now_ms=5))
    assert (got.table, got.epoch, got.scope, got.since, got.to, got.reset) == ("worker", "e1", "zh:a", 3, 9, False)
    assert list(got.columns) == list(columns)
    for name, values in columns.items():
        assert got.columns[name].dtype == values.dtype
        assert got.columns[name].tolist() == values.tolist()
    assert got.gone.tolist() == gone
    assert got.text_for.tolist() == text_for
    assert got.texts == texts


def test_every_column_starts_on_a_multiple_of_eight() -> None:
    columns = {
        "slot": np.array([7, 8, 9], np.uint32),
        "battery": np.array([1, 2, 3], np.uint8),
        "lon": np.array([4, 5, 6], np.int32),
    }
    data = encode(frame(columns, [5], [], {}), now_ms=1)
    start = 4 + int.from_bytes(data[:4], "little")
    assert start % 8 == 0 and len(data) % 8 == 0
    assert np.frombuffer(data, "<u4", 3, start).tolist() == [7, 8, 9]
    assert np.frombuffer(data, "u1", 3, start + 16).tolist() == [1, 2, 3]
    assert np.frombuffer(data, "<i4", 3, start + 24).tolist() == [4, 5, 6]
    assert np.frombuffer(data, "<u4", 1, start + 40).tolist() == [5]
    header = json.loads(data[4:start])
    assert header["cols"] == [["slot", "u4"], ["battery", "u1"], ["lon", "i4"]]
    assert (header["n"], header["gone"], header["from"], header["to"], header["now_ms"]) == (3, 1, 3, 9, 1)


@pytest.mark.parametrize("cut", [0, 3, 10, -8])
def test_a_frame_cut_off_is_refused(cut: int) -> None:
    data = encode(frame({"slot": np.array([1, 2], np.uint32)}, [], [], {}), now_ms=1)
    with pytest.raises(ValueError):
        decode(data[:cut])


def test_a_frame_carries_no_other_numbers_than_the_browser_knows() -> None:
    with pytest.raises(ValueError, match="no frame carries"):
        encode(frame({"slot": np.array([1], np.int64)}, [], [], {}), now_ms=1)


def test_a_large_frame_is_deflated_and_comes_back_as_it_was() -> None:
    rows = DEFLATE_FROM // 16
    slots = np.arange(rows, dtype=np.uint32)
    names = [f"网格员{n % 700}" for n in range(rows)]
    sent = frame({"slot": slots, "lon": (slots * 7).astype(np.int32)}, [], list(range(rows)), {"name": names})
    data = encode(sent, now_ms=5)
    assert data[:4] == bytes(4) and len(data) < DEFLATE_FROM
    got = decode(data)
    assert got.texts == {"name": names} and np.array_equal(got.columns["lon"], sent.columns["lon"])
    for wrong in (data[:-3], data + b"x", data[:4] + b"\xff" + data[5:], bytes(4)):
        with pytest.raises(ValueError, match=r".+"):
            decode(wrong)


def test_a_small_frame_is_sent_as_it_is() -> None:
    assert encode(frame({"slot": np.arange(3, dtype=np.uint32)}, [], [], {}), now_ms=5)[:4] != bytes(4)
