"""The small words of the public templates."""

from datetime import UTC, datetime

import pytest
from django.utils import translation

from tracker.elections.models import AnnouncedFigure
from tracker.public.templatetags.tracker_public import amount, linked, local_hours, offset, scope_name
from tracker.stations.models import VotingWindow


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("no address", "no address"),
        ("<b> & co", "&lt;b&gt; &amp; co"),
        (
            "arriving (https://www.azernews.az/nation/219691.html). 37 more",
            'arriving (<a href="https://www.azernews.az/nation/219691.html" rel="noopener nofollow external">'
            "azernews.az</a>). 37 more",
        ),
        ("javascript:alert(1) http:", "javascript:alert(1) http:"),
        (
            'https://x.example/?a=1&b="2"',
            '<a href="https://x.example/?a=1&amp;b=" rel="noopener nofollow external">x.example</a>&quot;2&quot;',
        ),
        ("https://[broken", "https://[broken"),
    ],
)
def test_linked(text: str, html: str) -> None:
    assert linked(text) == html


@pytest.mark.parametrize(
    ("value", "unit", "language", "words"),
    [
        ("6478623.00", "voters", "en", "6,478,623"),
        ("76.43", "percent", "en", "76.43 %"),
        ("59.80", "percent", "en", "59.8 %"),
        ("80.00", "percent", "en", "80 %"),
        ("76.43", "percent", "ru", "76,43 %"),
    ],
)
def test_amount(value: str, unit: str, language: str, words: str) -> None:
    from decimal import Decimal

    with translation.override(language):
        assert amount(AnnouncedFigure(value=Decimal(value), unit=unit)).replace("\xa0", " ") == words


def test_amount_of_a_place() -> None:
    assert amount(AnnouncedFigure(place="Seoul", unit="place")) == "Seoul"


def test_offset_is_that_of_the_day() -> None:
    assert offset(datetime(2024, 2, 7, tzinfo=UTC), "Asia/Almaty") == "UTC+06:00"
    assert offset(datetime(2024, 3, 7, tzinfo=UTC), "Asia/Almaty") == "UTC+05:00"


def test_hours_name_the_day_on_which_they_end_if_it_is_another() -> None:
    day = VotingWindow(
        opens_at=datetime(2024, 2, 7, 2, tzinfo=UTC), closes_at=datetime(2024, 2, 7, 13, tzinfo=UTC)
    )
    night = VotingWindow(
        opens_at=datetime(2024, 2, 7, 14, tzinfo=UTC), closes_at=datetime(2024, 2, 7, 22, tzinfo=UTC)
    )
    assert local_hours(day, "Asia/Almaty") == "7 Feb 08:00–19:00"
    assert local_hours(night, "Asia/Almaty") == "7 Feb 20:00 – 8 Feb 04:00"
    assert local_hours(night, "Asia/Almaty", with_date=False) == "20:00–04:00, next day"


def test_scope_writes_out_a_country() -> None:
    assert scope_name("UA") == "Ukraine"
    assert scope_name("RU Moscow") == "Russia, Moscow"
    assert scope_name("ODIHR short-term") == "ODIHR short-term"
    with translation.override("az"):
        assert scope_name("UA embassy") == "Ukrayna, embassy"
