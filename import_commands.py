"""The commands that send files through the gateway: `app.py replay`, `orders`, `feeds`, `tallies`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from command_line import (
    CityOption,
    DataOption,
    KeyOption,
    UrlOption,
    city_beside,
    city_of,
    environment,
    err,
    fail,
    gateway_url,
    key_or_default,
    out,
    settings_of,
)
from config.city import City
from config.settings import Settings

if TYPE_CHECKING:
    from ingest.columns import Columns
    from ingest.tabular import Form

orders_app = typer.Typer(help="Work orders of other systems.", no_args_is_help=True)
feeds_app = typer.Typer(help="Video feeds of other systems.", no_args_is_help=True)
tallies_app = typer.Typer(help="Day numbers of other services: calls answered and the like.", no_args_is_help=True)

ZONE_WITHOUT_CITY: Final = "Asia/Shanghai"
"""As of a city.yaml that names no timezone."""
DELIMITERS: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "bar": "|"}

FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
ZoneOption = Annotated[str, typer.Option("--zone", help="Of times that name none: Asia/Shanghai. Default: the city's.")]
EncodingOption = Annotated[str, typer.Option("--encoding", help="Of the text; default: found out.")]
DelimiterOption = Annotated[str, typer.Option("--delimiter", help="Between cells: , ; | or tab; default: found out.")]
HeadOption = Annotated[
    int | None, typer.Option("--head", min=0, help="Line with the names of the columns; 0: none, they are 1, 2, 3 …")
]
SheetOption = Annotated[str, typer.Option("--sheet", help="Of a workbook; default: the first that holds something.")]
RefusedOption = Annotated[
    Path | None, typer.Option("--refused", help="Write all that is refused into this CSV: file, line, value, reason.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Read and judge everything, send nothing.")]
TimesOption = Annotated[
    list[str] | None, typer.Option("--time-format", help="As %d/%m/%Y %H:%M; may be given several times.")
]


def add_to(app: typer.Typer) -> None:
    """Put the commands of this file into the command line."""
    app.command()(replay)
    app.add_typer(orders_app, name="orders")
    app.add_typer(feeds_app, name="feeds")
    app.add_typer(tallies_app, name="tallies")


def form_of(encoding: str, delimiter: str, head: int | None, sheet: str) -> "Form":
    """How a table is to be read; fails for what no table can be read by."""
    from ingest.tabular import Form
    from ingest.tabular.encoding import known_encoding

    mark = DELIMITERS.get(delimiter.lower(), delimiter)
    if len(mark) > 1 or mark in ("\n", "\r", '"'):
        raise fail(f"--delimiter {delimiter}: one character, or tab")
    try:
        return Form(encoding=known_encoding(encoding) if encoding else "", delimiter=mark, head_line=head, sheet=sheet)
    except ValueError as wrong:
        raise fail(f"--encoding: {wrong}") from wrong


def zone_of(name: str, city: City | None) -> ZoneInfo:
    """The told zone, else the city's."""
    if not name:
        return city.zone if city is not None else ZoneInfo(ZONE_WITHOUT_CITY)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as wrong:
        raise fail(f"--zone {name}: no such time zone; Asia/Shanghai, Asia/Urumqi or UTC, for example") from wrong


def city_here(settings: Settings, told: Path | None, zone: str = "-") -> City | None:
    """The city of the settings; None, with a word on it, where there is none and none was asked for.

    A file may be sent to another machine's gateway.
    """
    if told is not None or (settings.city / "city.yaml").exists():
        return city_of(settings)
    if not zone:
        told = f"There is no city in {settings.city} (--city names one), so times without a zone are taken as of"
        err.print(f"{told} {ZONE_WITHOUT_CITY}: --zone names another", highlight=False, markup=False, soft_wrap=True)
    return None


def setting_up(data_dir: Path | None, city: Path | None) -> Settings:
    return settings_of(environment(data_dir=data_dir, city=city_beside(data_dir, city)))


def key_of(settings: Settings, key: str, dry_run: bool) -> str:
    return "" if dry_run else key_or_default(settings, key)


def replay(
    paths: Annotated[
        list[Path], typer.Argument(help="Files or folders: PLT, GPX, NMEA, CSV, XLSX, JSON by any name.", exists=True)
    ],
    speed: Annotated[str, typer.Option(help="How many times real time, or max.")] = "max",
    shift_to_now: Annotated[
        bool, typer.Option("--shift-to-now", help="Move all times so that playing begins now (max: ends now).")
    ] = False,
    worker: Annotated[str, typer.Option("--worker", help="Column with the worker; default: found by its name.")] = "",
    worker_is: Annotated[str, typer.Option("--worker-is", help="The worker of all fixes, whatever the files say.")] = "",
    time: Annotated[str, typer.Option("--time", help="Column with the time.")] = "",
    date: Annotated[str, typer.Option("--date", help="Column with the day, if the time has none.")] = "",
    lon: Annotated[str, typer.Option("--lon", help="Column with the longitude.")] = "",
    lat: Annotated[str, typer.Option("--lat", help="Column with the latitude.")] = "",
    speed_column: Annotated[str, typer.Option("--speed-column", help="Column with the speed.")] = "",
    speed_unit: Annotated[str, typer.Option("--speed-unit", help="Where the column does not say it: mps, kmh, kn.")] = "",
    heading: Annotated[str, typer.Option("--heading", help="Column with the direction in degrees.")] = "",
    altitude: Annotated[str, typer.Option("--altitude", help="Column with the altitude in metres.")] = "",
    accuracy: Annotated[str, typer.Option("--accuracy", help="Column with the accuracy in metres.")] = "",
    battery: Annotated[str, typer.Option("--battery", help="Column with the battery in per cent.")] = "",
    mapping: Annotated[Path | None, typer.Option("--mapping", help="YAML that says the same.", exists=True)] = None,
    time_format: TimesOption = None,
    zone: ZoneOption = "",
    encoding: EncodingOption = "",
    delimiter: DelimiterOption = "",
    head: HeadOption = None,
    sheet: SheetOption = "",
    refused: RefusedOption = None,
    dry_run: DryRunOption = False,
    gateway: UrlOption = "",
    key: KeyOption = "",
    data_dir: DataOption = None,
    city: CityOption = None,
) -> None:
    """Send recorded tracks through the gateway, and wait until each is on disk.

    Ends with 0 when all was taken, 1 when something was refused, 2 when nothing was taken.
    """
    from ingest import replay as replaying
    from ingest.columns import SPEED_UNITS
    from ingest.files import Reading
    from ingest.files.table import WHATS

    settings = setting_up(data_dir, city)
    told = columns_of(mapping, WHATS)
    given = {
        "worker": worker, "time": time, "date": date, "lon": lon, "lat": lat, "speed": speed_column, "heading": heading,
        "altitude": altitude, "accuracy": accuracy, "battery": battery,
    }  # fmt: skip
    if speed_unit and speed_unit not in SPEED_UNITS:
        raise fail(f"--speed-unit {speed_unit}: one of {', '.join(SPEED_UNITS)}")
    try:
        pace = replaying.parse_speed(speed)
    except ValueError as wrong:
        raise fail(f"--{wrong} (--speed-column names a column)") from wrong
    of = city_here(settings, city, zone or told.zone)
    reading = Reading(
        worker=worker_is,
        zone=zone_of(zone or told.zone, of),
        speed_unit=speed_unit or told.speed_unit,
        columns=told.columns | {what: name for what, name in given.items() if name},
        time_forms=(*(time_format or ()), *told.times),
        form=form_of(encoding, delimiter, head, sheet),
    )
    raise typer.Exit(
        replaying.command(
            paths, gateway_url(settings, gateway), key_of(settings, key, dry_run),
            replaying.Replay(speed=pace, shift_to_now=shift_to_now, reading=reading), city=of, refused=refused, dry_run=dry_run,
        )
    )  # fmt: skip


def columns_of(mapping: Path | None, known: tuple[str, ...]) -> "Columns":
    """The mapping of a table of tracks or feeds; fails with all its faults."""
    from ingest.columns import Columns, load_columns
    from ingest.mapping import MappingErrors

    try:
        return load_columns(mapping, known) if mapping is not None else Columns()
    except MappingErrors as wrong:
        raise fail("\n".join(wrong.faults)) from wrong


@orders_app.command("import")
def orders_import(
    file: FileArgument,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="YAML: which column is what; `orders mapping` proposes it.", exists=True)
    ] = None,
    zone: ZoneOption = "",
    encoding: EncodingOption = "",
    delimiter: DelimiterOption = "",
    head: HeadOption = None,
    sheet: SheetOption = "",
    refused: RefusedOption = None,
    dry_run: DryRunOption = False,
    gateway: UrlOption = "",
    key: KeyOption = "",
    data_dir: DataOption = None,
    city: CityOption = None,
) -> None:
    """Send a table of work orders through the gateway; sending it again changes nothing.

    Ends with 0 when all was taken, 1 when something was refused, 2 when nothing was taken.
    """
    import shlex

    from ingest import tables

    if mapping is None:
        name = shlex.quote(str(file))
        raise fail(f"Which column is what? Have a mapping proposed, look it over, and name it with --mapping:\n"
                   f"  app.py orders mapping {name} --out mapping.yaml\n"
                   f"  app.py orders import {name} --mapping mapping.yaml --dry-run")  # fmt: skip
    settings = setting_up(data_dir, city)
    of = city_here(settings, city)
    if zone:
        zone_of(zone, of)
    raise typer.Exit(
        tables.command(
            file, mapping, gateway_url(settings, gateway), key_of(settings, key, dry_run), zone=zone,
            city_zone=zone_of("", of).key, form=form_of(encoding, delimiter, head, sheet), city=of, refused=refused,
            dry_run=dry_run,
        )
    )  # fmt: skip


@orders_app.command("mapping")
def orders_mapping(
    file: FileArgument,
    out_file: Annotated[Path | None, typer.Option("--out", help="File to write; default: the terminal.")] = None,
    zone: ZoneOption = "",
    encoding: EncodingOption = "",
    delimiter: DelimiterOption = "",
    head: HeadOption = None,
    sheet: SheetOption = "",
    data_dir: DataOption = None,
    city: CityOption = None,
) -> None:
    """Look at a table of work orders and propose a mapping for `orders import`, to be looked over by somebody who knows it."""
    from ingest.proposal import propose
    from ingest.tabular import TableError

    of = city_here(setting_up(data_dir, city), city, zone)
    try:
        found = propose(file, zone_of(zone, of).key, form_of(encoding, delimiter, head, sheet))
        if out_file is not None:
            with out_file.open("x", encoding="utf-8") as written:
                written.write(found.text)
    except FileExistsError as wrong:
        raise fail(f"{out_file} is there already: name another file with --out") from wrong
    except (TableError, OSError) as wrong:
        raise fail(str(wrong)) from wrong
    if out_file is None:
        out.print(found.text, end="", highlight=False, markup=False, soft_wrap=True)
    for note in found.notes:
        err.print(note, highlight=False, markup=False)
    err.print(f"{found.told:,} of the first {found.rows:,} rows tell something by it", highlight=False)
    if found.lacks:
        err.print(f"not found: {', '.join(found.lacks)}; add what the comments ask for", style="yellow", highlight=False)
        raise typer.Exit(1)


@feeds_app.command("import")
def feeds_import(
    file: FileArgument,
    feed: Annotated[str, typer.Option("--feed", help="Column with the number of the feed; default: found by its name.")] = "",
    status: Annotated[str, typer.Option("--status", help="Column with its state.")] = "",
    all_are: Annotated[str, typer.Option("--all", help="State of every feed where no column says it: online, offline …")] = "",
    name: Annotated[str, typer.Option("--name", help="Column with its name.")] = "",
    lon: Annotated[str, typer.Option("--lon", help="Column with the longitude.")] = "",
    lat: Annotated[str, typer.Option("--lat", help="Column with the latitude.")] = "",
    region: Annotated[str, typer.Option("--region", help="Column with code or name of its region.")] = "",
    owner: Annotated[str, typer.Option("--owner", help="Column with its owner.")] = "",
    mapping: Annotated[Path | None, typer.Option("--mapping", help="YAML that says the same, and more.", exists=True)] = None,
    time_format: TimesOption = None,
    zone: ZoneOption = "",
    encoding: EncodingOption = "",
    delimiter: DelimiterOption = "",
    head: HeadOption = None,
    sheet: SheetOption = "",
    refused: RefusedOption = None,
    dry_run: DryRunOption = False,
    gateway: UrlOption = "",
    key: KeyOption = "",
    data_dir: DataOption = None,
    city: CityOption = None,
) -> None:
    """Send an inventory of video feeds through the gateway; credentials in addresses are cut off before anything is sent.

    Ends with 0 when all was taken, 1 when something was refused, 2 when nothing was taken.
    """
    import msgspec

    from ingest import feedtable

    settings = setting_up(data_dir, city)
    told = columns_of(mapping, feedtable.WHATS)
    given = {"feed": feed, "status": status, "name": name, "lon": lon, "lat": lat, "region": region, "owner": owner}
    columns = told.columns | {what: column for what, column in given.items() if column}
    of = city_here(settings, city)
    raise typer.Exit(
        feedtable.command(
            file, gateway_url(settings, gateway), key_of(settings, key, dry_run),
            columns=msgspec.structs.replace(told, columns=columns, times=(*(time_format or ()), *told.times)),
            zone=zone_of(zone or told.zone, of), status=all_are, form=form_of(encoding, delimiter, head, sheet), city=of,
            refused=refused, dry_run=dry_run,
        )
    )  # fmt: skip


@tallies_app.command("import")
def tallies_import(
    file: FileArgument,
    encoding: EncodingOption = "",
    delimiter: DelimiterOption = "",
    head: HeadOption = None,
    sheet: SheetOption = "",
    refused: RefusedOption = None,
    dry_run: DryRunOption = False,
    gateway: UrlOption = "",
    key: KeyOption = "",
    data_dir: DataOption = None,
    city: CityOption = None,
) -> None:
    """Send a table of day numbers (day, key, value; or day and a column for each key); a corrected one corrects them.

    Ends with 0 when all was taken, 1 when something was refused, 2 when nothing was taken.
    """
    from ingest import tallytable

    settings = setting_up(data_dir, city)
    raise typer.Exit(
        tallytable.command(
            file, gateway_url(settings, gateway), key_of(settings, key, dry_run),
            form=form_of(encoding, delimiter, head, sheet), city=city_here(settings, city), refused=refused, dry_run=dry_run,
        )
    )  # fmt: skip
