"""The web process with a stopwatch: it notes when the hall has taken in a row of a probe. `python -m bench.wall.web FILE`"""

import os
import sys
from pathlib import Path
from typing import Any

from bench.wall.probes import PREFIX
from config import clock
from config.settings import load_settings
from dashboard import serve
from dashboard.hall import Hall
from store import embedded


def main() -> None:
    """Serve as `app.py web` does; a line `WORKER FIXED_AT_MS AT_MS` for each row of a probe."""
    settings = load_settings({name: text for name, text in os.environ.items() if name.startswith("GRIDHALL_")})
    file = Path(sys.argv[1])
    taken_in = Hall._write

    def timed(hall: Hall, name: str, rows: list[Any], received_at_ms: int) -> None:
        taken_in(hall, name, rows, received_at_ms)
        now_ms = clock.now_s() * 1000
        probes = [row for row in rows if name == "worker" and row.worker.startswith(PREFIX)]
        if probes:
            with file.open("a", encoding="ascii") as told:
                told.writelines(f"{row.worker} {row.fixed_at_ms} {now_ms:.1f}\n" for row in probes)

    Hall._write = timed  # type: ignore[method-assign]
    serve.main(settings, settings.redis_url or embedded.url(settings.data_dir))


if __name__ == "__main__":
    main()
