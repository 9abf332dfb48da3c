"""Tables as people have them: CSV of any delimiter and encoding, XLSX, JSON, NDJSON; each also packed by gzip.

`open_table` gives the head and then the rows one by one, with their lines; memory does not grow with the file, but for a JSON
list, which is held whole.
"""

from pathlib import Path

from ingest.tabular.base import Fault, Fits, Form, Reject, Row, Table, TableError, fullest
from ingest.tabular.content import kind_of
from ingest.tabular.delimited import open_delimited
from ingest.tabular.objects import open_objects
from ingest.tabular.sheet import open_sheet


def open_table(path: Path, form: Form = Form(), fits: Fits = fullest) -> Table:
    """The table of a file, by its content. Raises TableError with what is wrong and what to do."""
    try:
        if not path.stat().st_size:
            raise TableError(f"{path}: the file is empty")
        kind = kind_of(path)
        if kind == "xlsx":
            return open_sheet(path, form, fits)
        if kind == "json" or (not kind and path.name.lower().removesuffix(".gz").endswith((".json", ".ndjson", ".jsonl"))):
            return open_objects(path, form)
        return open_delimited(path, form, fits)
    except OSError as wrong:
        raise TableError(f"{path}: {wrong.strerror or wrong}") from wrong


__all__ = ["Fault", "Fits", "Form", "Reject", "Row", "Table", "TableError", "fullest", "open_table"]
