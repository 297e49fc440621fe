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
    (_("Field work"), ("Team", "Deployment", "Visit", "Incident")),
    (_("What was published"), ("Publishing", "Edition")),
    (_("Sources"), ("Source",)),
    (_("Accounts and jobs"), ("User", "Group", "Jobs", "Job")),
    (_("Reference tables"), ("Country", "TimeZone")),
)

# Screens of work in the field that are no list of a model: name, address, and the permission that shows them.
FIELD_SCREENS = (
    (_("Deployment board"), "admin:boards", "fieldwork.view_deployment"),
    (_("Enter a visit"), "admin:visit_new", "fieldwork.add_visit"),
    (_("My visits and drafts"), "admin:visits", "fieldwork.add_visit"),
    (_("Incidents to check"), "admin:incidents", "fieldwork.view_incident"),
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
            board,
            incidents,
            jobs,
            publishing,
            visits,
        )  # they need the apps to be loaded

        views = {
            "board/": ("boards", board.boards),
            "board/<slug:slug>/": ("board", board.board),
            "board/<slug:slug>/plan/": ("board_plan", board.plan),
            "board/<slug:slug>/deployments/<int:pk>/<str:step>/": ("board_step", board.step),
            "visits/": ("visits", visits.visits),
            "visits/new/": ("visit_new", visits.new),
            "visits/stations/": ("visit_stations", visits.stations),
            "visits/<int:pk>/": ("visit", visits.visit),
            "visits/<int:pk>/correct/": ("visit_correct", visits.correct),
            "visits/<int:pk>/<str:step>/": ("visit_step", visits.step),
            "incidents/": ("incidents", incidents.incidents),
            "incidents/<int:pk>/": ("incident", incidents.incident),
            "publishing/": ("publishing", publishing.elections),
            "publishing/<slug:slug>/": ("publishing_election", publishing.election),
            "jobs/": ("jobs", jobs.jobs),
            "jobs/<int:pk>/": ("job", jobs.job),
        }
        own = [path(route, self.admin_view(view), name=name) for route, (name, view) in views.items()]
        return [*own, *super().get_urls()]

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
        if "Job" in models:
            app, job = models["Job"]
            screen = job | {
                "name": _("Jobs in the background"),
                "object_name": "Jobs",
                "admin_url": reverse("admin:jobs"),
            }
            models["Jobs"] = (app, screen | {"add_url": None})
            job["name"] = _("Jobs, for looking back")
        sections = []
        for title, names in SECTIONS:
            found = [models.pop(name) for name in names if name in models]
            if found:
                app, first = found[0]
                # An app's address lights up its section; two sections of one app need their own.
                address = app["app_url"] if app["app_label"] != "core" else first["admin_url"]
                rows = [model for _app, model in found]
                if app["app_label"] == "fieldwork":
                    rows = [*_field_screens(request), *rows]
                sections.append(app | {"name": title, "app_url": address, "models": rows})
        for app in apps:
            rest = [model for model in app["models"] if model["object_name"] in models]
            if rest:
                sections.append(app | {"models": rest})
        return sections


def _field_screens(request: HttpRequest) -> list[dict[str, Any]]:
    """The screens of field work that this account may open, in the shape of models of the index."""
    return [
        {
            "name": name,
            "object_name": address.split(":")[1],
            "admin_url": reverse(address),
            "add_url": None,
            "view_only": True,
            "perms": {},
        }
        for name, address, permission in FIELD_SCREENS
        if request.user.has_perm(permission)
    ]
