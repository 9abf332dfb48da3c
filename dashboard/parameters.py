"""What an address of the API may ask: a parameter that none reads would be swallowed, and its asker take all for a part.

One table for every GET below /api/v1; an address with another parameter is answered 400 with those that there are.
"""

from typing import Any, Final

from flask import Flask, Response, g, request

from dashboard.access import answer
from dashboard.filters import PARAMS

EVERYWHERE: Final = frozenset(("lang", "ms"))
PERIOD: Final = ("from", "to", "period")
_PAGE: Final = ("offset", "limit")
_ROOT: Final = "/api/v1"

OF: Final[dict[str, tuple[str, ...]]] = {
    "/audit": (*PERIOD, *_PAGE, "who", "what", "subject", "text", "before", "format"),
    "/bulletins": ("kind", "region"),
    "/bulletins/<bulletin_id>": (),
    "/bulletins/<bulletin_id>/compare": ("with",),
    "/bulletins/<bulletin_id>/files/<form>": (),
    "/bulletins/<bulletin_id>/orders": (*_PAGE, "figure", "part", "by", "group", "count", "stage"),
    "/bulletins/jobs": (),
    "/bulletins/jobs/<job_id>": (),
    "/cards": (*PERIOD, "month", "region", "department", "kind"),
    "/faults": (),
    "/feeds": ("region",),
    "/files/<file_id>": ("size",),
    "/indicators": (*PARAMS, "by", "figures", "compare"),
    "/me": (),
    "/mine": ("map",),
    "/notices": ("since", "limit"),
    "/orders": (*PARAMS, *_PAGE),
    "/orders/<path:order>": (),
    "/orders/<path:order>/actions/<action_id>": (),
    "/orders/<path:order>/nearby": ("radius_m",),
    "/ranking": (*PARAMS, "score"),
    "/screens": (),
    "/sessions": (),
    "/sources": (),
    "/tallies": (*PERIOD, *_PAGE, "region", "key"),
    "/walls": (),
    "/workers": ("region", "here_now", "presence", *_PAGE),
    "/workers/<path:worker>": ("day",),
    "/workers/<path:worker>/track": (*PERIOD, "day", "include"),
}
"""By the rule of an address; everywhere besides: `lang`, and `ms=1` for instants in milliseconds."""


def register(app: Flask) -> None:
    """Look at every GET of the API before it is answered, and after it is known who asks."""
    app.before_request(refuse_unread)


def refuse_unread() -> Response | None:
    """A 400 for a parameter that the address does not read."""
    rule = request.url_rule
    if request.method != "GET" or rule is None or g.get("person") is None or not rule.rule.startswith(f"{_ROOT}/"):
        return None
    known = OF.get(rule.rule.removeprefix(_ROOT))
    if known is None:
        return None
    unread = next((name for name in request.args if name not in EVERYWHERE and name not in known), None)
    if unread is None:
        return None
    there: Any = ", ".join(sorted({*known, *EVERYWHERE}))
    return answer({"error": f"{unread[:60]!r} is no parameter of {request.path[:200]}; there are: {there}"}, 400)
