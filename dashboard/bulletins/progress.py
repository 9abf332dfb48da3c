"""How far the process that makes the files of a version is, told by a file in its folder."""

from pathlib import Path
from typing import Final

from config.words import LANGS

FILES: Final = tuple(f"{form}.{lang}" for lang in LANGS for form in ("xlsx", "pdf"))
"""What it makes."""

_NAME: Final = "progress"


def tell(folder: Path, percent: int, step: str) -> None:
    """Say how far it is, in one piece."""
    new = folder / f"{_NAME}.new"
    new.write_text(f"{percent} {step}")
    new.replace(folder / _NAME)


def told(folder: Path) -> tuple[int, str]:
    """How far it is: per cent, and the step (bulletins.step.STEP of the words)."""
    try:
        percent, step = (folder / _NAME).read_text().split()
    except FileNotFoundError:
        return 2, "counting"
    return int(percent), step
