"""No number of a published workbook is without a proof: it adds up 1s of a list, or its column says what else it is.

That the sums are right, sheet by sheet, stands in test_bulletin_files.py.
"""

import io
from typing import Any

import openpyxl

from config.city import City
from config.settings import Settings
from config.words import words
from dashboard.bulletins.book import FIRST, HEAD
from domain.indicators import DEFINITIONS
from store.store import Store
from tests.dashboard.bulletin_city import Press, orders

W = words("zh")
COUNTS = ("in:", "stint:")
"""Beginnings of the columns of 1s."""

LISTS = (W["bulletins.sheet.orders"], W["bulletins.sheet.stints"])
NO_COUNTS = frozenset({
    "numerator", "denominator", "open", "value", "rank", "score", "base", "points", "weight", "n", "median", "p90", "mean",
    "left_out", "compliance", "yellow", "red", "unanswered", "appealed", "withdrawn", *DEFINITIONS,
})  # fmt: skip
"""Rates, scores, ranks, hours, weights and cards; and what the sheet of figures names the column of beside it."""


def rows_of(sheet: Any) -> list[list[tuple[str, Any]]]:
    """Rows below the heads as (name of the column, value); the name is what stands in grey below the head."""
    names = [cell.value or "" for cell in sheet[HEAD + 1]]
    return [list(zip(names, row, strict=True)) for row in sheet.iter_rows(min_row=FIRST, values_only=True)]


def test_every_number_of_a_workbook_has_its_proof(store: Store, city: City, settings: Settings) -> None:
    press = Press(city, store, settings)
    press.tell(*orders())
    made = press.publish()
    book = openpyxl.load_workbook(io.BytesIO(press.shelf.bytes_of(made.parts["xlsx.zh"])))
    proved = 0
    for sheet in book.worksheets:
        if sheet.title.startswith(LISTS):
            continue
        for row in rows_of(sheet):
            numbers = [name for name, value in row if isinstance(value, int | float)]
            loose = [name for name in numbers if not name.startswith(COUNTS) and name not in NO_COUNTS]
            assert not loose, (sheet.title, loose)
            proved += sum(name.startswith(COUNTS) for name in numbers)
    assert proved > 300
    for told in (dict(row) for row in rows_of(book[W["bulletins.sheet.figures"]])):
        definition = DEFINITIONS[told["key"]]
        parts = f"in:{definition.num}", definition.den and f"in:{definition.den}"
        assert (told["numerator_in"], told["denominator_in"]) == parts
        assert told["definition"] and told["tag"] == definition.tag
