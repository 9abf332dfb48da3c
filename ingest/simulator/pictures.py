"""Photos that say of themselves that they are none: a flat coloured street scene with the words 模拟照片 over it.

The same name draws the same picture, byte for byte. The four characters are drawn from strokes, because no font that has them
is on every machine.
"""

import io
import random
from datetime import datetime
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from ingest.simulator.chance import rng_of

WIDTH, HEIGHT = 640, 480
QUALITY: Final = 72
Stroke = tuple[tuple[float, float], ...]
Colour = tuple[int, int, int]

STROKES: Final[tuple[tuple[Stroke, ...], ...]] = (
    (  # 模
        ((0, 7), (8, 7)), ((4, 1), (4, 23)), ((4, 9), (0, 16)), ((4, 9), (8, 14)), ((10, 4), (23, 4)), ((14, 1), (14, 7)),
        ((19, 1), (19, 7)), ((12, 9), (21, 9), (21, 16), (12, 16), (12, 9)), ((12, 12.5), (21, 12.5)), ((9, 19), (24, 19)),
        ((16.5, 16), (16, 19), (10, 24)), ((17, 19), (24, 24)),
    ),
    (  # 拟
        ((0, 6), (8, 6)), ((4.5, 1), (4.5, 22), (1.5, 20)), ((0, 15), (8, 11)), ((11, 4), (11, 18), (15, 15)),
        ((13.5, 5), (16, 9)), ((21, 3), (20, 12), (14, 23)), ((20, 13), (24, 23)),
    ),
    (  # 照
        ((2, 2), (9, 2), (9, 14), (2, 14), (2, 2)), ((2, 8), (9, 8)), ((12, 2.5), (22, 2.5), (21, 8.5), (18.5, 8)),
        ((16.5, 2.5), (15.5, 6), (12, 9)), ((13, 10.5), (22, 10.5), (22, 15.5), (13, 15.5), (13, 10.5)), ((3.5, 18.5), (1, 23)),
        ((9, 18.5), (10, 23)), ((15, 18.5), (16.5, 23)), ((21, 18.5), (24, 23)),
    ),
    (  # 片
        ((7, 2), (7, 13), (3, 23)), ((7, 8), (23, 8)), ((15, 1), (15, 8)), ((7, 14), (18, 14), (18, 23)),
    ),
)  # fmt: skip
"""On a sheet of 24 by 24."""

SKIES: Final[tuple[Colour, ...]] = ((186, 208, 224), (205, 213, 218), (222, 210, 190), (170, 190, 214))
WALLS: Final[tuple[Colour, ...]] = ((196, 180, 160), (160, 168, 176), (210, 200, 188), (176, 150, 132), (150, 160, 150))
HEAPS: Final[tuple[Colour, ...]] = ((92, 84, 70), (120, 98, 62), (70, 92, 74), (134, 120, 110), (96, 70, 66))
GROUND: Final[Colour] = (128, 130, 132)
KERB: Final[Colour] = (178, 176, 170)
LEAVES: Final[Colour] = (104, 134, 92)
BAND: Final[Colour] = (24, 28, 34)
INK: Final[Colour] = (255, 255, 255)


def draw(name: str, at: datetime, *, mended: bool = False) -> bytes:
    """A JPEG of 640 by 480. `mended`: the same place after the work, without what was wrong there."""
    image = Image.new("RGB", (WIDTH, HEIGHT))
    pen, chance = ImageDraw.Draw(image), rng_of("picture", name)
    _street(pen, chance)
    if not mended:
        _heap(pen, chance)
    _label(pen, "AFTER" if mended else "BEFORE", at)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _street(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    horizon = chance.randrange(215, 265)
    pen.rectangle((0, 0, WIDTH, horizon), fill=chance.choice(SKIES))
    x = -chance.randrange(60)
    while x < WIDTH:
        width, top = chance.randrange(70, 150), horizon - chance.randrange(60, 190)
        _house(pen, chance, (x, top, x + width, horizon))
        x += width + chance.randrange(4, 30)
    pen.rectangle((0, horizon, WIDTH, horizon + 34), fill=KERB)
    pen.rectangle((0, horizon + 34, WIDTH, HEIGHT), fill=GROUND)
    for k in range(6):
        pen.rectangle((k * 120 + 20, horizon + 120, k * 120 + 80, horizon + 126), fill=KERB)
    for _ in range(chance.randrange(1, 4)):
        at, high = chance.randrange(30, WIDTH - 30), chance.randrange(40, 80)
        pen.rectangle((at - 3, horizon - high // 2, at + 3, horizon + 10), fill=(110, 92, 74))
        pen.ellipse((at - 34, horizon - high - 30, at + 34, horizon - high + 40), fill=LEAVES)


def _house(pen: ImageDraw.ImageDraw, chance: random.Random, box: tuple[int, int, int, int]) -> None:
    wall = chance.choice(WALLS)
    pen.rectangle(box, fill=wall)
    pane = tuple(max(level - 60, 0) for level in wall)
    for y in range(box[1] + 14, box[3] - 22, 30):
        for x in range(box[0] + 12, box[2] - 20, 28):
            pen.rectangle((x, y, x + 14, y + 16), fill=pane)


def _heap(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    x, y, reach = chance.randrange(170, 470), chance.randrange(330, 390), chance.randrange(50, 100)
    for _ in range(26):
        at_x, at_y, size = x + chance.gauss(0, reach / 2), y + chance.gauss(0, 14), chance.uniform(8, 26)
        corners = [(at_x + chance.uniform(-size, size), at_y + chance.uniform(-size, size) * 0.7) for _ in range(5)]
        pen.polygon(corners, fill=chance.choice(HEAPS))
    pen.ellipse((x - reach * 1.6, y - 60, x + reach * 1.6, y + 44), outline=(206, 60, 40), width=4)


def _label(pen: ImageDraw.ImageDraw, word: str, at: datetime) -> None:
    pen.rectangle((0, HEIGHT - 62, WIDTH, HEIGHT), fill=BAND)
    for n, strokes in enumerate(STROKES):
        for stroke in strokes:
            pen.line([(16 + n * 46 + x * 1.6, HEIGHT - 50 + y * 1.6) for x, y in stroke], fill=INK, width=3, joint="curve")
    font = ImageFont.load_default(20)
    pen.text((220, HEIGHT - 44), f"SIMULATED {word}  {at:%Y-%m-%d %H:%M}", fill=INK, font=font)
