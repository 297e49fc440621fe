"""Screens of accounts: invitations, lost second factors, and the list of tries."""

import logging
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.accounts import invitations, mail, sessions
from tracker.accounts.forms import InviteForm
from tracker.accounts.models import ApiToken, SignInAttempt
from tracker.accounts.throttle import account_seal
from tracker.accounts.tokens import end_token, live_tokens
from tracker.core.addresses import screen_address
from tracker.core.admin import ReferenceAdmin
from tracker.core.models import User
from tracker.core.once import once
from tracker.core.roles import Role
from tracker.missions.admin import AccountInMissionsAdmin
from tracker.missions.models import Affiliation, Organization

log = logging.getLogger(__name__)
# Secrets and addresses of accounts are no lists to browse.
for model in (EmailAddress, Authenticator):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
admin.site.unregister(User)


class InvitationForm(InviteForm):
    """Whom to invite, and for a coordinator, whom they work for."""

    organization = forms.ModelChoiceField(
        Organization.objects.order_by("name"),
        label=_("Organization"),
        required=False,
        help_text=_("For a mission coordinator: whose teams, visits and statements they work on."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        coordinator = Role.COORDINATOR in cleaned.get("roles", [])
        if coordinator and cleaned.get("organization") is None and "organization" not in self.errors:
            self.add_error("organization", _t("A mission coordinator works for an organization: choose it."))
        if not coordinator and cleaned.get("organization") is not None:
            self.add_error(
                "organization", _t("Only a mission coordinator has one: add the role, or leave it empty.")
            )
        return cleaned


@admin.register(User)
class InvitedAccountAdmin(AccountInMissionsAdmin):
    """Accounts come by invitation; nobody types a password for somebody else."""

    change_form_template = "admin/core/user/change_form.html"
    change_list_template = "admin/core/user/change_list.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=sessions.FACTORS)
        return invitations.with_waiting(super().get_queryset(request)).annotate(enrolled=Exists(factors))

    def get_list_display(self, request: HttpRequest) -> Any:
        shown: Any = super().get_list_display(request)
        # Whether a factor is set up is for those who look after accounts; the database tells it to nobody else.
        if not request.user.has_perm("core.change_user"):
            return shown
        return (*(column for column in shown if column != "is_active"), "sign_in_state")

    @admin.display(description=_("sign-in"))
    def sign_in_state(self, account: User) -> SafeString:
        """Whether the account is ready to be used, and if not, what is missing."""
        if invitations.awaits(account):
            return format_html('<span class="badge badge-hidden">{}</span>', _t("invited"))
        if not account.is_active:
            return format_html('<span class="badge badge-draft">{}</span>', _t("closed"))
        if not account.enrolled:  # type: ignore[attr-defined]
            return format_html('<span class="badge badge-hidden">{}</span>', _t("no second factor yet"))
        return format_html('<span class="badge badge-published">{}</span>', _t("ready"))

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("invite/", wrap(once(self.invite_view)), name="core_user_invite"),
            path("<int:pk>/invite-again/", wrap(self.invite_again_view), name="core_user_invite_again"),
            path("<int:pk>/send-link/", wrap(self.send_link_view), name="core_user_send_link"),
            path("<int:pk>/new-factor/", wrap(self.new_factor_view), name="core_user_new_factor"),
            path("<int:pk>/end-sessions/", wrap(self.end_sessions_view), name="core_user_end_sessions"),
            path("<int:pk>/end-token/<int:token>/", wrap(self.end_token_view), name="core_user_end_token"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """An account is added by inviting its owner."""
        if not self.has_add_permission(request):
            raise self.refusal(request, "add")
        return redirect(screen_address(User, "invite"))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Nobody sets a password for somebody else: they get a link by mail."""
        raise PermissionDenied(_t("Nobody sets a password for somebody else: its owner gets a link by mail."))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        account = self.get_object(request, object_id)
        context = {
            "awaits": account is not None and invitations.awaits(account),
            "may_get_link": account is not None and invitations.may_get_link(account),
            "has_factor": account is not None and sessions.has_factor(account),
            "attempts": (
                SignInAttempt.objects.filter(account=account_seal(account.username))[:10]
                if account is not None and request.user.has_perm("accounts.view_signinattempt")
                else []
            ),
            "tokens": [] if account is None else live_tokens(account),
        }
        return super().change_view(request, object_id, form_url, (extra_context or {}) | context)

    def _render(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        return render(
            request, template, self.admin_site.each_context(request) | {"opts": self.opts} | context
        )

    def invite_view(self, request: HttpRequest) -> HttpResponse:
        """Name, address and roles; the rest is done by the one who is invited."""
        if not self.has_add_permission(request):
            raise self.refusal(request, "add")
        form = InvitationForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            values = form.cleaned_data
            with transaction.atomic():
                account = invitations.invite(
                    email=values["email"], first_name=values["first_name"], last_name=values["last_name"],
                    roles=values["roles"], by=request.user,
                )  # fmt: skip
                if values["organization"]:
                    Affiliation.objects.create(account=account, organization=values["organization"])
            words = _t("Invitation sent to %(email)s: the link works once, for %(days)d days.")
            said = words % {"email": account.email, "days": invitations.DAYS}
            messages.success(request, f"{said} {mail.where_mails_are()}".strip())
            return redirect(screen_address(User, "changelist"))
        return self._render(request, "admin/core/user/invite.html", title=_t("Invite somebody"), form=form)

    def _confirmed(self, request: HttpRequest, pk: int, title: str, text: str, button: str) -> Any:
        """The account, once a change of how it signs in was asked for and confirmed; before, the page that asks."""
        account = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_change_permission(request, account):
            raise self.refusal(request, "change", account)
        if request.method == "POST":
            return account, redirect(screen_address(account, "change", account.pk))
        back = screen_address(account, "change", account.pk)
        words = {"title": title, "text": text, "button": button, "back": back, "account": account}
        return None, self._render(request, "admin/core/user/confirm.html", **words)

    def invite_again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new link for somebody who has not used the one of before."""
        account, answer = self._confirmed(
            request, pk, _t("Invite again?"),
            _t("A new link is sent by mail; those of before no longer work."), _t("Send a new invitation"),
        )  # fmt: skip
        if account is not None and invitations.awaits(account):
            invitations.invite_again(account, by=request.user)
            messages.success(
                request, f"{_t('A new invitation is on its way.')} {mail.where_mails_are()}".strip()
            )
        return answer

    def send_link_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """For an owner whom somebody keeps out by burning the tries: a link that no limit holds up."""
        account, answer = self._confirmed(
            request, pk, _t("Send a link to sign in?"),
            _t("It goes to the address of the account, works once and for an hour: the owner sets a password, and can "
               "then sign in from that browser whatever others try meanwhile. The second factor stays."),
            _t("Send the link"),
        )  # fmt: skip
        if account is not None and invitations.may_get_link(account):
            mail.later(mail.send_link, account.pk)
            log.info("account %s sends a link to sign in to account %s", request.user.pk, account.pk)
            messages.success(request, f"{_t('The link is on its way.')} {mail.where_mails_are()}".strip())
        elif account is not None:
            messages.error(
                request, _t("Nothing was sent: the account is closed, has no address or no password yet.")
            )
        return answer

    def new_factor_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A lost phone: the second factors are taken away, and the next sign-in enrols a new one."""
        account, answer = self._confirmed(
            request, pk, _t("Take away the second factor?"),
            _t("Do this only when you know that it is really they who ask, by voice or face and not by mail. Their "
               "app, passkeys and recovery codes no longer work, their sessions end, and the next sign-in with the "
               "password sets up a new second factor. They are told by mail."),
            _t("Take it away"),
        )  # fmt: skip
        if account is not None:
            Authenticator.objects.filter(user=account).delete()
            mail.later(mail.tell_of_change, account.pk, "second factor")
            messages.success(request, _t("The second factor is gone; the next sign-in sets up a new one."))
        return answer

    def end_sessions_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Sign somebody out everywhere."""
        account, answer = self._confirmed(
            request, pk, _t("Sign this account out everywhere?"),
            _t("Every session of the account ends with its next request, and every token for programs."),
            _t("Sign out everywhere"),
        )  # fmt: skip
        if account is not None:
            sessions.end_all(account)
            messages.success(request, _t("The account is signed out everywhere."))
        return answer

    def end_token_view(self, request: HttpRequest, pk: int, token: int) -> HttpResponse:
        """End one token of somebody's program."""
        account, answer = self._confirmed(
            request, pk, _t("End this token?"),
            _t("Whatever program has it can write nothing any more in the name of this account. The account’s sessions "
               "and its other tokens go on."),
            _t("End the token"),
        )  # fmt: skip
        if account is not None and end_token(account, token, ApiToken.Ending.ADMINISTRATOR):
            messages.success(request, _t("The token is ended."))
        return answer


@admin.register(SignInAttempt)
class SignInAttemptAdmin(ReferenceAdmin):
    """Every try of the last ninety days. Names are kept as hashes: search with a whole user name."""

    list_display = ("at", "kind", "door", "outcome", "address", "known")
    list_filter = ("outcome", "kind")
    search_fields = ("=address",)
    search_help_text = _("A whole user name, or an address.")
    date_hierarchy = "at"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        found = queryset.filter(account=account_seal(search_term)) if search_term else queryset
        if search_term and not found.exists():
            return super().get_search_results(request, queryset, search_term)
        return found, False

    @admin.display(description=_("known device"), boolean=True)
    def known(self, attempt: SignInAttempt) -> bool:
        return bool(attempt.device)
