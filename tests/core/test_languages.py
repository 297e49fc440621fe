"""Languages by name."""

from tracker.core.languages import MOST_USED, languages, most_used_first


def test_the_most_used_come_first_and_none_twice() -> None:
    """Red when: the others hold the most used as well, or those stand by name."""
    most, others = most_used_first()
    assert most[:5] == [
        ("en", "English"), ("az", "Azerbaijani – azərbaycan"), ("ru", "Russian – русский"),
        ("fr", "French – français"), ("tr", "Turkish – Türkçe"),
    ]  # fmt: skip
    assert tuple(code for code, _name in most) == MOST_USED
    assert sorted([*most, *others]) == sorted(languages())
    assert ("ka", "Georgian – ქართული") in others


def test_a_language_without_an_english_name_has_its_own() -> None:
    """Red when: the list has the word None for a name."""
    names = dict(languages())
    assert (names["lld"], [code for code, name in names.items() if "None" in name]) == ("ladin", [])
