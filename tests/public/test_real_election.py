"""The pages of the real election say what its files say."""

from django.test import Client

from tests.public.pages import address, read
from tracker.core.countries import sort_key
from tracker.elections.models import Election
from tracker.missions.models import Mission
from tracker.stations.models import PollingStation

ELECTION_DAY = "at=2024-02-07T08:00Z"


def test_elections_page_lists_it_with_its_key_figures(client: Client, az2024: Election) -> None:
    for path in ("/", "/en/"):
        text = read(client, path)
        assert "Past Extraordinary presidential election in Azerbaijan, 7 February 2024" in text
        assert "Polling stations abroad 49 Countries 37 Missions on record 36" in text


def test_dashboard_headline_is_counted_from_rows(client: Client, az2024: Election) -> None:
    text = read(client, address("dashboard", az2024))
    assert "49 polling stations abroad" in text
    assert "37 countries" in text
    assert "36 missions on record" in text
    assert "34 observed, 1 not invited, 1 announced not to observe" in text
    rome = PollingStation.objects.get(city="Rome")
    rome.status = PollingStation.Status.CANCELLED
    rome.save()
    text = read(client, address("dashboard", az2024))
    assert "48 polling stations abroad" in text
    assert "36 countries" in text


def test_dashboard_shows_rival_observer_figures_and_picks_none(client: Client, az2024: Election) -> None:
    text = read(client, address("dashboard", az2024))
    headline = text.split("International observers accredited, as announced")[1].split(
        "Stations abroad, now"
    )[0]
    for value, by in (("790", "CEC (Panahov)"), ("760", "askanews"), ("600", "Daily News Hungary")):
        assert f"{value} {by}" in headline


def test_dashboard_spells_out_the_difference_of_announced_and_recorded(
    client: Client, az2024: Election
) -> None:
    text = read(client, address("dashboard", az2024))
    beside = text.split("Announced beside recorded")[1]
    assert "49 recorded Counted from this register" in beside
    assert "49 stations Foreign Minister Bayramov , 6 February 2024 The same as recorded." in beside
    assert "40 countries Daily News Hungary , date not known 3 more than recorded." in beside
    assert "Not comparable: the register knows 2 of 49 stations." in beside
    assert "Beijing MFA , 12 January 2024 Recorded is Seoul; not judged." in beside
    assert "Los Angeles MFA , 12 January 2024 The same as recorded." in beside


def test_clock_on_election_morning(client: Client, az2024: Election) -> None:
    text = read(client, address("clock", az2024, query=ELECTION_DAY))
    assert "47 open of 49 stations" in text
    assert "2 not yet open" in text
    assert "0 closed" in text
    assert "First opening 6 Feb 2024 23:00 UTC Seoul, South Korea" in text
    assert "Last closing 8 Feb 2024 03:00 UTC Los Angeles, United States" in text
    assert "28 hours 12 UTC offsets" in text


def test_clock_shows_both_claims_of_where_voting_begins_unjudged(client: Client, az2024: Election) -> None:
    text = read(client, address("clock", az2024, query=ELECTION_DAY))
    claims = text.split("Where voting begins and ends, as announced")[1].split("On the map")[0]
    assert "Beijing MFA , 12 January 2024" in claims
    assert "Seoul Election 2024 media centre , 25 January 2024" in claims
    assert "Differs" not in claims
    assert claims.count("Source: ") == 3


def test_clock_at_its_edges(client: Client, az2024: Election) -> None:
    """A window holds its opening instant and not its closing one."""
    for moment, expected in (
        ("2024-02-06T22:59:59Z", "0 open of 49 stations"),
        ("2024-02-06T23:00:00Z", "1 open of 49 stations"),
        ("2024-02-08T02:59:59Z", "1 open of 49 stations"),
        ("2024-02-08T03:00:00Z", "0 open of 49 stations"),
    ):
        assert expected in read(client, address("clock", az2024, query=f"at={moment}")), moment


def test_clock_now_says_the_past_election_is_over(client: Client, az2024: Election) -> None:
    assert "49 closed" in read(client, address("clock", az2024))


def test_station_page_gives_three_clocks_and_what_is_not_known(client: Client, az2024: Election) -> None:
    astana = PollingStation.objects.get(city="Astana")
    text = read(client, address("station", az2024, astana.pk, query="tz=America/New_York"))
    # Three weeks later Kazakhstan moved to UTC+05:00; on election day it still had six hours.
    assert "Local Asia/Almaty, UTC+06:00 7 Feb 2024 08:00 7 Feb 2024 19:00" in text
    assert "UTC 7 Feb 2024 02:00 7 Feb 2024 13:00" in text
    assert "Your zone America/New_York, UTC−05:00 6 Feb 2024 21:00 7 Feb 2024 08:00" in text
    unknown = text.split("What is not known")[1]
    assert "Its street address" in unknown
    assert "Its official number" not in unknown
    assert "menafn.com" in text


def test_stations_numbered_44_are_three_different_ones(client: Client, az2024: Election) -> None:
    text = read(client, address("stations", az2024, query="q=44"))
    assert "3 stations match the filters" in text
    for place in ("Riga", "Beijing", "St. Petersburg"):
        assert place in text


def test_missions_are_listed_by_kind_with_those_not_invited(client: Client, az2024: Election) -> None:
    text = read(client, address("missions", az2024))
    assert "36 missions on record: 34 observed, 1 not invited, 1 announced not to observe" in text
    assert (
        "Parliamentary Assembly of the Council of Europe PACE Parliamentary mission, short-term not invited"
        in text
    )
    text = read(client, address("missions", az2024, query="status=not_invited"))
    assert "1 mission matches" in text


def test_mission_page_of_the_cis(client: Client, az2024: Election) -> None:
    text = read(client, address("mission", az2024, "cis"))
    for words in (
        "Commonwealth of Independent States",
        "Sergey Lebedev",
        "Observers, as announced 169",
        "Meeting: Jeyhun Bayramov – Sergey Lebedev",
        "49 stations in 37 countries",
        "Parliamentary Assembly of the Union of Belarus and Russia",
    ):
        assert words in text


def test_joint_mission_shows_on_the_page_of_each_member(client: Client, az2024: Election) -> None:
    text = read(client, address("mission", az2024, "odihr"))
    assert "Under the name of International Election Observation Mission of ODIHR and OSCE PA" in text
    assert "11 in the core team 26 long-term 280 short-term" in text


def test_figures_page_holds_every_figure_and_its_rivals(client: Client, az2024: Election) -> None:
    response = client.get(address("figures", az2024))
    assert response.context["total"] == 101
    blocks = {
        frozenset(compared.figure.value for compared in block.figures)
        for panel in response.context["panels"]
        for block in panel.blocks
        if panel.metric == "international_observers" and block.rivals
    }
    assert blocks == {frozenset({790, 760, 600})}
    html = response.content.decode()
    for url in (
        "https://news.az/news/intl-observers-from-89-countries-to-monitor-azerbaijans-presidential-election",
        "https://askanews.it/2024/02/07/tutti-i-numeri-delle-elezioni-presidenziali-in-azerbaigian",
        "https://dailynewshungary.com/de/?p=665799",
    ):
        assert url in html


def test_timeline_holds_the_meeting_of_6_february(client: Client, az2024: Election) -> None:
    text = read(client, address("timeline", az2024))
    assert "109 entries" in text
    assert "Jeyhun Bayramov – Sergey Lebedev" in text
    assert "8 Feb 07:00" not in text
    assert "7 Feb 19:00 America/Los_Angeles (UTC−08:00) · 8 Feb 03:00 UTC" in text
    # Undated entries come last, under their own heading.
    assert text.rindex("Day not known") > text.rindex("14 February 2024")


def test_timeline_filters(client: Client, az2024: Election) -> None:
    assert "46 entries" in read(client, address("timeline", az2024, query="kind=milestone"))
    assert "39 entries" in read(client, address("timeline", az2024, query="kind=engagement"))
    text = read(
        client, address("timeline", az2024, query="organization=cis&first_day=2024-02-06&last_day=2024-02-06")
    )
    assert "1 entry" in text
    assert "Nothing matches." in read(client, address("timeline", az2024, query="q=zeppelin"))
    assert "Enter a valid date." in read(
        client, address("timeline", az2024, query="first_day=soon"), status=400
    )


def test_country_names_follow_the_language_and_its_alphabet(client: Client, az2024: Election) -> None:
    response = client.get(address("stations", az2024, language="az"))
    names = [row.country.name for row in response.context["rows"]]
    assert "Amerika Birləşmiş Ştatları" in names
    assert names == sorted(names, key=lambda name: sort_key(name, "az"))
    # Ç follows C and comes before D; plain sorting would put it after Z.
    assert names.index("Çexiya") < names.index("Estoniya")
    assert "Соединенные Штаты" in read(client, address("dashboard", az2024, language="ru"))


def test_every_mission_that_observed_counts_once(az2024: Election) -> None:
    assert Mission.objects.filter(election=az2024, status__in=Mission.PRESENT).count() == 34
