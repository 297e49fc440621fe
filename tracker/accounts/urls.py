"""Addresses of the sign-in pages, under /staff/. The names are allauth's where its views ask for them."""

from allauth.account import views as allauth_views
from allauth.mfa.base import views as factor_views
from allauth.mfa.totp import views as app_views
from allauth.mfa.webauthn import views as passkey_views
from django.urls import path

from tracker.accounts import views
from tracker.accounts.views import door

urlpatterns = [
    path("login/", door(allauth_views.login), name="account_login"),
    path("login/code/", door(factor_views.authenticate), name="mfa_authenticate"),
    path("logout/", views.SignOut.as_view(), name="account_logout"),
    path("invitation/<str:token>/", views.invitation, name="account_invitation"),
    path("invitation/<str:token>/password/", views.invitation_password, name="account_invitation_password"),
    path("invitation/<str:token>/passkey/", views.invitation_with_passkey, name="account_invitation_passkey"),
    path("password/forgotten/", views.reset, name="account_reset_password"),
    path("password/forgotten/sent/", views.reset_done, name="account_reset_password_done"),
    path("password/new/done/", views.reset_complete, name="account_reset_password_complete"),
    path(
        "password/new/<uidb64>/<token>/",
        views.ResetFromLink.as_view(),
        name="account_reset_password_from_key",
    ),
    path("password_change/", views.ChangePassword.as_view(), name="account_change_password"),
    path("session/", views.session, name="account_session"),
    path("account/", door(factor_views.index), name="mfa_index"),
    path("account/sign-out-everywhere/", views.sign_out_everywhere, name="account_sign_out_everywhere"),
    path("account/tokens/", door(views.own_tokens), name="account_tokens"),
    path("account/confirm/", door(allauth_views.reauthenticate), name="account_reauthenticate"),
    path("account/confirm/code/", door(factor_views.reauthenticate), name="mfa_reauthenticate"),
    path(
        "account/confirm/passkey/",
        door(passkey_views.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("account/app/", door(views.EnrolApp.as_view()), name="mfa_activate_totp"),
    path("account/app/remove/", door(app_views.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/recovery-codes/", door(views.recovery_codes), name="mfa_view_recovery_codes"),
    path("account/passkeys/", door(passkey_views.list_webauthn), name="mfa_list_webauthn"),
    path("account/passkeys/add/", door(views.EnrolPasskey.as_view()), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/rename/", door(passkey_views.edit_webauthn), name="mfa_edit_webauthn"),
    path(
        "account/passkeys/<int:pk>/remove/", door(passkey_views.remove_webauthn), name="mfa_remove_webauthn"
    ),
]
