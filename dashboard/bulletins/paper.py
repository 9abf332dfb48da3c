"""A4 pages of a version: fonts, paragraphs, tables, and on every page what it is, as of when, in which zone, and its number."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, black
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, CondPageBreak, Flowable, Frame, PageTemplate, Paragraph, Table, TableStyle

from dashboard.bulletins.told import Told

FONTS: Final = Path(__file__).resolve().parents[2] / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
REGULAR: Final = "NotoSansSC-Regular"
BOLD: Final = "NotoSansSC-Bold"
_FILES: Final = {REGULAR: "400Regular/NotoSansSC_400Regular.ttf", BOLD: "700Bold/NotoSansSC_700Bold.ttf"}

MARGIN: Final = 16 * mm
WIDTH: Final = A4[0] - 2 * MARGIN
INK: Final = black
GREY: Final = Color(0.35, 0.35, 0.35)
RULE: Final = Color(0.6, 0.6, 0.6)
SHADE: Final = Color(0.93, 0.93, 0.93)
_CJK: Final = re.compile("[\u2e80-\u9fff\uf900-\ufaff]")


class FontsMissing(Exception):
    """The fonts of the pages are not installed."""


def load_fonts() -> None:
    """Make the fonts known, once per process. Raises FontsMissing."""
    for name, file in _FILES.items():
        if name in pdfmetrics.getRegisteredFontNames():
            continue
        if not (FONTS / file).exists():
            raise FontsMissing(f"{FONTS / file} is not there: run `make setup` (npm ci)")
        pdfmetrics.registerFont(TTFont(name, str(FONTS / file)))


def _style(name: str, size: float, font: str = REGULAR, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=size * 1.4, textColor=INK, **more)


STYLES: Final = {
    "city": _style("city", 12, alignment=TA_CENTER, spaceAfter=2 * mm),
    "title": _style("title", 20, BOLD, alignment=TA_CENTER, spaceAfter=2 * mm),
    "under": _style("under", 11, alignment=TA_CENTER, spaceAfter=4 * mm),
    "part": _style("part", 13, BOLD, spaceBefore=6 * mm, spaceAfter=2 * mm),
    "heading": _style("heading", 10, BOLD, spaceBefore=3 * mm, spaceAfter=1.5 * mm),
    "body": _style("body", 10, spaceAfter=2 * mm),
    "note": _style("note", 8, spaceAfter=2 * mm),
    "cell": _style("cell", 7.5),
    "bold": _style("bold", 7.5, BOLD),
    "bold right": _style("bold right", 7, BOLD, alignment=TA_RIGHT),
    "right": _style("right", 7.5, alignment=TA_RIGHT),
}


def text(told: Any, style: str = "body", cut: int = 400) -> Paragraph:
    """A paragraph of plain text; what is longer than `cut` ends in "…". Chinese may break between any two signs."""
    plain = str(told)
    plain = plain if len(plain) <= cut else plain[: cut - 1] + "…"
    of = STYLES[style]
    if _CJK.search(plain):
        of = ParagraphStyle(f"{of.name}-cjk", parent=of, wordWrap="CJK")
    return Paragraph(escape(plain).replace("\n", "<br/>"), of)


def heading(told: str, style: str) -> list[Flowable]:
    """A heading, on the next page if nothing of its part would stand below it."""
    return [CondPageBreak((60 if style == "part" else 40) * mm), text(told, style)]


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[float], left: int = 1) -> Table:
    """A table whose heads stand again on each page; `widths` are shares of the page, the first `left` columns are texts."""
    cells = [[text(head, "bold" if at < left else "bold right", 60) for at, head in enumerate(heads)]]
    cells += [[text(cell, "cell" if at < left else "right", 160) for at, cell in enumerate(row)] for row in rows]
    whole = sum(widths)
    made = Table(cells, [WIDTH * width / whole for width in widths], repeatRows=1)
    made.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("BACKGROUND", (0, 0), (-1, 0), SHADE),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.25, RULE),
                ("LINEABOVE", (0, 0), (-1, 0), 0.8, INK),
                ("TOPPADDING", (0, 0), (-1, -1), 1.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return made


class Rule(Flowable):
    """A heavy and a fine line across the page."""

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        return width, 2 * mm

    def draw(self) -> None:
        for width, y in ((1.6, 1.2 * mm), (0.4, 0.4 * mm)):
            self.canv.setLineWidth(width)
            self.canv.line(0, y, self.width, y)


def _numbered(told: Told) -> type[Canvas]:
    """A canvas that writes head and foot of each page once it knows how many there are."""

    class Numbered(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                _head_and_foot(self, told, number, len(self._pages))
                super().showPage()
            super().save()

    return Numbered


def _head_and_foot(canvas: Any, told: Told, page: int, pages: int) -> None:
    w, as_of = told.w, told.at(told.content["as_of_ms"])
    canvas.setFont(REGULAR, 7.5)
    canvas.setFillColor(GREY)
    top, bottom = A4[1] - 10 * mm, 9 * mm
    canvas.drawString(MARGIN, top, f"{told.headline} · {told.period}")
    canvas.drawRightString(A4[0] - MARGIN, top, told.version)
    canvas.drawString(MARGIN, bottom, w["bulletins.footer"].format(as_of=as_of, zone=told.zone_text, version=told.version))
    canvas.drawRightString(A4[0] - MARGIN, bottom, w["bulletins.page"].format(page=page, pages=pages))
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.4)
    for y in (top - 2 * mm, bottom + 4 * mm):
        canvas.line(MARGIN, y, A4[0] - MARGIN, y)


def printed(told: Told, parts: list[Flowable]) -> bytes:
    """The pages as PDF."""
    out = io.BytesIO()
    page = BaseDocTemplate(
        out, pagesize=A4, title=f"{told.headline} {told.period} {told.version}", subject=told.line, creator="gridhall",
        author=told.name(told.content["city"]["title"]), lang="en" if told.lang == "en" else "zh-CN",
    )  # fmt: skip
    frame = Frame(MARGIN, 16 * mm, WIDTH, A4[1] - 32 * mm, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
    page.addPageTemplates(PageTemplate("page", [frame]))
    page.build(parts, canvasmaker=_numbered(told))
    return out.getvalue()
