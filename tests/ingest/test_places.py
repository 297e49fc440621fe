"""Names of countries as lists write them, and the clocks that cities keep."""

import pytest

from tracker.core.countries import read_countries
from tracker.core.timezones import great_circle_km, zone_names, zones_of_country
from tracker.ingest.folding import fold
from tracker.ingest.places import (
    DATA,
    NEAR_KM,
    _cities,
    _clocks_at,
    country_label,
    find_cities,
    find_countries,
    lies_in,
    zone_for,
)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("UAE", "AE"),
        ("UK", "GB"),
        ("U.S.A.", "US"),
        ("kz", "KZ"),
        ("KAZ", "KZ"),
        ("XD", "XD"),
        ("AO", "AO"),
        ("Áo", "AT"),
        # Azerbaijani
        ("Türkiyə", "TR"),
        ("TÜRKİYƏ", "TR"),
        ("Rusiya Federasiyası", "RU"),
        ("Birləşmiş Krallıq", "GB"),
        ("Almaniya", "DE"),
        ("Qazaxıstan Respublikası", "KZ"),
        # Russian
        ("ГЕРМАНИЯ", "DE"),
        ("ОАЭ", "AE"),
        ("Республика Беларусь", "BY"),
        # Romanian: a list of stations abroad
        ("Republica Cipru", "CY"),
        ("R.Columbia", "CO"),
        ("Regatul Arabiei Saudite", "SA"),
        ("Republica Populară Chineză", "CN"),
        ("Republica Coreea", "KR"),
        ("Bosnia și Herțegovina", "BA"),
        ("Noua Zeelandă", "NZ"),
        # Hungarian, Polish, Turkish, German, English of registers
        ("Egyesült Királyság", "GB"),
        ("Kazahsztán", "KZ"),
        ("Stany Zjednoczone", "US"),
        ("İSVEÇ", "SE"),
        ("ISVEC", "SE"),
        ("Österreich", "AT"),
        ("Korea, Republic of", "KR"),
        ("The Gambia", "GM"),
        ("Côte d’Ivoire", "CI"),
        ("Guinea-Bissau", "GW"),
        ("Democratic Republic of the Congo", "CD"),
    ],
)
def test_a_country_is_known_by_its_names(name: str, code: str) -> None:
    assert find_countries(name) == [(code, True)]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("Congo", ["CD", "CG"]),
        ("Koreya", ["KR", "KP"]),
        ("Guinea", ["GN", "GW", "GQ", "PG"]),
        # Without its form it is the name of two.
        ("Republic of China", ["CN", "TW"]),
        ("Respublika Dominika", ["DO", "DM"]),
    ],
)
def test_a_shared_name_is_never_certain(name: str, codes: list[str]) -> None:
    assert find_countries(name) == [(code, False) for code in codes]


def test_a_slip_is_a_suggestion_and_nonsense_is_nothing() -> None:
    assert find_countries("Azerbaijjan") == [("AZ", False)]
    assert find_countries("Northern Cyprus area") == [("CY", False)]
    assert find_countries("Jupiter") == []
    assert find_countries(" -- ") == []


def test_every_country_is_found_by_all_it_is_called_here() -> None:
    shared = {"GN", "WS", "MF"}  # asked, with the country itself first
    for row in read_countries():
        for key in ("iso2", "iso3", "name_en", "name_az", "name_ru"):
            found = find_countries(row[key])
            assert found[0][0] == row["iso2"], row[key]
            assert found[0][1] or row["iso2"] in shared, row[key]


def test_letters_of_one_sound_are_one() -> None:
    assert fold("İSTANBUL") == fold("istanbul") == fold("Istanbul") == fold("ıstanbul") == "istanbul"
    assert fold("Bakı, Səbail – 2") == "baki sebail 2"
    assert fold("Йошкар-Ола") == "иошкар ола"
    # A vowel sign is a letter: Togo and Tonga stay two names.
    assert fold("टोगो") != fold("टोंगो")


def test_a_country_with_one_clock_needs_no_city() -> None:
    assert zone_for("AZ") == ("Asia/Baku",)
    assert len(zones_of_country("AR")) > 1
    assert zone_for("AR") == ("America/Argentina/Buenos_Aires",)
    assert zone_for("BV") == ()


@pytest.mark.parametrize(
    ("country", "city", "zone"),
    [
        ("US", "Houston", "America/Chicago"),
        ("KZ", "Aktau", "Asia/Aqtau"),
        ("RU", "Екатеринбург", "Asia/Yekaterinburg"),
        ("CN", "Pekin", "Asia/Shanghai"),
        ("CA", "Moncton", "America/Moncton"),
        ("US", "Vaşinqton ş.", "America/New_York"),
        ("RU", "г. Москва", "Europe/Moscow"),
        # The second station in a city
        ("CA", "Montréal 2", "America/Toronto"),
    ],
)
def test_a_city_decides_in_a_country_with_several(country: str, city: str, zone: str) -> None:
    assert zone_for(country, city) == (zone,)


def test_what_does_not_decide_gives_several() -> None:
    springfields = zone_for("US", "Springfield")
    assert {"America/Chicago", "America/New_York"} <= set(springfields) < set(zone_names())
    assert len(springfields) < 5
    assert len(zone_for("US", "Nowhere at all")) == len(zones_of_country("US"))


def test_coordinates_decide_by_borders_and_not_by_the_nearest_city() -> None:
    assert zone_for("AU", "", -12.46, 130.84) == ("Australia/Darwin",)
    # East Chicago's neighbour in Indiana keeps central time, South Bend eastern time.
    assert zone_for("US", "", 41.60, -87.34) == ("America/Chicago",)
    assert zone_for("US", "Springfield", 42.10, -72.59) == ("America/New_York",)
    # In Ürümqi two clocks are kept.
    assert zone_for("CN", "", 43.8, 87.6) == ("Asia/Shanghai", "Asia/Urumqi")
    # In another country: nothing is decided by them.
    assert len(zone_for("US", "", 40.4, 49.8)) > 1


def test_cities_are_found_by_foreign_spellings() -> None:
    (vienna,) = find_cities("AT", "Viena 1")
    assert (round(vienna.latitude), round(vienna.longitude), vienna.zone) == (48, 16, "Europe/Vienna")
    assert find_cities("KW", "Əl-Küveyt") == find_cities("KW", "Kuwait City") != []
    assert find_cities("CH", "Cenevrə")[0].name == "geneva"
    assert len(find_cities("US", "Springfield")) > 2
    assert [round(city.longitude) for city in find_cities("US", "Washington")] == [-77]
    assert find_cities("US", "Nowhere at all") == []
    assert country_label("AZ") == "Azerbaijan"


def test_every_alias_of_a_city_leads_to_one() -> None:
    lines = (DATA / "city_aliases.csv").read_text(encoding="utf-8").splitlines()[1:]
    for country, known, spellings in (line.split(",") for line in lines):
        for spelling in spellings.split("|"):
            assert find_cities(country, spelling) == find_cities(country, known) != [], spelling


def test_a_position_off_the_shore_lies_in_the_country_of_a_near_city() -> None:
    """Red when: NEAR_DEGREES is less than NEAR_KM."""
    cities = [(city.latitude, city.longitude) for same in _cities("GE").values() for city in same]
    grid = [(north / 20, east / 10) for north in range(820, 880) for east in range(390, 420, 3)]
    off_shore = [place for place in grid if "Asia/Tbilisi" not in _clocks_at(*place)]
    near = {place for place in off_shore if any(great_circle_km(place, city) <= NEAR_KM for city in cities)}
    assert 20 < len(near) < len(off_shore)
    assert {place for place in off_shore if lies_in("GE", *place)} == near
