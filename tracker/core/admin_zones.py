"""Forms whose country proposes the time zone."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.translation import gettext as _t

from tracker.core.addresses import screen_address
from tracker.core.timezones import Proposal, clock_of_country, propose_zone


def doubts_of_zone(record: Any, day: date) -> list[str]:
    """A doubt where no clock in the record's country shows on `day` what its time zone does."""
    if clock_of_country(record.country_id, record.timezone_id, day):
        return []
    text = _t("no clock in %(country)s keeps the time of %(zone)s")
    return [text % {"country": record.country, "zone": record.timezone_id}]


def read_coordinate(text: str) -> float | None:
    """A coordinate as typed so far, or None."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


class ZoneProposalMixin(admin.ModelAdmin):
    """A form whose country proposes the time zone; static/staff/zone.js fills it in."""

    class Media:
        js = ("staff/zone.js",)

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_propose_zone"
        view = self.admin_site.admin_view(self.propose_zone_view)
        return [path("propose-zone/", view, name=name), *super().get_urls()]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "timezone" and field is not None:
            address = screen_address(self.model, "propose_zone")
            field.widget.attrs["data-propose-zone"] = address
        return field

    def require_editor(self, request: HttpRequest) -> None:
        """Refuse whoever may neither add nor change these records."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise self.refusal(request, "change")  # type: ignore[attr-defined]

    def propose(self, country: str, city: str, latitude: float | None, longitude: float | None) -> Proposal:
        """The zone to propose; overridden where the register knows better."""
        return propose_zone(country, city, latitude, longitude)

    def propose_zone_view(self, request: HttpRequest) -> HttpResponse:
        """The proposed zone, its reason and the other candidates, as JSON."""
        self.require_editor(request)
        values = {
            # Without the character that no database takes.
            name: request.GET.get(name, "").replace("\0", "").strip()
            for name in ("country", "city", "latitude", "longitude")
        }
        proposal = self.propose(
            values["country"], values["city"],
            read_coordinate(values["latitude"]), read_coordinate(values["longitude"]),
        )  # fmt: skip
        return JsonResponse(
            {
                "zone": proposal.zone,
                "certain": proposal.certain,
                "text": f"{proposal.zone}: {proposal.reason}" if proposal.zone else proposal.reason,
                "candidates": [{"zone": zone, "label": _t("Use %(zone)s") % {"zone": zone}}
                               for zone in proposal.candidates],
            }
        )  # fmt: skip
