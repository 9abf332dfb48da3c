import pytest

from config.settings import Tiles
from dashboard.guard import OurNames, host_name, is_address, page_policy, tile_origin


@pytest.mark.parametrize(
    ("netloc", "name"),
    [
        ("localhost:8050", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]:8050", "::1"),
        ("Hall.Example.", "hall.example"),
        ("", ""),
        ("a:b", ""),
        ("user@localhost", ""),
        ("localhost/path", ""),
        ("localhost?x", ""),
        ("[::1", ""),
    ],
)
def test_the_name_in_a_host_header_is_found(netloc: str, name: str) -> None:
    assert host_name(netloc) == name


@pytest.mark.parametrize("name", ["127.0.0.1", "10.0.0.1", "::1", "0.0.0.0"])
def test_an_address_is_recognised(name: str) -> None:
    assert is_address(name)


@pytest.mark.parametrize("name", ["", "127.evil.example", "localhost", "10.0.0.1.evil.example"])
def test_what_looks_like_an_address_is_not(name: str) -> None:
    assert not is_address(name)


@pytest.mark.parametrize(
    ("host", "origin", "allowed"),
    [
        ("localhost:8050", None, True),
        ("localhost:8050", "http://localhost:8050", True),
        ("localhost:8050", "http://127.0.0.1:8050", False),
        ("localhost:8050", "http://localhost:9000", False),
        ("localhost:8050", "null", False),
        ("localhost:8050", "", False),
        ("localhost:8050", "file://localhost:8050", False),
        ("evil.example:8050", "http://evil.example:8050", False),
        ("", None, False),
        ("10.1.2.3:8050", "http://10.1.2.3:8050", True),
        ("10.1.2.3:8050", "http://10.1.2.4:8050", False),
        ("hall.gov:443", "https://hall.gov:443", True),
        ("localhost:8050", "https://hall.gov", True),
        ("hall.gov.evil.example", None, False),
    ],
)
def test_a_request_comes_by_our_name_from_our_page(host: str, origin: str | None, allowed: bool) -> None:
    assert OurNames(["Hall.gov"]).allow(host, origin) is allowed


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://tiles.example/{z}/{x}/{y}.png", "https://tiles.example"),
        ("https://t{s}.tianditu.gov.cn/vec_w/wmts?x={x}", "https://*.tianditu.gov.cn"),
        ("http://127.0.0.1:9000/{z}", "http://127.0.0.1:9000"),
        ("/tiles/{z}/{x}/{y}", ""),
        ("https://a.example;script-src *", "https://a.example"),
    ],
)
def test_a_tile_server_is_named_by_its_origin(url: str, origin: str) -> None:
    assert tile_origin(url) == origin


def test_the_policy_lets_a_page_load_its_own_and_the_tiles() -> None:
    policy = page_policy("localhost:8050", ["'sha256-x'"], [Tiles("t", "https://t{s}.a.cn/{z}")])
    assert "script-src 'self' 'sha256-x';" in policy
    assert "img-src 'self' data: blob: https://*.a.cn;" in policy
    assert "connect-src 'self' ws://localhost:8050 wss://localhost:8050 https://*.a.cn;" in policy
