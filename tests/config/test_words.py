import re

import pytest

from config.words import LANGS, files_of, text, words
from domain.actions import ACTIONS, ROLES
from domain.judging import REASONS
from domain.lifecycle import STAGES, STATUSES
from domain.states import OrderFlag, Presence


def test_all_languages_have_the_same_keys() -> None:
    assert set(words("zh")) == set(words("en"))


@pytest.mark.parametrize("lang", LANGS)
def test_no_key_is_written_twice(lang: str) -> None:
    told = "\n".join(file.read_text(encoding="utf-8") for file in files_of(lang))
    keys = re.findall(r'^"?([^\s#":]+)"?:', told, re.MULTILINE)
    assert sorted(keys) == sorted(set(keys))
    assert len(keys) == len(words(lang))


@pytest.mark.parametrize("lang", LANGS)
def test_no_text_is_empty(lang: str) -> None:
    assert [key for key, value in words(lang).items() if not isinstance(value, str) or not value] == []


@pytest.mark.parametrize("lang", LANGS)
def test_every_state_action_role_and_refusal_has_its_word(lang: str) -> None:
    wanted = [f"status.{key}" for key in STATUSES] + [f"stage.{key}" for key in STAGES]
    wanted += [f"state.{presence.name.lower()}" for presence in Presence]
    wanted += [f"order_flag.{flag.name.lower()}" for flag in OrderFlag if flag.name]
    wanted += [f"action.{key}" for key in ACTIONS] + [f"seat.{key}" for key in ROLES]
    wanted += [f"refusal.{key}" for key in REASONS]
    assert [key for key in wanted if key not in words(lang)] == []


def test_a_text_is_filled_in_and_a_lost_value_is_an_error() -> None:
    assert text("zh", "open_n", n=3) == "未结 3 件"
    with pytest.raises(KeyError):
        text("zh", "open_n")


def test_keys_that_yaml_takes_for_truth_values_stay_texts() -> None:
    assert all(isinstance(key, str) for lang in LANGS for key in words(lang))
