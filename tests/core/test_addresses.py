"""Addresses of the screens of a record: made in one place."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import NoReverseMatch

from tests import factories as make
from tracker.core.addresses import screen_address
from tracker.core.models import Country, Submission

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.django_db
def test_a_record_has_one_address_for_each_of_its_screens() -> None:
    """Red when: the key is not quoted as the admin reads it."""
    figure = make.make_figure()
    assert (
        screen_address(figure, "change", figure.pk) == f"/staff/elections/announcedfigure/{figure.pk}/change/"
    )
    assert screen_address(type(figure), "changelist") == "/staff/elections/announcedfigure/"
    assert screen_address(figure, "publication", figure.pk, "submit").endswith(
        f"/{figure.pk}/publication/submit/"
    )
    assert screen_address(Country, "change", "a/b_c") == "/staff/core/country/a_2Fb_5Fc/change/"
    with pytest.raises(NoReverseMatch):
        screen_address(Submission, "change", 1)


def test_nobody_else_puts_such_an_address_together() -> None:
    """Red when: seen with the `_screen` that the first page had of its own, and with the names that the form of a
    mission, the list of readings and the screens of accounts wrote out."""
    kinds = "|".join(f"{model._meta.app_label}_{model._meta.model_name}" for model in apps.get_models())
    built = re.compile(
        r"reverse\(\s*f?[\"'](admin:)?\{[^\"']*(app_label|model_name)|reverse\(\s*f[\"']admin:"
        rf"|(reverse|reverse_lazy|redirect)\(\s*[\"']admin:({kinds})_"
    )
    files = [path for path in (ROOT / "tracker").rglob("*.py") if built.search(path.read_text())]
    assert [str(path.relative_to(ROOT)) for path in files] == ["tracker/core/addresses.py"]
