"""A workbook being written: sheets of rows under heads, each with version, as-of time and zone.

Each sheet has its title in row 1, the line with version, as-of time and zone in row 2, heads in row HEAD and, below them in
grey, the name by which a column is known: `in:closed` is the column of the orders whose 1s are counted, `by:region` the one
that says into which group an order falls. Texts are written as texts, so that none can be a formula.
"""

import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

import xlsxwriter

from dashboard.bulletins.told import Told

HEAD: Final = 4
FIRST: Final = HEAD + 2
"""Row numbers as a reader of the sheet counts them: heads, the line of names below them, and from FIRST on the rows."""

Column = tuple[str, str, str, float]
"""(head, name, form, width); form is one of `Book.forms`."""


class Book:
    """The workbook that is being written, row by row."""

    def __init__(self, told: Told, out: io.BytesIO) -> None:
        self.told = told
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.book = xlsxwriter.Workbook(out, options)
        self.book.set_properties({"title": f"{told.headline} {told.period}", "comments": told.line})
        font = {"font_name": "Noto Sans SC", "font_size": 10, "valign": "top"}
        add = self.book.add_format
        self.title = add({**font, "bold": True, "font_size": 14})
        self.note = add({**font, "font_color": "#555555"})
        self.head = add({**font, "bold": True, "text_wrap": True, "bottom": 1, "bg_color": "#E8ECEF"})
        self.known = add({**font, "font_size": 8, "font_color": "#777777", "bottom": 1})
        self.forms = {
            "text": add(font),
            "wrap": add({**font, "text_wrap": True}),
            "count": add({**font, "num_format": "#,##0"}),
            "rate": add({**font, "num_format": "0.0000"}),
            "hours": add({**font, "num_format": "#,##0.00"}),
            "time": add({**font, "num_format": "yyyy-mm-dd hh:mm:ss"}),
            "flag": add({**font, "num_format": "0", "align": "center"}),
            "bold": add({**font, "bold": True}),
        }

    def sheet(self, name: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> None:
        """A sheet of rows: texts, numbers, None for an empty cell."""
        page = self._page(name, [width for *_, width in columns])
        page.write_string(1, 0, self.told.line, self.note)
        for at, (head, *_) in enumerate(columns):
            page.write_string(HEAD - 1, at, head, self.head)
        for at, (_, known, *_) in enumerate(columns):
            page.write_string(HEAD, at, known, self.known)
        page.freeze_panes(FIRST - 1, min(2, len(columns) - 1))
        forms = [self.forms[form] for _, _, form, _ in columns]
        last = FIRST - 2
        for last, row in enumerate(rows, FIRST - 1):
            for at, value in enumerate(row):
                if isinstance(value, str):
                    page.write_string(last, at, value, forms[at])
                elif value is not None:
                    page.write_number(last, at, value, forms[at])
        if any(known for _, known, *_ in columns):
            page.autofilter(HEAD, 0, max(last, HEAD), len(columns) - 1)

    def _page(self, name: str, widths: Sequence[float]) -> Any:
        page = self.book.add_worksheet(sheet_name(name))
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.repeat_rows(HEAD - 1)
        told = _in_header(self.told.line)
        page.set_header(f"&L&A&R{told}")
        pages = self.told.w["bulletins.page"].format(page="&P", pages="&N")
        page.set_footer(f"&L{_in_header(self.told.zone_text)}&R{pages}")
        for at, width in enumerate(widths):
            page.set_column(at, at, width)
        page.write_string(0, 0, f"{self.told.headline} · {self.told.period} · {name}", self.title)
        return page

    def end(self) -> None:
        self.book.close()


def sheet_name(name: str) -> str:
    """A name that a sheet may have: at most 31 characters, and none of []:*?/\\."""
    return "".join("-" if sign in "[]:*?/\\" else sign for sign in name)[:31].strip("'") or "-"


def _in_header(text: str) -> str:
    return text.replace("&", "&&")[:120]
