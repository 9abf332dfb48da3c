"""Shared fixtures: an embedded Valkey for the session, an empty store for each test, a small made-up city."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import argon2
import hypothesis
import pytest

from config.city import City, load_city
from config.settings import Settings, load_settings
from store import embedded, people
from store.errors import StoreUnavailable
from store.store import Store, open_store

ROOT = Path(__file__).resolve().parent.parent
PARTITIONS = 3
hypothesis.settings.register_profile("gridhall", deadline=None)  # laws ask what comes out; how fast is the benchmarks' matter
hypothesis.settings.load_profile("gridhall")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits longest begins first; files that share a hall follow each other, so that it is made once per process."""
    items.sort(key=lambda item: (item.path.name != "test_soak.py", item.path.parent.name != "browser"))


class Valkey:
    """The embedded server as a child process that a test may kill and start again."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.url = embedded.url(data_dir)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(embedded.command(self.data_dir), stdin=subprocess.DEVNULL)
        for _ in range(200):
            try:
                open_store(self.url, PARTITIONS, timeout_s=1.0)
                return
            except StoreUnavailable:
                time.sleep(0.05)
        raise AssertionError("the embedded store did not start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """A password costs a tenth of a second on purpose; in tests of other things it need not."""
    dear, people._hasher = people._hasher, argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # type: ignore[misc]
    people._nobody.cache_clear()
    yield
    people._hasher = dear  # type: ignore[misc]


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("store"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def store(valkey: Valkey) -> Iterator[Store]:
    """An empty store of PARTITIONS partitions."""
    first = open_store(valkey.url, PARTITIONS)
    first.client.flushall()
    opened = open_store(valkey.url, PARTITIONS)
    yield opened
    opened.client.close()


@pytest.fixture
def settings(tmp_path: Path, valkey: Valkey) -> Settings:
    env = {"DATA_DIR": str(tmp_path), "REDIS_URL": valkey.url, "PARTITIONS": str(PARTITIONS)}
    return load_settings({f"GRIDHALL_{name}": value for name, value in env.items()})


CITY_YAML = """
code: "440605"
name: 小城
title: 小城指挥中心
name_en: Littleton
title_en: Littleton command center
timezone: Asia/Shanghai
levels:
  - {key: district, zh: 区, en: District}
  - {key: community, zh: 社区, en: Community}
  - {key: grid, zh: 网格, en: Grid}
limits: {silent_after_s: 300, offline_after_s: 900}
"""


def square(code: str, lon: float, lat: float, side: float = 0.01) -> str:
    ring = [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]
    return (
        f'{{"type":"Feature","properties":{{"code":"{code}"}},'
        f'"geometry":{{"type":"Polygon","coordinates":[{ring!s}]}}}}'
    )


@pytest.fixture(scope="session")
def city_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two communities of two square grids each, side 0.01° from 113.10 E, 23.00 N; a worker in each grid."""
    folder = tmp_path_factory.mktemp("city")
    (folder / "city.yaml").write_text(CITY_YAML, encoding="utf-8")
    regions = ["code,name,level,parent", "440605,小城,district,"]
    shapes, roster = [], ["worker,name,role,tier,region,phone,devices"]
    for c, community in enumerate(("东社区", "西社区")):
        code = f"44060500{c + 1}"
        regions.append(f"{code},{community},community,440605")
        for g in range(2):
            grid = f"{code}0{g + 1}"
            regions.append(f"{grid},{community}第{g + 1}网格,grid,{code}")
            shapes.append(square(grid, 113.10 + 0.01 * c, 23.00 + 0.01 * g))
            number = c * 2 + g + 1
            roster.append(f"W{number},网格员{number},full,1,{grid},,1380013800{number};phone{number}")
    (folder / "regions.csv").write_text("\n".join(regions) + "\n", encoding="utf-8")
    (folder / "roster.csv").write_text("\n".join(roster) + "\n", encoding="utf-8")
    (folder / "regions.geojson").write_text(
        '{"type":"FeatureCollection","features":[' + ",".join(shapes) + "]}", encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="session")
def city(city_folder: Path) -> City:
    return load_city(city_folder)


def python(*words: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    """A role of gridhall as a child process."""
    return subprocess.Popen([sys.executable, "app.py", *words], cwd=ROOT, env={**os.environ, **(env or {})})
