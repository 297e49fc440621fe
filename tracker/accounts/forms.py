"""Forms of the sign-in pages. What is right is told to the throttle; what is not told counts as wrong."""

from typing import Any

from allauth.account.forms import LoginForm
from allauth.core import context
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.accounts import throttle
from tracker.accounts.codes import use_code
from tracker.accounts.models import ApiToken, Outcome
from tracker.core.models import User
from tracker.core.roles import Role


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


class CodeField(forms.CharField):
    """Six digits, or a recovery code; blanks between them do no harm."""

    def __init__(self) -> None:
        attrs = {
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "spellcheck": "false",
            "autofocus": True,
        }
        super().__init__(label=_("Code"), max_length=20, widget=forms.TextInput(attrs=attrs))


class EnrolAppForm(ActivateTOTPForm):
    """The code that proves that the app has the key."""

    code = CodeField()


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
        self.fields["new_password1"].help_text = _(
            "Twelve characters or more; not one that others use, and not made of names or patterns. Four unrelated "
            "words are good."
        )
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
