"""What can go wrong with the store, by cause."""


class StoreError(Exception):
    """Root of all."""


class StoreUnavailable(StoreError):
    """The server does not answer, or refuses to write: the fact is not on disk and nobody may acknowledge it."""


class StoreBusy(StoreUnavailable):
    """Too many facts are waiting already, or the answer took too long. Try again later."""


class StoreUnfit(StoreError):
    """The server cannot promise that what it acknowledged is on disk, or belongs to another layout."""


class FilesUnavailable(StoreError):
    """The folder or bucket of the files fails: what was to be written does not stand there, what was asked for is not got."""


class FilesFull(FilesUnavailable):
    """There is no room for another file."""


class LeaseLost(StoreError):
    """Another owner holds the partition now; what was to be committed was not."""


class Trimmed(StoreError):
    """The change log no longer reaches back to where the reader stands: take a new snapshot of `partition`."""

    def __init__(self, partition: int) -> None:
        super().__init__(f"changes of partition {partition} are gone")
        self.partition = partition
