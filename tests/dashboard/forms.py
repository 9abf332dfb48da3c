"""A person at the forms of the doors, for their tests."""

import json
import re
from typing import Any

from flask.testing import FlaskClient

from tests.dashboard.at_work import AtWork

HTML = {"Accept": "text/html"}


def token_of(page: Any) -> str:
    """The token that a form of the page sends along."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def type_in(client: FlaskClient, user: str, password: str, **more: str) -> Any:
    """What a browser sends when somebody fills in the log-in page."""
    page = client.get("/login", headers=HTML)
    form = {"csrf_token": token_of(page), "user": user, "password": password, **more}
    return client.post("/login", data=form, headers=HTML)


def enter(work: AtWork, secret: str) -> tuple[FlaskClient, Any]:
    """What a wall's browser does when its link is opened: (the browser, the answer)."""
    client = work.client()
    page = client.get("/enter")
    csrf = re.search(r'data-csrf="([^"]+)"', page.text)
    assert csrf is not None and "<script src=" in page.text
    return client, client.post("/api/v1/enter", json={"token": secret}, headers={"X-CSRFToken": csrf[1]})


def path_of(answer: Any) -> str:
    """Where a redirect leads."""
    assert answer.status_code in (302, 303), answer.text
    return str(answer.headers["Location"])


def raw(client: FlaskClient, path: str, body: Any) -> Any:
    """JSON as only a program would send it: halves of pairs of UTF-16, numbers without end."""
    return client.post(path, data=json.dumps(body), content_type="application/json")


def told(work: AtWork, *kinds: str) -> list[tuple[str, str]]:
    """(what, who) of these kinds in the audit log, newest first."""
    return [(line.what, line.who) for line in work.log() if line.what in kinds]
