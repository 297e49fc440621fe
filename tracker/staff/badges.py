"""What stands on a printed badge, with the QR code that leads to the public page which verifies it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import segno
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

from tracker.elections.models import Election
from tracker.missions.models import Accreditation


@dataclass(frozen=True)
class Badge:
    """One badge. `name` is the code where the register has no name; `qr` is an SVG of `address`, made here."""

    application: Accreditation
    name: str
    role: str
    address: str
    qr: SafeString


def badges_of(
    rows: Iterable[Accreditation], election: Election, absolute: Callable[[str], str]
) -> list[Badge]:
    """The badges of `rows`; `absolute` makes an address whole for whoever scans the code."""
    found = []
    for row in rows:
        with translation.override("en"):  # the reader changes the language there
            address = absolute(reverse("public:verify_number", args=[election.slug, row.number]))
        found.append(
            Badge(
                application=row,
                name=row.person.full_name if row.person else row.observer.code if row.observer else "",
                role=str(row.observer.get_role_display())
                if row.observer
                else str(row.get_category_display()),
                address=address,
                qr=qr_code(address),
            )
        )
    return found


def qr_code(text: str) -> SafeString:
    """`text` as a QR code: an SVG drawn with attributes alone, which the content policy allows."""
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(
        scale=1, border=2, omitsize=True, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )
    return mark_safe(svg)  # noqa: S308 - numbers and our own attribute values
