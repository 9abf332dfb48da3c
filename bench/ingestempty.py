"""The gateway's own HTTP server around a handler that does nothing: what a request costs before anybody reads it.

python -m bench.ingestempty PORT
"""

import sys
from typing import Any

import uvicorn
import uvloop

from ingest.gateway.serve import http_config


async def empty(_scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """200, without having read anything."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    uvloop.run(uvicorn.Server(http_config(empty, "127.0.0.1", int(sys.argv[1]))).serve())
