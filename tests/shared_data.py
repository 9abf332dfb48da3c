"""Recordings of real devices and real case tables. They are not part of this project and may not be published with it."""

import csv
import os
from pathlib import Path

import pytest

from config.city import City, load_city

FOLDER = Path(os.environ.get("TEST_RECORDINGS") or Path(__file__).resolve().parents[1].parent / "shared" / "data")


def data(name: str) -> Path:
    """The folder `name` of the recordings; without it the test is skipped and says why."""
    folder = FOLDER / name
    if not folder.is_dir():
        pytest.skip(f"no recordings {name} in {FOLDER} (TEST_RECORDINGS names another folder)")
    return folder


def pingshan_city(folder: Path, table: Path) -> City:
    """The district with the streets and communities that the table names, without polygons."""
    regions = {("440310", "坪山区", "district", "")}
    with table.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            street = f"440310{row['STREET_ID']}"
            regions.add((street, row["STREET_NAME"], "street", "440310"))
            regions.add((street + row["COMMUNITY_ID"], row["COMMUNITY_NAME"], "community", street))
    lines = ["code,name,level,parent", *(",".join(region) for region in sorted(regions))]
    (folder / "regions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    named = (("district", "区"), ("street", "街道"), ("community", "社区"))
    levels = "levels: [" + ", ".join(f"{{key: {key}, zh: {zh}, en: {key}}}" for key, zh in named) + "]"
    (folder / "city.yaml").write_text(f"code: '440310'\nname: 坪山区\ntitle: 坪山区指挥中心\n{levels}\n", encoding="utf-8")
    return load_city(folder)
