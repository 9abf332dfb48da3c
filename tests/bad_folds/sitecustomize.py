"""On the path of a role that a test starts: the folds of workers whose names begin with "bad" raise, as a defect would."""

from typing import Any

from domain import presence

_fold_fix = presence.fold_fix


def fold_fix(worker: Any, *told: Any) -> Any:
    found = _fold_fix(worker, *told)
    if worker.worker.startswith("bad"):
        raise ZeroDivisionError("spoilt on purpose")
    return found


presence.fold_fix = fold_fix
