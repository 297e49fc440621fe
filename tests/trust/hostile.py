"""Texts that would run, close an element, fill in a template or begin a header, and ways to put them everywhere.

Each has MARK in it: as the name of an element or an attribute, as the variable that a script would set, as a host.
"""

from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import count
from typing import Any

from django.apps import apps
from django.db import DatabaseError, models, transaction

MARK = "xq7"
# What a template would make of the multiplications and of the look-ups of a class.
WORKED_OUT = ("562249", "<class '")
# Closes whatever it may stand in: an attribute, a text area, a title, a script.
EVERYTHING = "'\"></title></textarea></script><b xq7>"
SHORT = "'\"></script><b xq7>"
PAYLOADS = (
    "<script>xq7=1</script>", "<script xq7>alert(7)</script>", "<img xq7 src=x onerror=alert(7)>",
    "<svg xq7 onload=xq7=1>",
    '"><script>xq7=1</script>', "'><img xq7 src=x onerror=xq7=1>", '" xq7 onfocus=xq7=1 autofocus x="',
    "' xq7 onmouseover='xq7=1", "</title><script>xq7=1</script>", "</textarea><script>xq7=1</script>",
    "</style><script>xq7=1</script>", '"}</script><script>xq7=1</script>', "--><script>xq7=1</script>",
    "]]><script>xq7=1</script>", "<![CDATA[<script>xq7=1</script>]]>", "<?xq7 x?>", "&xq7;", "<!DOCTYPE xq7>",
    "<iframe xq7 srcdoc='<script>parent.xq7=1</script>'>", "<a xq7 href=javascript:xq7=1>x</a>",
    "<a xq7 href='java\tscript:xq7=1'>x</a>", "<a xq7 href=data:text/html,<script>xq7=1</script>>x</a>",
    "javascript:xq7=1", "data:text/html,<script>xq7=1</script>", "<body xq7 onload=xq7=1>",
    "<details xq7 open ontoggle=xq7=1>", "<video><source xq7 onerror=xq7=1>",
    "<math><mi xq7 xlink:href='javascript:xq7=1'>", "<style xq7>@import'//xq7.example'</style>",
    "<p xq7 style='background:url(//xq7.example)'>", "};*{background:url(//xq7.example)}",
    "<link xq7 rel=stylesheet href=//xq7.example>", "<meta xq7 http-equiv=refresh content='0;url=//xq7.example'>",
    "<base xq7 href=//xq7.example>", "<object xq7 data=//xq7.example>", "<form xq7 action=//xq7.example><button>",
    "<input xq7 onfocus=xq7=1 autofocus>", "<template xq7>", "<plaintext xq7>",
    '<!--<img src="--><img xq7 src=x onerror=xq7=1>',
    '<noscript><p title="</noscript><img xq7 src=x onerror=xq7=1>">', "<scr<script>ipt>xq7=1</script>",
    "&lt;script&gt;xq7=1&lt;/script&gt;", "&#60;script>xq7=1</script>", "\\u003cscript>xq7=1</script>",
    "\\'-xq7=1-\\'", "';xq7=1;//", "`${xq7=1}`", "\u202e<script>xq7=1</script>", "＜script＞xq7=1＜/script＞",
    "\u2028<script>xq7=1</script>", "<b xq7", "{{71*7919}} xq7", "{% debug %} xq7", "${71*7919} xq7", "#{71*7919} xq7",
    "{0.__class__} xq7", "%(xq7)s %s %n", "{{constructor.constructor('xq7=1')()}}", "<%= 71*7919 %> xq7",
    "A\r\nBcc: xq7@example.org", "A\nSet-Cookie: xq7=1", "END:VEVENT\r\nX-XQ7:1", "=1+1+xq7", "@xq7", ",xq7;\"xq7\"",
)  # fmt: skip
ADDRESSES = (
    "javascript:xq7=1//",
    "data:text/html,<script>xq7=1</script>",
    'https://xq7.example/"><script>xq7=1</script>',
)


def text_of(length: int | None, start: int = 0) -> str:
    """As many of the texts as a field of `length` characters holds, from the one at `start` on."""
    found = next((text for text in (EVERYTHING, SHORT, "<b xq7>") if len(text) <= (length or 9999)), "")
    for step in range(len(PAYLOADS)):
        longer = f"{found} {PAYLOADS[(start + step) % len(PAYLOADS)]}"
        if length is None or len(longer) <= length:
            found = longer
    return found


# Words that the software itself reads: no free text. Nobody writes them by hand.
OF_THE_SOFTWARE = {
    "accounts.SignInAttempt": {"door", "account", "device"}, "accounts.ApiToken": {"digest"},
    "core.User": {"password"}, "core.Country": {"iso2", "iso3"}, "core.TimeZone": {"name"}, "core.Job": {"kind"},
    "core.Submission": {"digest", "record", "answer"}, "ingest.LoadedRecord": {"dataset", "kind"},
    "ingest.Profile": {"kind", "fingerprint"}, "ingest.Upload": {"sha256", "format", "kind", "compared", "written"},
    "ingest.Answer": {"topic"}, "ingest.UploadedRecord": {"kind"}, "coverage.Correction": {"model", "key"},
    "missions.PersonReading": {"screen"}, "missions.Accreditation": {"number"},
}  # fmt: skip


def texts_of(model: type[models.Model]) -> Iterator[Any]:
    """The fields of a model that hold free text or an address."""
    ours = OF_THE_SOFTWARE.get(model._meta.label, set())
    for field in model._meta.local_fields:
        free = isinstance(field, models.CharField | models.TextField) and not isinstance(
            field, models.SlugField
        )
        if free and not (field.choices or field.is_relation or field.primary_key or field.name in ours):
            yield field


def plant() -> tuple[set[str], set[str]]:
    """Put the texts straight into every free text of every row that has none of them yet.

    Out: the fields that hold one now, and those that have none in any row: the table refuses them, or has no rows.
    """
    turns = count()
    taken, refused = set(), set()
    for model in apps.get_models():
        if not model.__module__.startswith("tracker."):
            continue
        for field in texts_of(model):
            name = f"{model._meta.label}.{field.name}"
            for row in model._base_manager.order_by("pk"):
                if MARK in (getattr(row, field.name) or "") or _put(row, field, turns):
                    taken.add(name)
            if name not in taken:
                refused.add(name)
    return taken, refused


def _put(row: models.Model, field: Any, turns: Iterator[int]) -> bool:
    """Whether the table took one of the texts for this field of this row."""
    for _try in range(3):
        if isinstance(field, models.URLField):
            text = ADDRESSES[next(turns) % len(ADDRESSES)]
        elif isinstance(field, models.EmailField):
            text = f"<b/xq7>{next(turns)}@xq7.example"
        else:
            text = text_of(field.max_length, next(turns))
        try:
            with transaction.atomic():
                return bool(type(row)._base_manager.filter(pk=row.pk).update(**{field.name: text}))
        except DatabaseError:  # a rule of the table, or one like it is there
            continue
    return False


class Sent(HTMLParser):
    """What a browser sends of the form of a record when nothing is typed: `values` by name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.within, self.select, self.area = False, "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name, kind = said.get("name", ""), said.get("type", "text")
        if tag == "form":
            self.within = said.get("id", "").endswith("_form")
        if not self.within or "disabled" in said:
            return
        if tag == "input" and name and kind not in ("submit", "button", "file"):
            if kind not in ("checkbox", "radio") or "checked" in said:
                self.values.setdefault(name, []).append(said.get("value", "on" if kind == "checkbox" else ""))
        elif tag == "textarea":
            self.area = name
            self.values[name] = [""]
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in said:
            self.values.setdefault(self.select, []).append(said.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.area:
            self.values[self.area][0] = self.values[self.area][0].removeprefix("\r").removeprefix("\n")
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.values[self.area][0] += data
