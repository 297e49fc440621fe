"""Time zones of places, and wall clocks in UTC."""

import csv
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from tracker.core import timezones
from tracker.core.timezones import (
    ClosesBeforeOpening,
    NonexistentLocalTime,
    format_offset,
    offset_at,
    parse_offset,
    propose_zone,
    to_local,
    to_utc,
    window_to_utc,
    zone_names,
    zones_of_country,
)

ELECTION_DAY = date(2024, 2, 7)
STATIONS = Path(__file__).parents[2] / "fixtures" / "az2024" / "polling_stations_abroad.csv"


# --- zones and countries ---


def test_zone_names_hold_places_and_older_names_only():
    assert {"Asia/Baku", "Europe/Kyiv", "Europe/Kiev", "UTC"} <= zone_names()
    assert not {"Factory", "localtime", "posixrules", ""} & zone_names()


def test_zones_of_a_country_with_one_zone():
    [entry] = zones_of_country("az")
    assert entry.name == "Asia/Baku"
    assert (entry.latitude, entry.longitude) == pytest.approx((40.383, 49.85), abs=0.001)


def test_position_with_seconds_and_signs():
    entry = zones_of_country("US")[0]
    assert entry.name == "America/New_York"
    assert (entry.latitude, entry.longitude) == pytest.approx((40.7142, -74.0064), abs=0.0001)


@pytest.mark.parametrize(
    ("iso2", "first"),
    [("RU", "Europe/Moscow"), ("UA", "Europe/Kyiv"), ("AU", "Australia/Sydney"), ("BR", "America/Sao_Paulo")],
)
def test_the_zone_of_the_seat_of_government_comes_first(iso2, first):
    assert zones_of_country(iso2)[0].name == first


def test_unknown_country_has_no_zones():
    assert zones_of_country("ZZ") == []
    assert propose_zone("ZZ", "Anywhere", 1, 1)[:2] == (None, False)


def test_every_country_with_several_zones_has_a_first_one_chosen_by_hand():
    unruled = {"AQ", "UM"}  # no seat of government
    several = {iso2 for iso2, entries in timezones._zone_tab().items() if len(entries) > 1}
    assert several - set(timezones._zone_cities()) == unruled


def test_every_listed_city_keeps_a_zone_of_its_own_country():
    for iso2, cities in timezones._zone_cities().items():
        zones = {entry.name for entry in zones_of_country(iso2)}
        assert {city.zone for city in cities} <= zones


@pytest.mark.parametrize(
    ("iso2", "city", "zone"),
    [
        ("AZ", "", "Asia/Baku"),
        ("KZ", "Astana", "Asia/Almaty"),
        ("KZ", "Aktau", "Asia/Aqtau"),
        ("KZ", "AQTAU", "Asia/Aqtau"),
        ("KZ", "Kostanay", "Asia/Qostanay"),  # a spelling from tzdata's comment
        ("RU", "Kemerovo", "Asia/Novokuznetsk"),  # "MSK+04 - Kemerovo"
        ("BR", "Porto Velho", "America/Porto_Velho"),
        ("US", "los angeles", "America/Los_Angeles"),
        ("US", "Washington", "America/New_York"),
        ("RU", "Yekaterinburg", "Asia/Yekaterinburg"),
        ("RU", "Sankt-Peterburg", "Europe/Moscow"),
        ("RU", "St. Petersburg", "Europe/Moscow"),
        ("UA", "Kyiv", "Europe/Kyiv"),
        ("BR", "São Paulo", "America/Sao_Paulo"),
        ("CN", "Xi’an", "Asia/Shanghai"),
    ],
)
def test_a_known_city_is_certain(iso2, city, zone):
    proposal = propose_zone(iso2, city)
    assert (proposal.zone, proposal.certain) == (zone, True)


@pytest.mark.parametrize(
    ("iso2", "latitude", "longitude", "zone"),
    [
        ("KZ", 43.641, 51.198, "Asia/Aqtau"),
        ("KZ", 51.1694, 71.4491, "Asia/Almaty"),
        ("RU", 59.93, 30.36, "Europe/Moscow"),
        ("US", 38.9072, -77.0369, "America/New_York"),
        ("US", 30.27, -97.74, "America/Chicago"),  # Austin is not in the list
        ("NZ", -44.0, -176.5, "Pacific/Chatham"),
    ],
)
def test_coordinates_take_the_nearest_place_and_ask_for_a_look(iso2, latitude, longitude, zone):
    proposal = propose_zone(iso2, "", latitude, longitude)
    assert (proposal.zone, proposal.certain) == (zone, False)
    assert proposal.zone in proposal.candidates


def test_distance_is_measured_across_the_antimeridian():
    proposal = propose_zone("NZ", "", -37.7, -179.9)
    assert proposal.zone == "Pacific/Auckland"
    assert "481 km" in proposal.reason  # 94 km south and 5.34 degrees of 88.4 km east of Auckland


def test_coordinates_of_zero_are_coordinates():
    assert propose_zone("KI", "", 0.0, -160.0).zone == "Pacific/Kiritimati"
    assert "km away" in propose_zone("ES", "", 39.9, 0.0).reason


def test_a_name_far_from_its_coordinates_is_another_place():
    petersburg_virginia = propose_zone("US", "Petersburg", 37.23, -77.40)
    assert (petersburg_virginia.zone, petersburg_virginia.certain) == ("America/New_York", False)
    assert propose_zone("US", "Petersburg").zone == "America/Indiana/Petersburg"


def test_without_a_clue_the_seat_of_government_and_all_candidates():
    proposal = propose_zone("RU", "Nowhere-on-Volga")
    assert (proposal.zone, proposal.certain) == ("Europe/Moscow", False)
    assert len(proposal.candidates) == len(zones_of_country("RU")) > 20
    assert str(len(proposal.candidates)) in proposal.reason


def real_stations() -> list[dict[str, str]]:
    with STATIONS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_all_49_stations_of_the_real_election_are_proposed_right():
    stations = real_stations()
    assert len(stations) == 49
    for row in stations:
        place = (row["country_iso2"], row["city"])
        with_coordinates = propose_zone(*place, float(row["latitude"]), float(row["longitude"]))
        assert (with_coordinates.zone, with_coordinates.certain) == (row["iana_timezone"], True), place
        assert propose_zone(*place).zone == row["iana_timezone"], place
        nameless = propose_zone(row["country_iso2"], "", float(row["latitude"]), float(row["longitude"]))
        assert nameless.zone == row["iana_timezone"], place


# --- wall clock and UTC ---


@pytest.mark.parametrize(
    ("day", "hour_utc"),
    [(date(2024, 2, 7), 2), (date(2024, 2, 29), 2), (date(2024, 3, 1), 3), (date(2024, 6, 9), 3)],
)
def test_almaty_before_and_after_the_change_of_1_march_2024(day, hour_utc):
    assert to_utc(day, time(8), "Asia/Almaty") == datetime.combine(day, time(hour_utc), tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        ("Asia/Tehran", "UTC+03:30"),
        ("Asia/Kolkata", "UTC+05:30"),
        ("Asia/Kathmandu", "UTC+05:45"),
        ("America/Los_Angeles", "UTC−08:00"),
        ("America/St_Johns", "UTC−03:30"),
        ("Europe/London", "UTC"),
        ("Asia/Baku", "UTC+04:00"),
    ],
)
def test_offsets_on_election_day(zone, offset):
    instant = to_utc(ELECTION_DAY, time(8), zone)
    assert instant.tzinfo is UTC
    assert format_offset(offset_at(instant, zone)) == offset
    assert f"{to_local(instant, zone):%Y-%m-%d %H:%M}" == "2024-02-07 08:00"


def test_window_on_one_day():
    assert window_to_utc(ELECTION_DAY, time(8), time(19), "Asia/Baku") == (
        datetime(2024, 2, 7, 4, tzinfo=UTC),
        datetime(2024, 2, 7, 15, tzinfo=UTC),
    )


@pytest.mark.parametrize("closes", [time(0), time(2)])
def test_window_across_midnight_closes_on_the_next_day(closes):
    opens_at, closes_at = window_to_utc(ELECTION_DAY, time(18), closes, "Asia/Tehran")
    assert opens_at == datetime(2024, 2, 7, 14, 30, tzinfo=UTC)
    assert closes_at - opens_at == timedelta(hours=6 + closes.hour)


@pytest.mark.parametrize("closes", [time(6, 1), time(8)])
def test_a_closing_late_in_the_next_morning_is_a_slip(closes):
    with pytest.raises(ClosesBeforeOpening, match="until 06:00 is taken to be on the next day"):
        window_to_utc(ELECTION_DAY, time(19), closes, "Asia/Baku")


def test_window_over_a_clock_change_lasts_what_it_lasts():
    opens_at, closes_at = window_to_utc(date(2024, 3, 30), time(22), time(6), "Europe/Berlin")
    assert closes_at - opens_at == timedelta(hours=7)


def test_window_of_no_length_is_refused():
    with pytest.raises(ValueError, match="both 08:00"):
        window_to_utc(ELECTION_DAY, time(8), time(8), "Asia/Baku")


def test_skipped_wall_time_is_refused():
    with pytest.raises(NonexistentLocalTime, match="2024-03-31 02:30 does not exist in Europe/Berlin"):
        to_utc(date(2024, 3, 31), time(2, 30), "Europe/Berlin")
    assert to_utc(date(2024, 3, 31), time(3), "Europe/Berlin") == datetime(2024, 3, 31, 1, tzinfo=UTC)


@pytest.mark.parametrize("fold", [0, 1])
def test_repeated_wall_time_means_the_first(fold):
    instant = to_utc(date(2024, 10, 27), time(2, 30, fold=fold), "Europe/Berlin")
    assert instant == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    # Kazakhstan repeated the hour before midnight of 29 February 2024.
    assert to_utc(date(2024, 2, 29), time(23, 30), "Asia/Almaty") == datetime(2024, 2, 29, 17, 30, tzinfo=UTC)


def test_a_skipped_day_is_refused():
    with pytest.raises(NonexistentLocalTime):
        to_utc(date(2011, 12, 30), time(12), "Pacific/Apia")


def test_mistaken_arguments_are_refused():
    with pytest.raises(ValueError, match="Asia/Bakú"):
        to_utc(ELECTION_DAY, time(8), "Asia/Bakú")
    with pytest.raises(ValueError, match="of its own"):
        to_utc(ELECTION_DAY, time(8, tzinfo=UTC), "Asia/Baku")
    with pytest.raises(ValueError, match="needs a time zone"):
        to_local(datetime(2024, 2, 7, 8, tzinfo=UTC).replace(tzinfo=None), "Asia/Baku")


def test_format_offset_of_before_standard_time():
    assert format_offset(timedelta(hours=3, minutes=19, seconds=24)) == "UTC+03:19:24"
    assert format_offset(-timedelta(minutes=25, seconds=21)) == "UTC−00:25:21"


@pytest.mark.parametrize(
    ("text", "hours"),
    [("+04:00", 4), ("-08:00", -8), ("−08:00", -8), ("UTC+5", 5), ("GMT +5", 5), ("+0530", 5.5), ("utc", 0),
     ("Z", 0), ("UTC−09:30", -9.5), ("+14:00", 14)],
)  # fmt: skip
def test_parse_offset(text, hours):
    assert parse_offset(text) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text", ["", " ", "4", "04:00", "+4:0", "+04:60", "+14:01", "+24:00", "Baku", "+٤", "UTCZ+1"]
)
def test_parse_offset_refuses_anything_else(text):
    with pytest.raises(ValueError, match="not an offset"):
        parse_offset(text)


@pytest.mark.parametrize("minutes", [-720, -570, -30, 0, 15, 345, 840])
def test_offset_survives_being_written_and_read(minutes):
    offset = timedelta(minutes=minutes)
    assert parse_offset(format_offset(offset)) == offset
