"""`/desk`: where a sub-center works on its orders. Left the queue, in the middle one order, right what is around it.

Everything moves here without Dash: the queue is fed by the live table, the rest is drawn by assets/js/panels/desk*.js and
order_*.js. The address holds the whole state.
"""

import functools
from typing import Any, Final

import dash_ag_grid as dag
from dash import html

from config.city_model import City
from config.settings import Settings
from domain.actions import ADVANCE, ANSWERS, OPEN, RESULTS, SATISFACTION
from domain.workflow import Workflow
from layouts import ids
from layouts.page_config import json_text
from layouts.parts import Words, city_map, status_bar, top_bar

Json = dict[str, Any]

# field, width, whether it is always there, and what else the grid is told of the column
COLUMNS: Final[tuple[tuple[str, int, bool, Json], ...]] = (
    ("rank", 34, True, {"cellRenderer": "DeskLight", "initialSort": "asc", "headerName": "", "resizable": False}),
    ("title", 122, True, {"cellRenderer": "DeskTitle", "flex": 4, "minWidth": 94}),
    ("place", 150, True, {"flex": 5, "minWidth": 66, "tooltipField": "place"}),
    ("at", 68, True, {"tooltipField": "at"}),
    ("unit", 124, True, {"cellRenderer": "DeskUnit", "flex": 4, "minWidth": 76}),
    ("source", 96, False, {}),
    ("holder", 110, False, {}),
    ("age_ms", 86, False, {"cellRenderer": "DeskAge"}),
    ("id", 176, False, {}),
    ("used", 84, True, {"cellRenderer": "DeskLimit", "sortable": False, "flex": 2, "minWidth": 56, "maxWidth": 96}),
    ("due_ms", 116, True, {"cellRenderer": "DeskLeft", "cellClass": "num", "headerClass": "num"}),
)
WIDER_IN_ENGLISH: Final = {"at": 92, "due_ms": 138, "age_ms": 104}
HAND_CHANNELS: Final = (
    "12345", "12319热线", "群众来访", "领导交办", "媒体曝光", "部门转办", "信访", "上级平台流转", "微信公众号", "小程序",
    "邮件", "视频巡查", "监督员巡查",
)  # fmt: skip
"""Ways by which a report comes that somebody at the desk enters by hand (domain.md B8)."""


def build(city: City, settings: Settings, lang: str, words: Words) -> html.Div:
    """The desk. What it shows comes over the live link and the API."""
    return html.Div(
        [
            top_bar(city, words, lang, "desk"),
            html.Main(
                [
                    html.Section(
                        _queue(words, lang),
                        className="desk-queue",
                        **{"data-panel": "deskqueue", "aria-label": words["desk.queue"]},
                    ),
                    html.Section(className="desk-order", **{"data-panel": "deskorder", "aria-label": words["desk.order"]}),
                    html.Section(
                        [
                            html.Div(className="desk-head", **{"data-around": "head"}),
                            city_map(ids.DESK_MAP, city, settings, words),
                            html.Div(className="desk-near", **{"data-around": "body"}),
                        ],
                        className="desk-around",
                        **{"data-panel": "deskaround", "aria-label": words["around"]},
                    ),
                ],
                className="desk-main",
            ),
            status_bar(words, lang, "/desk"),
            html.Script(json_text(data_of(city, lang)), id=ids.DESK_DATA, type="application/json"),
        ],
        id=ids.DESK,
        className="desk desk-page",
        **{"data-tables": "worker,order,feed", "data-page": "desk"},
    )


def data_of(city: City, lang: str) -> Json:
    """What the scripts must know of the city's way to work: whose turn it is in a state, tree of matters, choices.

    `titles`: what an order is called that its source called by a matter's name, in another language than that.
    """
    return {
        "turns": _turns(city),
        "parents": {matter.key: matter.parent for matter in city.matters.values() if matter.parent},
        "titles": {m.name: m.name_en for m in city.matters.values() if m.name_en} if lang == "en" else {},
        "results": {action: list(results) for action, results in RESULTS.items()},
        "satisfaction": list(SATISFACTION),
        "answers": {name: list(values) for name, values in ANSWERS.items()},
        "channels": list(HAND_CHANNELS),
    }


@functools.lru_cache(maxsize=128)
def _turns(city: City) -> dict[str, list[str]]:
    """By state, the roles that may do a step by which an order gets on."""
    flow, steps = Workflow(city.workflow), ADVANCE | _JUDGING
    return {
        state: sorted({role for step in steps for row in flow.rows(state, step) for role in row.who} - {"rule"})
        for state in OPEN
    }


_JUDGING: Final = frozenset({"verify", "check", "end_deliberation", "rework"})
"""Actions besides those of the main line by which an order gets on: whoever may do one of them is whose turn it is."""


def _queue(words: Words, lang: str) -> list[Any]:
    return [
        html.Div(className="desk-head", **{"data-queue": "head"}),
        html.Div(className="desk-filters", **{"data-queue": "filters"}),
        dag.AgGrid(
            id=ids.DESK_GRID,
            rowModelType="clientSide",
            columnDefs=[_column(words, lang, *column) for column in COLUMNS],
            rowData=[],
            defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True, "sortingOrder": ["asc", "desc", None]},
            dashGridOptions={
                "rowHeight": 36,
                "headerHeight": 32,
                "rowBuffer": 60,  # what is new stands in the page wherever it is sorted
                "animateRows": False,
                "localeText": {"noRowsToShow": words["desk.empty"]},
                "tooltipShowDelay": 500,
                "suppressColumnVirtualisation": True,
                "suppressScrollOnNewData": True,
            },
            className="ag-theme-gridhall",
            style={"height": "100%", "width": "100%"},
            getRowId="params.data.id",
        ),
        html.Div(className="desk-foot", **{"data-queue": "foot"}),
    ]


def _column(words: Words, lang: str, field: str, width: int, always: bool, more: Json) -> Json:
    width = WIDER_IN_ENGLISH.get(field, width) if lang == "en" else width
    named = {"headerName": words[f"desk.column.{field}"], "headerTooltip": words[f"desk.column.{field}"]}
    return {"field": field, "colId": field, "width": width, "hide": not always, **named, **more}
