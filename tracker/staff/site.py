from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

# The index in the order of the work, not of the apps. A model that is not named here comes last, under its own app.
SECTIONS = (
    (_("Elections"), ("Election", "Constituency", "Milestone", "AnnouncedFigure")),
    (_("Polling stations"), ("PollingStation", "VotingWindow")),
    (_("Missions"), ("Organization", "Mission", "Membership", "Engagement", "Statement")),
    (
        _("Accreditation"),
        ("AccreditationDesk", "Accreditation", "Observer", "Outlet", "AccreditationRule", "Person"),
    ),
    (_("What was published"), ("Publishing", "Edition")),
    (_("Sources"), ("Source",)),
    (_("Accounts"), ("User", "Group")),
    (_("Reference tables"), ("Country", "TimeZone")),
)


class StaffSite(AdminSite):
    """The register's admin, at /staff/."""

    site_title = _("Observation tracker")
    site_header = _("Observation tracker: the register")
    index_title = _("The register")
    enable_nav_sidebar = True

    def get_urls(self) -> list[Any]:
        """The workflow screens, before the admin's own addresses."""
        from tracker.staff import (
            accreditation,
            publishing,
        )  # the site is made before the apps' models are loaded

        desk = {
            "": ("accreditation", accreditation.elections),
            "<slug:slug>/": ("accreditation_queue", accreditation.queue),
            "<slug:slug>/prepare/": ("accreditation_prepare", accreditation.prepare),
            "<slug:slug>/decisions/<int:pk>/": ("accreditation_decision", accreditation.decision),
            "<slug:slug>/applications/<int:pk>/": ("accreditation_application", accreditation.application),
            "<slug:slug>/apply/observer/": ("accreditation_observer", accreditation.apply_observer),
            "<slug:slug>/apply/media/": ("accreditation_media", accreditation.apply_media),
            "<slug:slug>/badges/": ("accreditation_badges", accreditation.badges),
        }
        return [
            *(
                path(f"accreditation/{route}", self.admin_view(view), name=name)
                for route, (name, view) in desk.items()
            ),
            path("publishing/", self.admin_view(publishing.elections), name="publishing"),
            path("publishing/<slug:slug>/", self.admin_view(publishing.election), name="publishing_election"),
            *super().get_urls(),
        ]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """The models a person may see, in the sections people work in; one app's own page stays as it is."""
        apps: list[dict[str, Any]] = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = {model["object_name"]: (app, model) for app in apps for model in app["models"]}
        if "Edition" in models:
            app, edition = models["Edition"]
            screen = edition | {
                "name": _("Publishing of figures"),
                "object_name": "Publishing",
                "admin_url": reverse("admin:publishing"),
            }
            models["Publishing"] = (app, screen)
        if "Accreditation" in models:
            app, accreditation = models["Accreditation"]
            screen = accreditation | {
                "name": _("Accreditation queue"),
                "object_name": "AccreditationDesk",
                "admin_url": reverse("admin:accreditation"),
                "add_url": None,
            }
            models["AccreditationDesk"] = (app, screen)
        sections = []
        for title, names in SECTIONS:
            found = [models.pop(name) for name in names if name in models]
            if found:
                app, first = found[0]
                # An app's address lights up its section; two sections of one app need their own.
                own = app["app_label"] == "core" or any(
                    section["app_url"] == app["app_url"] for section in sections
                )
                address = first["admin_url"] if own else app["app_url"]
                sections.append(
                    app | {"name": title, "app_url": address, "models": [model for _app, model in found]}
                )
        for app in apps:
            rest = [model for model in app["models"] if model["object_name"] in models]
            if rest:
                sections.append(app | {"models": rest})
        return sections
