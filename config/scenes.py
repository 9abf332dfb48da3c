"""What walls show: scenes, named compositions of panels around a map: `scenes.yaml` of this folder, the city's own over it."""

import functools
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from config.city_files import Faults, read_yaml
from config.panels import ALWAYS, MAP, PANELS, STEPS

FILE: Final = "scenes.yaml"
HERE: Final = Path(__file__).resolve().parent
_HOLDS: Final = "turn, turn_s, pause_s, emergency, scenes"
_SINGLE: Final = ("turn", "turn_s", "pause_s", "emergency")
_WIDEST: Final = 6.0

Seconds = Annotated[int, msgspec.Meta(ge=10, le=86_400)]
Switch = Literal["on", "off"]


class MapView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the map of a scene shows; `colour`: key of the rate whose values colour the regions, "": none."""

    workers: Switch = "on"
    grids: Switch = "on"
    orders: Literal["points", "heat", "near", "off"] = "points"
    feeds: Literal["near", "on", "off"] = "near"
    colour: str = ""


class Column(msgspec.Struct, frozen=True):
    """Panels from top to bottom, and how many times as wide as the step's usual column; of the map alone: (MAP,)."""

    panels: tuple[str, ...]
    width: float = 1.0


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """`columns` by layout step, every step of STEPS."""

    key: str
    name: str
    name_en: str
    window: Literal["info", "video"] = "info"
    counters: bool = True
    map: MapView = MapView()
    columns: dict[str, tuple[Column, ...]]

    @property
    def panels(self) -> tuple[str, ...]:
        """Every panel of any step, each once."""
        named = (name for step in self.columns.values() for column in step for name in column.panels)
        return tuple(name for name in dict.fromkeys(named) if name != MAP)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the figures that the scene needs, sorted; `alarm` is asked for with its order."""
        wanted = {part for name in self.panels for part in PANELS[name].parts} - {"alarm"}
        return tuple(sorted(wanted | set(ALWAYS) | ({f"colour:{self.map.colour}"} if self.map.colour else set())))


class Emergency(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For which orders walls jump to `scene`; `matters` with all below them, by the beginning of their keys' path."""

    scene: str = "emergency"
    matters: tuple[str, ...] = ()
    urgent: bool = True
    mass: bool = False
    longest_min: Annotated[int, msgspec.Meta(ge=1, le=10_080)] = 60


class Scenes(msgspec.Struct, frozen=True, kw_only=True):
    scenes: dict[str, Scene]
    turn: tuple[str, ...] = ()
    turn_s: int = 60
    pause_s: int = 90
    emergency: Emergency = Emergency()

    def of(self, named: Collection[str]) -> "Scenes":
        """Only these scenes, as a link may be bound to them; none named: all."""
        if not named:
            return self
        kept = {key: scene for key, scene in self.scenes.items() if key in named}
        turn = tuple(key for key in self.turn if key in kept) or tuple(kept)[:1]
        return msgspec.structs.replace(self, scenes=kept, turn=turn)


class _Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    name_en: Annotated[str, msgspec.Meta(max_length=40)] = ""
    window: Literal["info", "video"] = "info"
    counters: bool = True
    map: MapView = MapView()
    columns: dict[str, list[str]]


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    turn: tuple[str, ...] | None = None
    turn_s: Seconds | None = None
    pause_s: Seconds | None = None
    emergency: Emergency | None = None
    scenes: dict[str, dict[str, Any] | None] = {}


@functools.cache
def shipped() -> Scenes:
    """The scenes of this folder. ValueError, a defect, when they are no good."""
    faults = Faults()
    made = _over(None, HERE, faults, None)
    if faults.errors or made is None:
        raise ValueError("\n".join(faults.errors))
    return made


def read_scenes(folder: Path, matters: Collection[str], faults: Faults) -> Scenes:
    """The scenes of a city: its own scenes.yaml over the shipped ones. What is wrong goes to `faults`, all of it."""
    if not (folder / FILE).exists():
        return shipped()
    return _over(shipped(), folder, faults, matters) or shipped()


def _over(base: Scenes | None, folder: Path, faults: Faults, matters: Collection[str] | None) -> Scenes | None:
    told = read_yaml(folder / FILE, faults, _HOLDS)
    lines: dict[str, int] = told.pop("__lines__", {})
    try:
        file = msgspec.convert(told, _File, strict=True)
    except msgspec.ValidationError as error:
        faults.error(FILE, _line(lines, str(error)), str(error))
        return None
    wrong: list[tuple[str, str]] = []
    scenes = dict(base.scenes) if base else {}
    for key, one in file.scenes.items():
        scenes.pop(key, None)
        if one is not None and (made := _scene(key, one, wrong)) is not None:
            scenes[key] = made
    given = {name: value for name in _SINGLE if (value := getattr(file, name)) is not None}
    kept = {name: getattr(base, name) for name in _SINGLE} if base else {}
    made_of = Scenes(scenes=scenes, **{**kept, **given})
    wrong += _faults(made_of, matters)
    for where, what in wrong:
        faults.error(FILE, lines.get(where, 1), f"{where}: {what}")
    return None if wrong else made_of


def _line(lines: dict[str, int], error: str) -> int:
    """The line of the first-level key that a msgspec error speaks of (`… - at `$.turn_s``)."""
    _, _, path = error.partition("$.")
    return lines.get(path.split(".")[0].split("[")[0].strip("`"), 1)


def _faults(scenes: Scenes, matters: Collection[str] | None) -> list[tuple[str, str]]:
    known = ", ".join(scenes.scenes)
    wrong = [("turn", f"{key!r} is none of the scenes {known}") for key in scenes.turn if key not in scenes.scenes]
    if not scenes.scenes:
        wrong.append(("scenes", "there is none"))
    if scenes.emergency.scene not in scenes.scenes:
        wrong.append(("emergency", f"{scenes.emergency.scene!r} is none of the scenes {known}"))
    if matters is not None:
        lost = [key for key in scenes.emergency.matters if key not in matters]
        wrong += [("emergency", f"{key!r} is no matter of matters.csv") for key in lost]
    return wrong


def _scene(key: str, told: dict[str, Any], wrong: list[tuple[str, str]]) -> Scene | None:
    try:
        said = msgspec.convert(told, _Told, strict=True)
    except msgspec.ValidationError as error:
        wrong.append(("scenes", f"{key}: {error}"))
        return None
    faults = [*_step_faults(said.columns), *(fault for step in said.columns.items() for fault in _column_faults(*step))]
    wrong += [("scenes", f"{key}: {fault}") for fault in faults]
    if faults:
        return None
    names = {"name": said.name, "name_en": said.name_en or said.name}
    return Scene(key=key, **names, window=said.window, counters=said.counters, map=said.map, columns=_every_step(said.columns))


def _step_faults(columns: dict[str, list[str]]) -> list[str]:
    unknown = [f"columns: {step!r} is none of {', '.join(STEPS)}" for step in columns if step not in STEPS]
    return unknown + ([] if STEPS[0] in columns else [f"columns: {STEPS[0]} is missing, on which the larger steps build"])


def _column_faults(step: str, columns: list[str]) -> list[str]:
    names = [word.partition("*")[0] for column in columns for word in column.split()]
    faults = [f"{step}: there is no panel {name!r}" for name in dict.fromkeys(names) if name != MAP and name not in PANELS]
    faults += [f"{step}: {name!r} stands there twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    if MAP not in columns:
        faults.append(f"{step}: one column must be {MAP!r} alone")
    unfit = [column for column in columns if _width(column) is None]
    return faults + [f"{step}: {column!r} is empty, or its width is not between 0.5 and {_WIDEST:g}" for column in unfit]


def _width(column: str) -> float | None:
    """How wide a column is: what stands behind the star of one of its panels; None when that is no width."""
    widths = [word.partition("*")[2] for word in column.split() if "*" in word]
    if not column.split():
        return None
    try:
        width = float(widths[0]) if widths else 1.0
    except ValueError:
        return None
    return width if 0.5 <= width <= _WIDEST else None


def _every_step(columns: dict[str, list[str]]) -> dict[str, tuple[Column, ...]]:
    made: dict[str, tuple[Column, ...]] = {}
    for step in STEPS:
        told = columns.get(step)
        if told is None:
            made[step] = made[STEPS[STEPS.index(step) - 1]]
        else:
            made[step] = tuple(
                Column(tuple(word.partition("*")[0] for word in column.split()), _width(column) or 1.0) for column in told
            )
    return made
