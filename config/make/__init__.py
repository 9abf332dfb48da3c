"""Makes city folders: 桂城 (the demo), 佛山 and 海淀 (the sizes that the project measures itself on)."""

from pathlib import Path
from typing import Final

KINDS: Final = ("guicheng", "foshan", "haidian")


def make_city(kind: str, out_dir: Path | str, seed: int = 1) -> Path:
    """Writes the folder of a city and returns it. The same seed writes the same bytes.

    ValueError for a kind that is none of `KINDS`; `config.make.sources.SourceMissing` if a package is not installed.
    """
    folder = Path(out_dir)
    if kind == "guicheng":
        from config.make.guicheng import make_guicheng

        make_guicheng(folder, seed)
    elif kind in KINDS:
        from config.make.districts import make_districts

        make_districts(kind, folder, seed)
    else:
        raise ValueError(f"{kind!r} is no city that can be made: {', '.join(KINDS)} are")
    return folder
