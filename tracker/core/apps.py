from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "tracker.core"
    verbose_name = _("Accounts, places and sources")

    def ready(self) -> None:
        from tracker.core import wall
        from tracker.core.history import install
        from tracker.core.history.install import sync_history
        from tracker.core.history.installed import SOURCES
        from tracker.core.reference import sync_reference_tables

        # The kinds of job stand in each app's tasks; screens and commands know them too, not only the worker.
        autodiscover_modules("tasks")
        post_migrate.connect(sync_reference_tables, sender=self)
        post_migrate.connect(sync_history, sender=self)
        # Last: it closes what the others made.
        post_migrate.connect(wall.install, sender=self)
        # The same, for whoever checks that it is still there.
        SOURCES["tracker.core.history.sql"] = install.statements
        SOURCES["tracker.core.wall"] = wall.statements_here
