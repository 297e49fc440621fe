import logging
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, NamedTuple

from django.contrib.admin import AdminSite, ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from tracker.core.admin_access import NarrowedLookup
from tracker.core.roles import Role

log = logging.getLogger("tracker.access")


class Screen(NamedTuple):
    """A screen of work that is no list of a model: its name, address, and the permission that shows it (any, if "")."""

    name: Promise
    address: str
    permission: str = ""


# The index in the order of the work, not of the apps: title, screens of work, models. A model that is not named here
# comes last, under its own app.
SECTIONS: tuple[tuple[Promise, tuple[Screen, ...], tuple[str, ...]], ...] = (
    (_("Elections"), (), ("Election", "Constituency", "Milestone", "AnnouncedFigure")),
    (_("Polling stations"), (), ("PollingStation", "VotingWindow")),
    (_("Missions"), (), ("Organization", "Mission", "Membership", "Engagement", "Statement")),
    (
        _("Accreditation"),
        (Screen(_("Accreditation queue"), "admin:accreditation", "missions.view_accreditation"),),
        ("Accreditation", "Observer", "Outlet", "AccreditationRule", "Person", "PersonReading"),
    ),
    (
        _("Field work"),
        (
            Screen(_("Deployment board"), "admin:boards", "fieldwork.view_deployment"),
            Screen(_("Enter a visit"), "admin:visit_new", "fieldwork.add_visit"),
            Screen(_("My visits and drafts"), "admin:visits", "fieldwork.view_visit"),
            Screen(_("Incidents to check"), "admin:incidents", "fieldwork.view_incident"),
        ),
        ("Team", "Deployment", "Visit", "Incident"),
    ),
    (
        _("What was published"),
        (Screen(_("Publishing of figures"), "admin:publishing", "coverage.view_edition"),),
        ("Edition",),
    ),
    (_("Sources"), (Screen(_("Files brought"), "admin:uploads", "ingest.view_upload"),), ("Source",)),
    (
        _("Accounts and jobs"),
        (
            Screen(_("History of everything"), "admin:history", "core.view_change"),
            Screen(_("Jobs"), "admin:jobs"),
        ),
        ("User",),
    ),
    (_("Reference tables"), (), ("Country", "TimeZone")),
)

# Lists that a screen of work leads to, and the index does not.
ELSEWHERE = ("Job",)

# What people begin with, as buttons at the top of the first page.
BEGIN = (
    Screen(_("Enter a mission"), "admin:missions_mission_add", "missions.add_mission"),
    Screen(_("Decide applications"), "admin:accreditation", "missions.change_accreditation"),
    Screen(_("Enter a polling station"), "admin:stations_pollingstation_add", "stations.add_pollingstation"),
    Screen(_("Enter a visit"), "admin:visit_new", "fieldwork.add_visit"),
    Screen(_("Invite somebody"), "admin:core_user_invite", "core.add_user"),
)


def administrators() -> list[str]:
    """The names of those who can give an account its role."""
    from tracker.core.models import User  # needs the apps to be loaded

    rows = User.objects.filter(roles__contains=[Role.ADMINISTRATOR], is_active=True).order_by(
        "last_name", "username"
    )
    return [row.get_full_name() or row.username for row in rows[:5]]


class EveryScreen:
    """For every screen of the admin: Django's own log is not written, as the database keeps the history (core.history);
    and a list is called what it lists."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found: Any = super().get_changelist_instance(request)  # type: ignore[misc]
        if not found.is_popup:
            found.title = capfirst(found.opts.verbose_name_plural)
        return found

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        return None

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        return None


class StaffSite(AdminSite):
    """The register's admin, at /staff/."""

    site_title = _("Observation tracker")
    site_header = _("Observation tracker: the register")
    index_title = _("The register")
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """As everywhere; one record of a change is enough, so no screen writes a second."""
        own = admin_class or ModelAdmin
        super().register(model_or_iterable, type(own.__name__, (EveryScreen, own), {}), **options)

    def mark_corrected(self, records: Iterable[Any]) -> None:
        """Set `corrected_at` on each record, for screens of apps that know nothing of corrections."""
        from tracker.coverage.corrections import mark_corrected

        mark_corrected(records)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one page to sign in, for these screens as for all others."""
        return redirect("account_login")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The first page, with what waits for whoever looks at it."""
        from tracker.staff import desk  # needs the apps to be loaded

        waiting = {
            "begin": [screen for screen in BEGIN if _may_see(request, screen)],
            "waiting": desk.waiting_for(request.user),  # type: ignore[arg-type]
            "handed_in": desk.handed_in_by(request.user),  # type: ignore[arg-type]
            "drafts": desk.drafts_of(request.user),  # type: ignore[arg-type]
            "published": desk.published_of(request.user),  # type: ignore[arg-type]
            "administrators": [] if request.user.get_all_permissions() else administrators(),
        }
        return super().index(request, waiting | (extra_context or {}))

    def get_urls(self) -> list[Any]:
        """The workflow screens, before the admin's own addresses."""
        # They need the apps to be loaded, and the site is made before.
        from tracker.core.once import once
        from tracker.staff import (
            accreditation,
            applications,
            board,
            history,
            incidents,
            jobs,
            people,
            publishing,
            upload_reading,
            uploads,
            visits,
        )

        views = {
            "accreditation/": ("accreditation", accreditation.elections),
            "accreditation/<slug:slug>/": ("accreditation_queue", accreditation.queue),
            "accreditation/<slug:slug>/prepare/": ("accreditation_prepare", accreditation.prepare),
            "accreditation/<slug:slug>/decisions/<int:pk>/": (
                "accreditation_decision",
                accreditation.decision,
            ),
            "accreditation/<slug:slug>/applications/<int:pk>/": (
                "accreditation_application",
                applications.application,
            ),
            "accreditation/<slug:slug>/apply/observer/": (
                "accreditation_observer",
                applications.apply_observer,
            ),
            "accreditation/<slug:slug>/apply/media/": ("accreditation_media", applications.apply_media),
            "accreditation/<slug:slug>/badges/": ("accreditation_badges", accreditation.badges),
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
            "people/<int:pk>/export/": ("person_export", people.export),
            "people/<int:pk>/erase/": ("person_erase", people.erase),
            "history/": ("history", history.history),
            # In place of the page of each model that Django's own log would fill.
            "<str:app>/<str:model>/<path:key>/history/": ("object_history", history.object_history),
            "files/": ("uploads", uploads.uploads),
            "files/remembered/": ("uploads_remembered", uploads.remembered),
            "files/new/": ("upload_new", uploads.new),
            "files/<int:pk>/": ("upload", uploads.upload),
            "files/<int:pk>/reading/": ("upload_mapping", upload_reading.mapping),
            "files/<int:pk>/questions/": ("upload_questions", upload_reading.questions),
            "files/<int:pk>/records/": ("upload_records", uploads.records),
            "files/<int:pk>/rows-to-mend/": ("upload_bad_rows", uploads.bad_rows),
            "files/<int:pk>/file/": ("upload_file", uploads.file),
            "files/<int:pk>/hand-in/": ("upload_submit", uploads.submit),
            "jobs/": ("jobs", jobs.jobs),
            "jobs/<int:pk>/": ("job", jobs.job),
        }
        own = [path(route, self.admin_view(once(view)), name=name) for route, (name, view) in views.items()]
        # Django's own way from a record to its public page would tell whether any row of any table exists.
        return [
            *own,
            *(route for route in super().get_urls() if getattr(route, "name", "") != "view_on_site"),
        ]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Every screen behind the door: who was refused what is written down."""
        return super().admin_view(_logged(view), cacheable)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return NarrowedLookup.as_view(admin_site=self)(request)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """What a person may see, in the sections people work in; one app's own page stays as it is."""
        apps: list[dict[str, Any]] = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = {
            model["object_name"]: (app, model)
            for app in apps
            for model in app["models"]
            if model["object_name"] not in ELSEWHERE
        }
        sections: list[dict[str, Any]] = []
        for title, screens, names in SECTIONS:
            found = [models.pop(name) for name in names if name in models]
            rows = [_as_model(screen) for screen in screens if _may_see(request, screen)]
            rows += [model for _app, model in found]
            if rows:
                # An app's address lights up its section; two sections of one app need their own.
                app = (
                    found[0][0] if found else {"app_label": "staff", "has_module_perms": True, "app_url": ""}
                )
                taken = app["app_label"] == "core" or any(s["app_url"] == app["app_url"] for s in sections)
                address = rows[0]["admin_url"] if taken or not found else app["app_url"]
                sections.append(app | {"name": title, "app_url": address, "models": rows})
        for app in apps:
            rest = [model for model in app["models"] if model["object_name"] in models]
            if rest:
                sections.append(app | {"models": rest})
        return sections


def _may_see(request: HttpRequest, screen: Screen) -> bool:
    if not screen.permission:
        return bool(request.user.get_all_permissions())
    return request.user.has_perm(screen.permission)


def _logged(view: Callable[..., Any]) -> Callable[..., Any]:
    """`view`, with a line in the log of refusals: the account, the screen and the keys of its address, no more."""

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return view(request, *args, **kwargs)
        except (PermissionDenied, Http404) as refusal:
            found = "refused" if isinstance(refusal, PermissionDenied) else "not there, or not theirs"
            screen = request.resolver_match.view_name if request.resolver_match else ""
            # repr: a line feed in an address makes no second line of the log.
            keys = " ".join(f"{name}={str(value)[:40]!r}" for name, value in kwargs.items())
            log.warning("account %s, %s %s %s: %s", request.user.pk, request.method, screen, keys, found)
            raise

    return run


def _as_model(screen: Screen) -> dict[str, Any]:
    """A screen in the shape of the models of the index."""
    return {
        "name": screen.name,
        "object_name": screen.address.split(":")[1],
        "admin_url": reverse(screen.address),
        "add_url": None,
        "view_only": True,
        "perms": {},
    }
