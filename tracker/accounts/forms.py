"""Forms of the sign-in pages. What is right is told to the throttle; what is not told counts as wrong."""

import time
from collections.abc import Mapping
from typing import Any

from allauth.account.forms import LoginForm
from allauth.core import context
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tracker.accounts import throttle
from tracker.accounts.codes import half_minute, use_code
from tracker.accounts.enrolment import Enrolment
from tracker.accounts.models import ApiToken, Outcome
from tracker.core.models import User
from tracker.core.roles import Role

GOOD_PASSWORD = _("Twelve characters or more. Four unrelated words are good; names and patterns are not.")


def was_right() -> None:
    """This request's try was right."""
    throttle.finish(context.request.attempt, Outcome.RIGHT)


class SignInForm(LoginForm):
    """User name or e-mail address, and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label=_("User name or e-mail"),
            max_length=254,
            widget=forms.TextInput(
                attrs={
                    "autocomplete": "username",
                    "autocapitalize": "none",
                    "spellcheck": "false",
                    "autofocus": True,
                }
            ),
        )
        self.fields["password"] = forms.CharField(
            label=_("Password"),
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        )
        self.order_fields(["login", "password"])

    def clean(self) -> Any:
        try:
            return super().clean()
        except ValidationError:
            # One sentence for whatever is wrong: it does not tell whether there is such an account.
            raise ValidationError(
                _(
                    "This name and password do not belong together. Passwords tell capital letters from small ones."
                ),
                code="wrong",
            ) from None


class CodeInput(forms.TextInput):
    """Empty again after a code was refused: the next one is another."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


class CodeField(forms.CharField):
    """Six digits, or a recovery code; blanks between them do no harm."""

    def __init__(self) -> None:
        attrs = {
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "spellcheck": "false",
            "autofocus": True,
        }
        super().__init__(label=_("Code"), max_length=20, widget=CodeInput(attrs=attrs))


class EnrolAppForm(ActivateTOTPForm):
    """The code that proves that the app has the key."""

    code = CodeField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The key that was shown stays: on a telephone the page is often loaded anew by whoever comes back from the app.
        shown = context.request.session.get(SECRET_SESSION_KEY)
        super().__init__(*args, **kwargs)
        if shown:
            self.secret = context.request.session[SECRET_SESSION_KEY] = shown

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].split())
        if half_minute(self.secret, code) is None:
            raise ValidationError(what_is_wrong(self.secret, code), code="wrong")
        return code


def what_is_wrong(secret: str, code: str) -> str:
    """Why a code does not prove that an app has the key `secret`, to whoever has the key before their eyes."""
    if len(code) != 6 or not code.isdecimal():
        return _t("A code has six digits: type those that the app shows now.")
    counter = half_minute(secret, code, around=120)
    if counter is None:
        return _t(
            "This code does not belong to this key. Type the one that the new entry in the app shows now."
        )
    minutes = (counter - int(time.time()) // 30) / 2
    if -3 < minutes < 0:
        return _t("The half minute of this code is over: type the one that the app shows now.")
    late = ngettext(
        "The clock of your phone is %(count)d minute wrong.", "The clock of your phone is %(count)d minutes wrong.",
        max(1, round(abs(minutes))),
    ) % {"count": max(1, round(abs(minutes)))}  # fmt: skip
    return f"{late} {_t('Let it set its clock by itself, and type the code that it shows then.')}"


class AcceptForm(forms.Form):
    """An invitation accepted with an app: a password, and the code that proves that the app has the key. What is right
    is kept in `enrolment`, and not asked for again."""

    password = forms.CharField(
        label=_("Password"), strip=False, help_text=GOOD_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
    )  # fmt: skip
    code = CodeField()

    def __init__(self, *args: Any, enrolment: Enrolment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enrolment = enrolment
        self.fields["code"].label = _("Six digits that it shows")
        self._ask_for_the_rest({})

    def clean_password(self) -> None:
        password = self.cleaned_data["password"]
        if password:
            self.enrolment.keep_password("")
            validate_password(password, self.enrolment.user)
            self.enrolment.keep_password(password)

    def clean_code(self) -> None:
        code = "".join(self.cleaned_data["code"].split())
        counter = half_minute(self.enrolment.secret, code)
        if counter is None:
            raise ValidationError(what_is_wrong(self.enrolment.secret, code), code="wrong")
        self.enrolment.keep_counter(counter)
        was_right()

    def clean(self) -> None:
        self._ask_for_the_rest(self.errors)

    def _ask_for_the_rest(self, errors: Mapping[str, Any]) -> None:
        """What is kept is asked for no more; the first that is missing or wrong has the focus."""
        self.fields["password"].required = not self.enrolment.password
        if self.enrolment.counter:
            self.fields.pop("code", None)
        wrong = [name for name in self.fields if name in (errors)]
        first = (wrong or ["code" if self.enrolment.password and "code" in self.fields else "password"])[0]
        for name, field in self.fields.items():
            field.widget.attrs["autofocus"] = name == first


class _CodeForm(forms.Form):
    code = CodeField()
    reauthenticated = False

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        factors = Authenticator.objects.filter(user=self.user).exclude(type=Authenticator.Type.WEBAUTHN)
        for factor in factors:
            if use_code(factor, code):
                factor.refresh_from_db()
                factor.user = self.user
                self.factor = factor
                was_right()
                return code
        raise ValidationError(
            _(
                "This code is not right. Each one works once: wait for the next one in your app, and check its clock."
            ),
            code="wrong",
        )

    def save(self) -> None:
        post_authentication(context.request, self.factor, reauthenticated=self.reauthenticated)


class CodeForm(_CodeForm):
    """The second step of signing in: a code of the app, or a recovery code."""


class ConfirmCodeForm(_CodeForm):
    """The same, from somebody who is signed in, before something that matters."""

    reauthenticated = True


class PasskeyForm(AuthenticateWebAuthnForm):
    """The second step of signing in, with a passkey."""

    def clean_credential(self) -> Authenticator:
        authenticator = super().clean_credential()
        was_right()
        return authenticator


class ConfirmPasskeyForm(ReauthenticateWebAuthnForm):
    """The same, from somebody who is signed in."""

    def clean_credential(self) -> Authenticator:
        authenticator = super().clean_credential()
        was_right()
        return authenticator


class AddPasskeyForm(AddWebAuthnForm):
    """A new passkey. What is no credential at all is refused as a wrong one is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autofocus"] = True

    def clean(self) -> Any:
        try:
            return super().clean()
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ValidationError(
                _t("This is no passkey that this page asked for. Try again."), code="wrong"
            ) from None


class NewPasswordForm(SetPasswordForm):
    """A password twice, with what makes a good one said once and not by each rule for itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = GOOD_PASSWORD
        self.fields["new_password2"].label = _("The same once more")
        self.fields["new_password2"].help_text = ""


class ChangePasswordForm(NewPasswordForm, PasswordChangeForm):
    """The password of before, and the new one twice."""

    def clean_old_password(self) -> str:
        password = super().clean_old_password()
        was_right()
        return password


class ResetForm(forms.Form):
    """Where to send the link."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )


class InviteForm(forms.ModelForm):
    """Whom to invite. The address becomes the user name."""

    email = forms.EmailField(label=_("E-mail address"), max_length=150, validators=[EmailValidator()])
    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=Role.choices, required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "roles")

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if (
            User.objects.filter(username__iexact=email).exists()
            or User.objects.filter(email__iexact=email).exists()
        ):
            raise ValidationError(_("There is an account with this address already; change that one."))
        return email


class TokenForm(forms.Form):
    """A new token: what it is for, what it may do, for how long."""

    name = forms.CharField(
        label=_("What it is for"),
        max_length=80,
        help_text=_("Such as “tablets of the short-term observers”."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=ApiToken.Scope.choices, widget=forms.CheckboxSelectMultiple,
        help_text=_("And never more than your own roles allow."),
    )  # fmt: skip
    days = forms.TypedChoiceField(
        label=_("For how long"), coerce=int, initial=30,
        choices=[(7, _("a week")), (30, _("30 days")), (90, _("90 days")), (366, _("a year"))],
    )  # fmt: skip
