"""How Django asks who may do what: every `has_perm` is answered from the table of roles, and from nothing else."""

from typing import Any

from django.contrib.auth.backends import BaseBackend

from tracker.core.ownership import rows_for
from tracker.core.roles import ROLES, granted_by, may_everywhere


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
