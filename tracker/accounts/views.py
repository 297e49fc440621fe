"""The pages of one's own account. Signing in and enrolling are allauth's views, made to fit by `door`."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID, uuid4

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import suspend_request
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from allauth.mfa.adapter import get_adapter as get_factor_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.recovery_codes.internal.flows import can_generate_recovery_codes
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.internal.auth import WebAuthn, begin_registration
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth import views as django_views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from tracker.accounts import invitations, mail, sessions, throttle, tokens
from tracker.accounts.codes import use_code
from tracker.accounts.enrolment import Enrolment, accept
from tracker.accounts.forms import (
    AcceptForm,
    AddPasskeyForm,
    ChangePasswordForm,
    NewPasswordForm,
    ResetForm,
    TokenForm,
)
from tracker.accounts.middleware import too_many
from tracker.accounts.models import ApiToken, Outcome
from tracker.accounts.throttle import TooManyTries
from tracker.core.guarded import KEY
from tracker.core.models import User
from tracker.core.roles import names_of, work_of

View = Callable[..., HttpResponseBase]
# In the session: until when the page of recovery codes shows them. As long as nothing is asked again after signing in.
CODES_UNTIL, CODES_SECONDS = "codes_until", sessions.FRESH_SECONDS


def door(view: View) -> View:
    """One of allauth's views: its exceptions become answers inside the transaction, and this session outlives a change
    of the second factor that ends the others."""

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user if isinstance(request.user, User) else None
        had = sessions.has_factor(user) if user else False
        try:
            response = view(request, *args, **kwargs)
            render_now = getattr(response, "render", None)
            if callable(render_now):
                response = render_now()
        except ImmediateHttpResponse as answer:
            return answer.response
        except TooManyTries as refusal:
            return too_many(request, refusal.seconds)
        except ReauthenticationRequired:
            ways = get_adapter(request).get_reauthentication_methods(request.user)
            return suspend_request(request, ways[0]["url"] if ways else reverse("account_login"))
        if user is not None and request.method == "POST":
            _after_change(request, user, had)
        return response

    return run


def _after_change(request: HttpRequest, user: User, had: bool) -> None:
    """Where the request changed the second factor: end the other sessions, keep this one, tell the owner."""
    epoch = User.objects.values_list("session_epoch", flat=True).get(pk=user.pk)
    if not isinstance(request.user, User) or epoch == user.session_epoch:
        return
    has = sessions.has_factor(user)
    sessions.keep(request)
    request.session[sessions.SECOND_FACTOR] = has and (
        not had or bool(request.session.get(sessions.SECOND_FACTOR))
    )
    if request.session[sessions.SECOND_FACTOR]:
        request.device_of = user  # type: ignore[attr-defined]
    mail.later(mail.tell_of_change, user.pk, "second factor")


class OnToTheCodes:
    """After the first factor its recovery codes are shown at once, and lead on to where somebody was going."""

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        codes = reverse("mfa_view_recovery_codes")
        if response["Location"] != codes:
            return response
        _show_codes(self.request)  # type: ignore[attr-defined]
        wanted = self.request.GET.urlencode()  # type: ignore[attr-defined]
        return redirect(f"{codes}?{wanted}" if wanted else codes)


class EnrolPasskey(OnToTheCodes, AddWebAuthnView):
    """A passkey."""


class EnrolApp(OnToTheCodes, ActivateTOTPView):
    """An authenticator app. The code that proves it is used up with that."""

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        factor = Authenticator.objects.get(user=self.request.user, type=Authenticator.Type.TOTP)
        use_code(factor, form.cleaned_data["code"])
        return response


def _show_codes(request: HttpRequest) -> None:
    """For a few minutes this session's page of recovery codes shows them, until somebody says that they are kept."""
    request.session[CODES_UNTIL] = time.time() + CODES_SECONDS


@login_required
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """How many are left; shown once, on demand, or made anew.

    An address alone shows nothing and uses nothing up: what is shown was asked for by a POST, or enrolled just now.
    """
    user = request.user
    row = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    codes, do = row.wrap() if row else None, request.POST.get("do", "")
    if do == "kept" and codes is not None:
        codes.mark_as_viewed()
        request.session.pop(CODES_UNTIL, None)
        return redirect(sessions.wanted_page(request))
    if do in ("show", "renew") and can_generate_recovery_codes(user):
        if get_adapter(request).is_reauthentication_required(app="allauth.mfa"):
            raise ReauthenticationRequired
        if do == "renew":
            Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
            RecoveryCodes.activate(user)
        _show_codes(request)
        return redirect(request.get_full_path())
    seen = codes is None or codes.did_view
    left = codes.get_unused_codes() if codes else []
    context = {
        "title": _("Recovery codes"),
        "shown": [] if seen or time.time() >= request.session.get(CODES_UNTIL, 0) else left,
        "left": len(left),
        "seen": seen,
        "has_factor": can_generate_recovery_codes(user),
        "site": settings.PUBLIC_URL,
    }
    return render(request, "mfa/recovery_codes.html", context)


class SignOut(django_views.LogoutView):
    """Ends this session; by POST only."""

    next_page = "account_login"


@login_required
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """Ends every session of the account, after asking."""
    if request.method != "POST":
        return render(request, "account/sign_out_everywhere.html", {"title": _("Sign out everywhere")})
    assert isinstance(request.user, User)  # noqa: S101
    sessions.end_all(request.user)
    logout(request)
    messages.success(request, _("You are signed out everywhere. Sign in again to go on here."))
    return redirect("account_login")


@login_required
def own_tokens(request: HttpRequest) -> HttpResponse:
    """The tokens of one's own programs. POST makes one, after the second factor once more where that is long ago, or
    ends one."""
    assert isinstance(request.user, User)  # noqa: S101
    form, secret = TokenForm(request.POST if "make" in request.POST else None), ""
    if "end" in request.POST:
        pk = request.POST["end"]
        because = ApiToken.Ending.OWNER
        if pk.isdecimal() and len(pk) < 18 and tokens.end_token(request.user, int(pk), because):
            messages.success(request, _("The token is ended: whoever has it can write nothing any more."))
        return redirect("account_tokens")
    if form.is_bound:
        if get_adapter(request).is_reauthentication_required(app="allauth.mfa"):
            raise ReauthenticationRequired
        if form.is_valid():
            key = _form_key(request)
            made, secret, new = tokens.token_of_form(key, account=request.user, **form.cleaned_data)
            if new:
                mail.later(mail.tell_of_change, request.user.pk, "token")
            elif not made.alive:
                secret = ""
            form = TokenForm()
    context = {
        "title": _("Tokens for programs"), "form": form, "secret": secret,
        "tokens": ApiToken.objects.filter(account=request.user),
    }  # fmt: skip
    response = render(request, "account/tokens.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


def _form_key(request: HttpRequest) -> UUID:
    """The key that a form was shown with; a new one for whoever sends none."""
    try:
        return UUID(request.POST.get(KEY, ""))
    except ValueError:
        return uuid4()


@login_required
def session(request: HttpRequest) -> JsonResponse:
    """How long this session goes on; a POST makes it longer, as far as it can be."""
    if request.method == "POST":
        request.session.pop(sessions.SEEN_AT)
        sessions.touch(request.session)
    idle, whole = sessions.seconds_left(request.session)
    return JsonResponse({"idle": idle, "whole": whole})


def _void_link(request: HttpRequest) -> HttpResponse:
    return render(
        request, "account/invitation_void.html", {"title": _("This link does not work")}, status=404
    )


def _accepted(
    request: HttpRequest, token: str, enrolment: Enrolment, add_factor: Callable[[User], Authenticator]
) -> HttpResponse:
    """Everything is right: saved at once, and on to the recovery codes."""
    if not accept(request, token, enrolment.password, add_factor):
        return _void_link(request)
    _show_codes(request)
    return redirect("mfa_view_recovery_codes")


@sensitive_post_parameters()
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever was invited chooses a password and sets up an app, on one page; neither is saved without the other."""
    found = invitations.read_token(token)
    if found is None:
        return _void_link(request)
    user, inviter = found
    enrolment = Enrolment(request.session, user)
    form = AcceptForm(request.POST or None, enrolment=enrolment)
    valid = form.is_valid()
    if "passkey" in request.POST:
        # The password alone is asked for here; the passkey takes the place of the app.
        if enrolment.password:
            return redirect("account_invitation_passkey", token)
        form.errors.pop("code", None)
    elif valid:
        return _accepted(request, token, enrolment, enrolment.add_app)
    adapter = get_factor_adapter()
    url = adapter.build_totp_url(user, enrolment.secret)
    context = {
        "title": _("Set up your account"), "form": form, "enrolment": enrolment, "invited": user, "inviter": inviter,
        "roles": names_of(user.roles), "work": work_of(user.roles),
        "totp_url": url, "totp_svg": adapter.build_totp_svg(url),
        "look": reverse("account_invitation_password", args=[token]),
    }  # fmt: skip
    return render(request, "account/invitation.html", context)


@sensitive_post_parameters()
@require_POST
def invitation_password(request: HttpRequest, token: str) -> HttpResponse:
    """What is wrong with the password that somebody invited has typed, as {"complaints": [...]}, before the form is
    sent and nothing can be mended in it. Neither kept nor sent back."""
    found = invitations.read_token(token)
    if found is None:
        return _void_link(request)
    try:
        validate_password(request.POST.get("password", ""), found[0])
    except ValidationError as refusal:
        return JsonResponse({"complaints": refusal.messages})
    throttle.finish(request.attempt, Outcome.RIGHT)  # type: ignore[attr-defined]
    return JsonResponse({"complaints": []})


def invitation_with_passkey(request: HttpRequest, token: str) -> HttpResponse:
    """The other way to accept: a passkey in place of an app, once a good password waits."""
    found = invitations.read_token(token)
    if found is None:
        return _void_link(request)
    user, _inviter = found
    enrolment = Enrolment(request.session, user)
    if not enrolment.password:
        return redirect("account_invitation", token)
    form = AddPasskeyForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        return _accepted(
            request, token, enrolment,
            lambda account: WebAuthn.add(account, given["name"], given["credential"]).instance,
        )  # fmt: skip
    context = {
        "title": _("Add a passkey"), "form": form, "back": reverse("account_invitation", args=[token]),
        "js_data": {"creation_options": begin_registration(user, False)},
    }  # fmt: skip
    return render(request, "account/invitation_passkey.html", context)


class ChangePassword(django_views.PasswordChangeView):
    """Needs the password of before. Every other session ends with it."""

    form_class = ChangePasswordForm
    template_name = "account/change_password.html"
    success_url = reverse_lazy("mfa_index")
    extra_context = {"title": gettext_lazy("Change password")}

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        messages.success(self.request, _("Your password is changed. You are signed out everywhere else."))
        mail.later(mail.tell_of_change, self.request.user.pk, "password")
        return response


def reset(request: HttpRequest) -> HttpResponse:
    """Asks for a link by mail. The answer is the same whether there is such an account or not."""
    form = ResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        mail.later(mail.send_reset, form.cleaned_data["email"])
        return redirect("account_reset_password_done")
    return render(request, "account/reset.html", {"title": _("Forgotten password"), "form": form})


def reset_done(request: HttpRequest) -> HttpResponse:
    """What to do until the mail comes."""
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    return render(request, "account/reset_done.html", {"title": _("Look into your mail"), "minutes": minutes})


class ResetFromLink(django_views.PasswordResetConfirmView):
    """A new password. Nobody is signed in by it: the second factor is asked as ever."""

    form_class = NewPasswordForm
    template_name = "account/reset_from_link.html"
    success_url = reverse_lazy("account_reset_password_complete")
    extra_context = {"title": gettext_lazy("New password")}

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(*args, **kwargs)
        attempt = getattr(self.request, "attempt", None)
        if attempt is not None and response.status_code == 302:
            throttle.finish(attempt, Outcome.RIGHT)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        # Whoever reads the owner's mail is not kept out by somebody who burns the tries from elsewhere.
        self.request.device_of = self.user  # type: ignore[attr-defined]
        mail.later(mail.tell_of_change, form.user.pk, "password")
        return response


def reset_complete(request: HttpRequest) -> HttpResponse:
    """Done; on to signing in."""
    return render(request, "account/reset_complete.html", {"title": _("The new password is set")})
