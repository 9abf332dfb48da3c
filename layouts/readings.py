"""The words of the screens as a city reads its figures: the explanation of each with the city's own readings and its source."""

from config.city_model import City
from config.words import words
from domain.indicators import DEFINITIONS, Definition
from domain.variants import Variants


def words_of(city: City, lang: str) -> dict[str, str]:
    """The catalogue of a language, in which `figure.KEY.what` says what a figure is in this city.

    After the explanation comes what the city has chosen otherwise than most, and of a rate where its formula comes from.
    """
    said = dict(words(lang))
    variants = city.evaluation.variants
    said |= {f"{d.word}.what": explained(d, variants, lang) for d in DEFINITIONS.values()}
    return said


def explained(definition: Definition, variants: Variants, lang: str) -> str:
    """What a figure is, as a city reads it."""
    said = words(lang)
    keys = [f"{definition.word}.what", *definition.readings_in(variants)]
    keys += [] if definition.den is None else [f"origin.{definition.origin}"]
    return said["reading.join"].join(said[key] for key in keys)
