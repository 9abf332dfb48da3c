"""How long a city may let things take, and how far its other numbers may go: what is beyond is a fault of its files."""

import shutil
from pathlib import Path

import pytest

from config.city import CityErrors, load_city

HEAD = "rule,clock,kind,amount\n"


@pytest.fixture
def folder(city_folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(city_folder, tmp_path / "city")
    return tmp_path / "city"


def faults_of(folder: Path) -> list[str]:
    try:
        load_city(folder)
    except CityErrors as wrong:
        return list(wrong.faults)
    return []


@pytest.mark.parametrize(
    ("kind", "most"), [("working_days", 3660), ("natural_days", 3660), ("working_hours", 87_840), ("urgent_hours", 87_840)]
)
def test_a_limit_is_at_most_ten_years(folder: Path, kind: str, most: int) -> None:
    (folder / "limits.csv").write_text(f"{HEAD}r,total,{kind},{most}\n", encoding="utf-8")
    assert faults_of(folder) == []
    for far in (str(most + 1), "1e300", "inf", "nan", "0"):
        (folder / "limits.csv").write_text(f"{HEAD}r,total,{kind},{far}\n", encoding="utf-8")
        (fault,) = faults_of(folder)
        assert fault.startswith("limits.csv:2") and far in fault, "file, line and value"


def test_so_are_those_of_matters_and_of_the_ladder(folder: Path) -> None:
    (folder / "matters.csv").write_text("key,name,limit_hours\nlamp,路灯,87841\n", encoding="utf-8")
    (fault,) = faults_of(folder)
    assert "matters.csv:2" in fault and "87841" in fault
    (folder / "matters.csv").unlink()
    for amount in ("3661", ".inf", ".nan", "-1"):
        with (folder / "city.yaml").open("a", encoding="utf-8") as file:
            file.write(f"\nworktime: {{ladder: [{{clock: total, do: urge, amount: {amount}, kind: working_days}}]}}\n")
        (fault,) = faults_of(folder)
        assert "ladder" in fault
        text = (folder / "city.yaml").read_text(encoding="utf-8")
        (folder / "city.yaml").write_text(text.split("\nworktime:")[0] + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    "limits",
    ["silent_after_s: .inf", "offline_after_s: .nan", "still_after_s: -1", "max_speed_mps: 0", "jump_confirmations: 0",
     "trail_steps: 1000000", "grid_margin_m: 1e300", "future_tolerance_s: 1e300"],
)  # fmt: skip
def test_no_number_of_the_limits_can_break_what_reckons_with_it(folder: Path, limits: str) -> None:
    yaml = (folder / "city.yaml").read_text(encoding="utf-8")
    lines = [line for line in yaml.splitlines() if not line.startswith("limits:")]
    (folder / "city.yaml").write_text("\n".join([*lines, f"limits: {{{limits}}}"]) + "\n", encoding="utf-8")
    (fault,) = faults_of(folder)
    assert "limits" in fault
