from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CoverageConfig(AppConfig):
    name = "tracker.coverage"
    verbose_name = _("Coverage")

    def ready(self) -> None:
        from tracker.core.history.installed import SOURCES
        from tracker.coverage import corrections

        post_migrate.connect(corrections.install, sender=self)
        SOURCES["tracker.coverage.corrections"] = corrections.statements
