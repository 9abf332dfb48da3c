"""Component trees as HTML text, for pages of thousands of elements.

Dash keeps a record of every component that it draws: a page like the review would take its browser many seconds. Text and
attributes are escaped; only elements of `dash.html` are known.
"""

from html import escape
from typing import Any, Final

from dash.development.base_component import Component

_NAMES: Final = {"className": "class", "colSpan": "colspan", "rowSpan": "rowspan", "tabIndex": "tabindex"}
_PLAIN: Final = frozenset(("id", "title", "href", "role", "scope", "type", "lang"))
_VOID: Final = frozenset(("br", "hr", "img"))


def markup(tree: Any) -> str:
    """The HTML of a component, of text, or of a list of both; nothing for None. Raises ValueError for what it does not know."""
    if tree is None:
        return ""
    if isinstance(tree, list | tuple):
        return "".join(map(markup, tree))
    if not isinstance(tree, Component):
        return escape(str(tree), quote=False)
    if tree._namespace != "dash_html_components":
        raise ValueError(f"{tree._type} is no element of HTML")
    tag = tree._type.lower()
    attributes = "".join(
        _attribute(name, value) for name, value in tree.to_plotly_json()["props"].items() if name != "children"
    )
    return f"<{tag}{attributes}>" if tag in _VOID else f"<{tag}{attributes}>{markup(getattr(tree, 'children', None))}</{tag}>"


def _attribute(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    if name == "style":
        value = "; ".join(f"{key}: {one}" for key, one in value.items())
    elif name == "hidden":
        value = ""
    elif name not in _NAMES and name not in _PLAIN and not name.startswith(("data-", "aria-")):
        raise ValueError(f"{name} is no attribute that is known here")
    return f' {_NAMES.get(name, name)}="{escape(str(value))}"'
