"""What all commands share: options, settings, how a fault is told."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from config.city import City, CityErrors, load_city
from config.settings import PREFIX, Settings, SettingsError, load_settings

out = Console()
err = Console(stderr=True)

CityOption = Annotated[Path | None, typer.Option("--city", help="Folder of the city's files.")]
DataOption = Annotated[Path | None, typer.Option("--data-dir", help="Where the embedded store and keys live.")]
UrlOption = Annotated[str, typer.Option("--gateway", help="Address of the gateway; empty: the one on this machine.")]
KeyOption = Annotated[str, typer.Option("--key", help="Key of the source; empty: the demo's, or GRIDHALL_INGEST_KEY.")]


def fail(text: str) -> typer.Exit:
    err.print(text, style="red", highlight=False, markup=False, soft_wrap=True)  # advised commands stay on their line
    return typer.Exit(2)


def environment(**options: object) -> dict[str, str]:
    """The process's environment with the given command-line options put over it; a data folder brings its city with it."""
    env = dict(os.environ)
    beside = city_beside(options.get("data_dir"), options.get("city"))  # type: ignore[arg-type]
    if beside is not None and (beside / "city.yaml").exists():
        options["city"] = beside
    env.update({PREFIX + name.upper(): str(value) for name, value in options.items() if value is not None})
    return env


def settings_of(env: dict[str, str]) -> Settings:
    try:
        return load_settings(env)
    except SettingsError as wrong:
        raise fail("Settings:\n  " + "\n  ".join(wrong.faults)) from wrong


def city_beside(data_dir: Path | None, city: Path | None) -> Path | None:
    """The told city, else the one that a data folder brings with it; None where the settings say it."""
    if city is None and PREFIX + "CITY" not in os.environ and data_dir is not None:
        return data_dir / "city" / "guicheng"
    return city


def make_advice(folder: Path) -> str:
    """The command that makes a city just there."""
    return f"app.py city make guicheng --out {shlex.quote(str(folder))}"


def city_of(settings: Settings) -> City:
    """The city of the settings. Fails with all its faults; where there is none, with the command that makes one."""
    if not (settings.city / "city.yaml").exists():
        raise fail(f"There is no city in {settings.city}: name one with --city, or make one: {make_advice(settings.city)}")
    try:
        return load_city(settings.city)
    except CityErrors as wrong:
        raise fail("City:\n  " + "\n  ".join(wrong.faults)) from wrong


def demo_key(settings: Settings) -> str:
    """The simulator's own key: made at the first start, readable by this user only."""
    from store.sources import new_key

    path = settings.data_dir / "demo.key"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(new_key())
    return path.read_text().strip()


def gateway_url(settings: Settings, url: str) -> str:
    host = "127.0.0.1" if settings.gateway_host == "0.0.0.0" else settings.gateway_host
    return url or f"http://{host}:{settings.gateway_port}"


def key_or_default(settings: Settings, key: str) -> str:
    if found := key or settings.ingest_key:
        return found
    if (settings.data_dir / "demo.key").exists():
        return demo_key(settings)
    raise fail(f"No key: give --key, set GRIDHALL_INGEST_KEY, or, while gridhall runs, make one: {source_advice(settings)}")


def source_advice(settings: Settings) -> str:
    """The command that makes a key in the very store of these settings."""
    return f"app.py source add NAME --data-dir {shlex.quote(str(settings.data_dir))}"
