"""Our scripts and style sheets as one file each."""

import os
from pathlib import Path

from flask import Flask

from dashboard.bundle import LATER, Bundle, register
from dashboard.server import ASSETS


def made(folder: Path) -> Path:
    (folder / "js" / "panels").mkdir(parents=True)
    (folder / "css").mkdir()
    for name in ("js/20_b.js", "js/10_a.js", "js/panels/00_kit.js", "css/a.css"):
        (folder / name).write_text(f"/*{name}*/")
    return folder


def test_the_files_come_in_the_order_of_their_paths_a_folders_own_first(tmp_path: Path) -> None:
    bundle = Bundle(made(tmp_path), "js")
    assert bundle.text() == b"/*js/10_a.js*/\n;\n/*js/20_b.js*/\n;\n/*js/panels/00_kit.js*/"


def test_a_changed_file_changes_what_is_served_and_its_address(tmp_path: Path) -> None:
    bundle = Bundle(made(tmp_path), "css")
    before = bundle.address()
    (tmp_path / "css" / "a.css").write_text("/*new*/")
    os.utime(tmp_path / "css" / "a.css", (2_000_000_000, 2_000_000_000))
    assert bundle.address() != before and bundle.text() == b"/*new*/"


def test_both_are_served_as_what_they_are(tmp_path: Path) -> None:
    app = Flask("test", static_folder=None)
    bundles = register(app, made(tmp_path))
    client = app.test_client()
    for kind, mimetype in (("js", "text/javascript"), ("css", "text/css")):
        answer = client.get(bundles[kind].address())
        assert (answer.status_code, answer.mimetype, answer.data) == (200, mimetype, bundles[kind].text())


def test_every_script_of_ours_is_in_the_bundle_and_declares_no_name_for_all() -> None:
    """It would be the others' too, that stand in the same file."""
    files = Bundle(ASSETS, "js").files()
    assert {file.name for file in files} == {file.name for file in (ASSETS / "js").rglob("*.js")} and len(files) > 90
    for file in files:
        lines = file.read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.startswith(("const ", "let ", "class ", "function ", "var "))], file


def test_the_library_of_tables_waits_until_a_wall_stands() -> None:
    tags = '<script src="/s/dash_ag_grid/dash_ag_grid.v35.min.js"></script>\n<script src="/s/dcc/dash_core.js"></script>'
    left = LATER.sub("", tags)
    assert "ag_grid" not in left and "dash_core" in left
