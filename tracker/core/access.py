"""How Django asks who may do what: every `has_perm` is answered from the table of roles, and from nothing else."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _

from tracker.core.ownership import rows_for
from tracker.core.roles import ROLES, granted_by, may_everywhere, who_may


class WithoutPermissions:
    """For a backend that signs people in: it knows who somebody is and says nothing of what they may do.

    To be named before the backend it is mixed into, whose groups and permissions of accounts then count for nothing.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return False

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()


class RoleBackend(BaseBackend):
    """Permissions from the roles of an account. With a record, also whose record it is."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        roles = granted_by(user_obj, perm)
        if not roles or obj is None or may_everywhere(user_obj, perm):
            return bool(roles)
        action = perm.split(".")[1].split("_")[0]
        return rows_for(type(obj)._base_manager.filter(pk=obj.pk), user_obj, action).exists()

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(name.startswith(f"{app_label}.") for name in self.get_all_permissions(user_obj))

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous:
            return set()
        roles = ROLES if user_obj.is_superuser else user_obj.roles
        return set().union(*(ROLES.get(role, ()) for role in roles))


def require(request: HttpRequest, *permissions: str, row: Any = None) -> None:
    """Refuse whoever lacks one of `permissions`; with `row`, whoever may not do this to it, which they may see."""
    for name in permissions:
        if not request.user.has_perm(name, row):
            raise denied(request.user, name)


def denied(user: Any, *permissions: str) -> PermissionDenied:
    """The refusal of what takes one of `permissions`: who can do it, as the table of roles says."""
    roles = dict.fromkeys(words for name in permissions if (words := who_may(name)))
    if not roles:
        return PermissionDenied(_("No role of the tracker includes this."))
    if any(granted_by(user, name) and may_everywhere(user, name) for name in permissions):
        return PermissionDenied(_("Your role includes it, but not for this record as it is now."))
    text = _(
        "This is done by: %(roles)s. Ask somebody with that role; if it belongs to your work, an administrator of the "
        "tracker can give your account the role."
    )
    return PermissionDenied(text % {"roles": "; ".join(roles)})
