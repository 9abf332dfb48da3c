"""Ids of everything that a callback or a script finds by name. A word here, nowhere else."""

from typing import Final

URL: Final = "url"
PAGE: Final = "page"
PAGE_KEY: Final = "page-key"
CONFIG: Final = "gridhall-config"
ME: Final = "gridhall-me"
SELECTION: Final = "selection"  # {"kind": "worker"|"order"|"feed"|"region", "id": …} set by scripts

WALL: Final = "wall"
SITUATION: Final = "situation"
COLUMNS: Final = "columns"
POOL: Final = "pool"
SCENES: Final = "gridhall-scenes"
COUNTERS: Final = "counters"
TICKER: Final = "ticker"
MAP: Final = "map"
MAP_NOTE: Final = "map-note"
COVER_MAP: Final = "cover-map"
DRAWER: Final = "drawer"
DRAWER_TRACK: Final = "drawer-track"

SEARCH: Final = "search"
SEARCH_ASKED: Final = "search-asked"  # what has been typed, set by a script
SEARCH_RESULTS: Final = "search-results"

DOSSIER: Final = "dossier"
DOSSIER_DATA: Final = "dossier-data"
DOSSIER_MAP: Final = "dossier-map"
DOSSIER_TIME: Final = "dossier-time"
DOSSIER_DAY: Final = "dossier-day"

ORDER: Final = "order"
ORDER_DATA: Final = "order-data"
ORDER_MAP: Final = "order-map"

DESK: Final = "desk"
DESK_GRID: Final = "desk-grid"
DESK_MAP: Final = "desk-map"
DESK_DATA: Final = "desk-data"
DESK_SEARCH: Final = "desk-search"

STATISTICS: Final = "statistics"

REVIEW: Final = "review"
REVIEW_PATH: Final = "review-path"
REVIEW_CONTROLS: Final = "review-controls"
REVIEW_FIGURES: Final = "review-figures"
REVIEW_SIDE: Final = "review-side"
REVIEW_TABLE: Final = "review-table"
REVIEW_MAP: Final = "review-map"
REVIEW_TREND: Final = "review-trend"
REVIEW_TREND_TITLE: Final = "review-trend-title"
REVIEW_TREND_COLUMNS: Final = "review-trend-columns"
REVIEW_HEAT: Final = "review-heat"
REVIEW_WORKERS: Final = "review-workers"
REVIEW_GRIDS: Final = "review-grids"
REVIEW_FOOT: Final = "review-foot"
REVIEW_TICK: Final = "review-tick"
REVIEW_DATA: Final = "review-data"  # id of a part → its HTML

ORDERS: Final = "orders"
ORDERS_GRID: Final = "orders-grid"
ORDERS_TOTAL: Final = "orders-total"
ORDERS_FILTERS: Final = "orders-filters"
