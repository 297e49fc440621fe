from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "tracker.staff"
    verbose_name = _("Staff screens")
    default = True


class StaffAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our own site in place of the stock one."""

    default_site = "tracker.staff.site.StaffSite"
    default = False
