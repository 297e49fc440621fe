"""The committed list of countries, and the order of names in three languages."""

import pytest

from tracker.core.countries import read_countries, sort_key


def in_order(language: str, *names: str) -> list[str]:
    return sorted(names, key=lambda name: sort_key(name, language))


# --- the list ---


def test_every_country_of_iso_3166_once_with_three_names():
    rows = read_countries()
    assert len(rows) == 249
    assert len({row["iso2"] for row in rows}) == 249
    assert len({row["iso3"] for row in rows}) == 249
    assert [row["iso2"] for row in rows] == sorted(row["iso2"] for row in rows)
    for row in rows:
        assert (len(row["iso2"]), len(row["iso3"])) == (2, 3)
        assert all(row[f"name_{language}"].strip() for language in ("en", "az", "ru")), row


@pytest.mark.parametrize("language", ["en", "az", "ru"])
def test_no_two_countries_share_a_name(language):
    names = [row[f"name_{language}"] for row in read_countries()]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    ("iso2", "expected"),
    [
        ("AZ", ("AZE", "Azerbaijan", "Azərbaycan", "Азербайджан")),
        ("US", ("USA", "United States", "Amerika Birləşmiş Ştatları", "Соединенные Штаты")),
        ("RU", ("RUS", "Russia", "Rusiya", "Россия")),
        ("TR", ("TUR", "Türkiye", "Türkiyə", "Турция")),
        ("GB", ("GBR", "United Kingdom", "Birləşmiş Krallıq", "Великобритания")),
        ("KZ", ("KAZ", "Kazakhstan", "Qazaxıstan", "Казахстан")),
    ],
)
def test_known_countries(iso2, expected):
    row = next(row for row in read_countries() if row["iso2"] == iso2)
    assert (row["iso3"], row["name_en"], row["name_az"], row["name_ru"]) == expected


# --- the order ---


def test_azerbaijani_alphabet_in_full():
    alphabet = list("abcçdeəfgğhxıijkqlmnoöprsştuüvwyz")
    assert in_order("az", *reversed(alphabet)) == alphabet


def test_azerbaijani_capitals_keep_dotted_and_dotless_i_apart():
    assert in_order("az", "İraq", "Irma", "İran", "Jamayka", "Xorvatiya") == [
        "Xorvatiya", "Irma", "İraq", "İran", "Jamayka",  # q comes before n
    ]  # fmt: skip
    assert sort_key("İTALİYA", "az")[0] == sort_key("italiya", "az")[0]
    assert sort_key("QAZAXISTAN", "az")[0] == sort_key("Qazaxıstan", "az")[0]


def test_azerbaijani_names():
    assert in_order("az", "Çin", "Danimarka", "Cibuti", "Əlcəzair", "Ekvador", "Şri-Lanka", "Seneqal") == [
        "Cibuti", "Çin", "Danimarka", "Ekvador", "Əlcəzair", "Seneqal", "Şri-Lanka",
    ]  # fmt: skip


def test_a_letter_and_its_accent_may_be_two_characters():
    assert sort_key("C\u0327in", "az")[0] == sort_key("Çin", "az")[0]


def test_foreign_accents_in_azerbaijani_stand_with_their_base_letter():
    assert in_order("az", "Albaniya", "Åland", "Almaniya") == ["Åland", "Albaniya", "Almaniya"]


def test_english_sets_accents_and_case_aside():
    assert in_order("en", "Zambia", "Åland Islands", "Türkiye", "Tuvalu", "Côte d’Ivoire", "Croatia") == [
        "Åland Islands", "Côte d’Ivoire", "Croatia", "Türkiye", "Tuvalu", "Zambia",
    ]  # fmt: skip
    assert sort_key("TÜRKİYE", "en")[0] == sort_key("turkiye", "en")[0]


def test_words_are_compared_one_after_another():
    assert in_order("en", "Guineas", "Guinea-Bissau", "Guinea", "Nigeria", "Niger") == [
        "Guinea", "Guinea-Bissau", "Guineas", "Niger", "Nigeria",
    ]  # fmt: skip
    assert sort_key("Papua-Yeni Qvineya", "az")[0] == sort_key("Papua Yeni Qvineya", "az")[0]
    assert sort_key("Antigua & Barbuda", "en")[0] == sort_key("Antigua Barbuda", "en")[0]


def test_russian_yo_stands_with_ye_and_short_i_after_i():
    assert in_order("ru", "Йемен", "Исландия", "Казахстан", "Ёлка", "Жук", "Египет", "Ель") == [
        "Египет", "Ёлка", "Ель", "Жук", "Исландия", "Йемен", "Казахстан",
    ]  # fmt: skip
    assert sort_key("Ёлка", "ru")[0] == sort_key("елка", "ru")[0]


def test_another_script_comes_after_the_language_s_own():
    assert in_order("ru", "London", "Яунде") == ["Яунде", "London"]
    assert in_order("en", "Яунде", "Zagreb") == ["Zagreb", "Яунде"]


def test_regional_language_codes_and_unknown_languages():
    assert sort_key("Çin", "az-latn") == sort_key("Çin", "az")
    assert sort_key("Çin", "fr") == sort_key("Çin", "en")


def test_equal_keys_are_settled_by_the_name():
    assert sort_key("Élan", "en") != sort_key("Elan", "en")
    assert in_order("en", "Élan", "Elan") == in_order("en", "Elan", "Élan")
