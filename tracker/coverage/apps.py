from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CoverageConfig(AppConfig):
    name = "tracker.coverage"
    verbose_name = _("Coverage")

    def ready(self) -> None:
        from tracker.coverage.corrections import install

        post_migrate.connect(install, sender=self)
