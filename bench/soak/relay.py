"""A network between a browser and the server that can be lost: nothing comes through, nobody is told; then lines are cut."""

import asyncio
import contextlib
import threading
from typing import Final

CHUNK: Final = 65_536


class Relay:
    """Forwards TCP from `port` to the server's port, in a thread of its own."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._loop = asyncio.new_event_loop()
        self._whole = asyncio.Event()
        self._lines: set[asyncio.StreamWriter] = set()
        self.port = 0
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), name="relay", daemon=True)
        self._thread.start()
        started.wait()

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._whole.set()
        server = self._loop.run_until_complete(asyncio.start_server(self._line, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._whole.wait()
        try:
            on_reader, on_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:  # the server is being started again
            writer.transport.abort()
            return
        self._lines |= {writer, on_writer}
        with contextlib.suppress(OSError):
            await asyncio.gather(self._pump(reader, on_writer), self._pump(on_reader, writer))
        self._lines -= {writer, on_writer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(CHUNK):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()

    def lose(self) -> None:
        """From now on nothing comes through."""
        self._loop.call_soon_threadsafe(self._whole.clear)

    def mend(self) -> None:
        """The network is back, and the lines of before are dead, as they are after a loss of any length."""

        def cut() -> None:
            for writer in self._lines.copy():
                writer.transport.abort()
            self._whole.set()

        self._loop.call_soon_threadsafe(cut)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
