"""I2, mails: what stands in a name or an address is no part of how a mail is made, and brings no other reader."""

import pytest
from django.core import mail as outbox
from django.test import Client

from tests import factories as make
from tests.trust.hostile import WORKED_OUT
from tracker.accounts import mail
from tracker.core.models import User

pytestmark = pytest.mark.django_db

NAMES = (
    "{{71*7919}}", "{0.__class__}", "{user.password}", "{% debug %}", "%(link)s %s", "${71*7919}", "<b>A</b> & 'B'",
    "A\r\nBcc: xq7@example.org", "A\nSubject: other", "A\r\n\r\nBody", "A\u2028Bcc: xq7@example.org",
    "=?utf-8?q?x=0ABcc=3A?=",
)  # fmt: skip
HEADERS = {
    "Content-Type",
    "MIME-Version",
    "Content-Transfer-Encoding",
    "Subject",
    "From",
    "To",
    "Date",
    "Message-ID",
}
SUBJECTS = [
    "Your account in the observation tracker", "A new password for the observation tracker",
    "A link to sign in to the observation tracker", "Somebody tries to sign in to your account",
    "Your account was changed", "Your account is set up",
]  # fmt: skip


def looked_at(to: str, name: str) -> list[str]:
    """The subjects of the mails that went out: each to one reader, with the usual headers, the name in it as it is."""
    for sent in outbox.outbox:
        message = sent.message()
        assert sent.recipients() == [to]
        assert sorted(message.keys()) == sorted(HEADERS)
        assert message.get_content_type() == "text/plain"
        # The name stands in the text, where a header can begin no more.
        text = message.get_payload(decode=True).decode()
        assert " ".join(name.split()) in " ".join(text.split())
        assert not [word for word in WORKED_OUT if word in text]
    return [sent.subject for sent in outbox.outbox]


@pytest.mark.parametrize("name", NAMES)
def test_i2_a_name_is_no_part_of_how_a_mail_is_made(name: str) -> None:
    """Red when: a text is a template made of the name (`mail._send`), is escaped (no `autoescape off`), or the subject
    has the name in it."""
    user = make.make_account(email="berta@example.org", username=name, first_name=name, last_name="Braun")
    mail.send_invitation(user.pk)
    mail.send_reset("berta@example.org")
    mail.send_link(user.pk)
    mail.tell_of_tries(user.pk, make.make_attempt().pk)
    mail.tell_of_change(user.pk, "password")
    mail.tell_of_set_up(user.pk)
    assert looked_at("berta@example.org", name) == SUBJECTS


@pytest.mark.parametrize("name", NAMES)
def test_i2_an_invitation_goes_to_one_person(client: Client, name: str) -> None:
    """Red when: the form takes any text for an address and leaves the model's own rule out: either one holds alone."""
    client.force_login(make.make_administrator())
    form = {
        "first_name": name,
        "last_name": "Braun",
        "email": "berta@example.org",
        "roles": ["election_desk"],
    }
    for email in (
        "b@example.org\r\nBcc: xq7@example.org", "b@example.org,xq7@example.org", "b@example.org\nx: y",
        "b@example.org;xq7@example.org", "Berta <b@example.org>", "b@example.org%0ABcc:xq7@example.org",
    ):  # fmt: skip
        refused = client.post("/staff/core/user/invite/", form | {"email": email})
        assert list(refused.context["form"].errors) == ["email"]
    assert not User.objects.filter(first_name=name).exists()
    assert client.post("/staff/core/user/invite/", form).status_code == 302
    assert looked_at("berta@example.org", name) == SUBJECTS[:1]


def test_i2_an_address_with_a_line_in_it_gets_no_mail() -> None:
    """Red when: the address is written into the headers by hand. No form lets it in; a row could still hold it."""
    user = make.make_account(email="b@example.org\nBcc: xq7@example.org")
    with pytest.raises(ValueError, match="newline"):
        mail.tell_of_change(user.pk, "password")
    assert outbox.outbox == []
