"""Settings: typed, documented, all faults at once, a secret never shown."""

import pytest

from config.settings import SETTINGS, SettingsError, load_settings


def test_without_any_variable_every_setting_has_its_default() -> None:
    settings = load_settings({})
    assert (settings.web_host, settings.partitions, settings.tiles) == ("127.0.0.1", 4, ())


def test_all_faults_are_told_at_once_and_a_misspelt_name_is_one() -> None:
    wrong = {"GRIDHALL_WEB_PORT": "high", "GRIDHALL_LANG": "fr", "GRIDHALL_WEBPORT": "1", "PATH": "/bin"}
    with pytest.raises(SettingsError) as told:
        load_settings(wrong)
    assert len(told.value.faults) == 3 and all(name.startswith("GRIDHALL_") for name in told.value.faults)


def test_the_web_server_binds_to_an_address_of_this_machine() -> None:
    assert load_settings({}).web_host == "127.0.0.1"
    for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "10.0.0.1"):
        assert load_settings({"GRIDHALL_WEB_HOST": host}).web_host == host
    with pytest.raises(SettingsError, match="WEB_HOST"):
        load_settings({"GRIDHALL_WEB_HOST": "hall.example"})


def test_a_wrong_secret_is_not_shown() -> None:
    with pytest.raises(SettingsError) as told:
        load_settings({"GRIDHALL_INGEST_KEY": "tooshort"})
    assert "tooshort" not in str(told.value) and "16 characters" in str(told.value)


def test_tiles_are_a_list_of_servers_with_their_datum() -> None:
    (tiles,) = load_settings({"GRIDHALL_TILES": '[{"name":"a","url":"http://t/{z}/{x}/{y}","datum":"gcj02"}]'}).tiles
    assert tiles.datum == "gcj02" and tiles.max_zoom == 18
    for wrong in ("{", "[1]", '[{"name":"a","url":"u","datum":"mars"}]'):
        with pytest.raises(SettingsError):
            load_settings({"GRIDHALL_TILES": wrong})


def test_every_setting_says_what_it_means() -> None:
    assert all(setting.doc.endswith(".") and setting.name.isupper() for setting in SETTINGS)
