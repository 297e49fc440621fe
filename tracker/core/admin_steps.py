"""The steps of a record to the public and back: submit, take back, send back, publish, withdraw; for lists and single
records.

A step asks first (`admin_questions`), says what came of it, and takes along what belongs to the record (a mission's
statements, its new organization), where the person wants it and may do so; each record under its own rules.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError, models, transaction
from django.forms.models import _get_foreign_key
from django.http import HttpRequest, HttpResponse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tracker.core.addresses import screen_address
from tracker.core.admin_access import digest_of, hold, seen_version, user_of
from tracker.core.admin_outcome import (
    FOUR_EYES,
    report,
    tell_by_name,
    tell_of_published,
    warn_of_vanishing,
)
from tracker.core.admin_questions import (
    EmbargoForm,
    PartsForm,
    SendBackForm,
    ToKnow,
    WithdrawForm,
    ask_first,
    doubts_before,
    hidden_still,
    parts_of,
    to_know_before,
    what_it_says,
    with_names,
)
from tracker.core.admin_sentences import NAMED, becomes_public, with_kind
from tracker.core.guarded import broken_rule_name
from tracker.core.history.reading import sent_back
from tracker.core.identity import give_reason
from tracker.core.models import Publication, Publishable, User
from tracker.core.publication import (
    counted,
    draft_parents,
    four_eyes_objection,
    seen_below,
)
from tracker.core.roles import permission

# Where a step can begin.
UNSEEN = (Publication.DRAFT, Publication.WITHDRAWN)
BEGINS: dict[str, tuple[Publication, ...]] = {
    Publication.SUBMITTED: UNSEEN,
    Publication.DRAFT: (Publication.SUBMITTED,),
    Publication.PUBLISHED: (*UNSEEN, Publication.SUBMITTED),
    Publication.WITHDRAWN: (Publication.PUBLISHED,),
}


@transaction.atomic
def change_publication(rows: models.QuerySet, to: Publication, embargo: datetime | None = None) -> int:
    """Submit, take back, publish or withdraw `rows`; how many really changed. An `embargo` replaces the one they carry.

    Rows in a state in which the step cannot begin stay as they are; the database looks once more when it has waited
    for somebody else's step.
    """
    changed = rows.model._default_manager.filter(pk__in=list(rows.values_list("pk", flat=True)))
    changed = changed.filter(publication__in=BEGINS[to])
    ids = list(changed.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    values: dict[str, Any] = {"publication": to} | ({"embargo_until": embargo} if embargo else {})
    return rows.model._default_manager.filter(pk__in=ids).update(**values) if ids else 0


def publish_each(rows: models.QuerySet, embargo: datetime | None) -> tuple[int, list[models.Model]]:
    """Publish `rows`, at once or under `embargo`; how many really changed, and those that four eyes keep from it."""
    try:
        with transaction.atomic():
            return change_publication(rows, Publication.PUBLISHED, embargo), []
    except IntegrityError as error:
        if broken_rule_name(error) != FOUR_EYES:
            raise
    changed, refused = 0, []
    for row in rows.order_by("pk"):
        try:
            with transaction.atomic():
                changed += change_publication(rows.filter(pk=row.pk), Publication.PUBLISHED, embargo)
        except IntegrityError as error:
            if broken_rule_name(error) != FOUR_EYES:
                raise
            refused.append(row)
    return changed, refused


@admin.action(
    description=_("Submit selected %(verbose_name_plural)s for publication"), permissions=["change"]
)
@transaction.atomic
def submit(
    modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: models.QuerySet
) -> HttpResponse | None:
    """Hand the selected records to whoever publishes; what is public or handed in already stays as it is."""

    def question(count: int) -> tuple[str, str]:
        return ngettext("Submit this record?", "Submit these records?", count), ngettext(
            "A publisher finds it on the first page and decides what the public sees, and when.",
            "A publisher finds them on the first page and decides what the public sees, and when.",
            count,
        )

    nothing = _t("Nothing to submit: only drafts, and what was withdrawn, can be.")
    return _ask_and_change(modeladmin, request, queryset, "submit", Publication.SUBMITTED, question, nothing)


@admin.action(description=_("Take selected %(verbose_name_plural)s back as drafts"), permissions=["change"])
@transaction.atomic
def take_back(
    modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: models.QuerySet
) -> HttpResponse | None:
    """Make drafts of selected records that wait for a publisher."""

    def question(count: int) -> tuple[str, str]:
        return ngettext("Take this record back?", "Take these records back?", count), ngettext(
            "It is a draft again, and no publisher finds it until it is submitted once more.",
            "They are drafts again, and no publisher finds them until they are submitted once more.",
            count,
        )

    nothing = _t("Nothing to take back: only what waits for a publisher can be.")
    return _ask_and_change(modeladmin, request, queryset, "take_back", Publication.DRAFT, question, nothing)


@admin.action(
    description=_("Send selected %(verbose_name_plural)s back to whoever wrote them"), permissions=["publish"]
)
@transaction.atomic
def send_back(
    modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: models.QuerySet
) -> HttpResponse | None:
    """Make drafts of selected records that wait for a publisher, and say why: their writers find it with them."""

    def question(count: int) -> tuple[str, str]:
        return ngettext("Send this record back?", "Send these records back?", count), ngettext(
            "It is a draft again. Its writer finds it on the first page, with your reason, and can submit it anew.",
            "They are drafts again. Their writers find them on the first page, with your reason, and can submit them "
            "anew.",
            count,
        )

    nothing = _t("Nothing to send back: only what waits for a publisher can be.")
    return _ask_and_change(modeladmin, request, queryset, "send_back", Publication.DRAFT, question, nothing)


def _ask_and_change(
    modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: models.QuerySet, step: str, to: Publication,
    question: Callable[[int], tuple[str, str]], nothing: str,
) -> HttpResponse | None:  # fmt: skip
    """Ask about those of `queryset` at which the step can begin, and change them, with their parts, after the yes.

    `question`: title and words of the page that asks about so many records; `nothing`: what is said where there are
    none.
    """
    hold(request, queryset)
    rows = queryset.filter(publication__in=BEGINS[to])
    if not rows.exists():
        modeladmin.message_user(request, nothing, messages.INFO)
        return None
    kind = SendBackForm if step == "send_back" else PartsForm
    form = kind(_answers(request), parts_of(modeladmin, request, rows, STEPS[step][1], to))

    def to_know() -> list[ToKnow]:
        to_public = to == Publication.SUBMITTED
        return to_know_before(modeladmin, request, rows, form.offered.values()) if to_public else []

    count = rows.count()
    asked = ask_first(
        modeladmin, request, rows, step, lambda parts: question(count + len(parts)), form, to_know
    )
    if asked is None:
        if reason := form.cleaned_data.get("reason"):
            give_reason(reason)
        change_now(modeladmin, request, rows, to, form.chosen(modeladmin.admin_site))
    return asked


# One record and several that were handed in, or came back.
CAME_OF = {
    Publication.SUBMITTED: (
        "%(records)s waits for a publisher now.",
        "%(records)s wait for a publisher now.",
    ),
    Publication.DRAFT: ("%(records)s is a draft again.", "%(records)s are drafts again."),
}


def change_now(
    modeladmin: admin.ModelAdmin,
    request: HttpRequest,
    queryset: models.QuerySet,
    to: Publication,
    parts: Sequence[tuple[Any, models.QuerySet]] = (),
) -> None:
    """Hand these records, with their parts, to whoever publishes, or take them back, and say what came of it."""
    changed = [
        (screen.model, change_publication(rows, to)) for screen, rows in [(modeladmin, queryset), *parts]
    ]
    words = get_text_list([counted(model, count) for model, count in changed if count], _t("and"))
    report(
        modeladmin, request, messages.SUCCESS, *CAME_OF[to], sum(count for _model, count in changed), records=words
    )  # fmt: skip


@admin.action(description=_("Publish selected %(verbose_name_plural)s"), permissions=["publish"])
@transaction.atomic
def publish(
    modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: models.QuerySet
) -> HttpResponse | None:
    """Show the selected records to the public, after a look at which they are."""
    hold(request, queryset)
    rows = with_names(modeladmin, queryset)
    refused = _kept_by_four_eyes(request, rows[:NAMED])
    found = parts_of(modeladmin, request, queryset, "publish", Publication.PUBLISHED)
    refused_parts = _kept_by_four_eyes(request, found)
    offered = [part for part in found if part not in refused_parts]
    form = EmbargoForm(_answers(request), offered)
    count = queryset.count()

    @cache
    def becoming() -> Callable[[Sequence[models.Model]], str]:
        """For the page alone: after a yes nobody reads it."""
        return becomes_public(rows, offered, list(refused))

    def title_and_words(parts: Sequence[Any]) -> tuple[str, str]:
        number = count + len(parts)
        title = ngettext("Publish this record?", "Publish these %(count)d records?", number)
        return title % {"count": number}, becoming()(parts)

    def to_know() -> list[ToKnow]:
        why = {**refused, **refused_parts}
        told = [ToKnow(f"{with_kind(record)}: {objection}") for record, objection in why.items()]
        doubts = to_know_before(modeladmin, request, queryset, offered)
        return [*told, *hidden_still(modeladmin, queryset, offered), *doubts]

    question = ask_first(
        modeladmin, request, queryset, "publish", title_and_words, form, to_know,
        lambda: public_words(queryset, offered),
    )  # fmt: skip
    if question is None:
        publish_now(
            modeladmin, request, queryset, form.cleaned_data["embargo_until"],
            form.chosen(modeladmin.admin_site),
        )  # fmt: skip
    return question


def _kept_by_four_eyes(request: HttpRequest, records: Iterable[Publishable]) -> dict[Publishable, str]:
    """Those of `records` that four eyes keep this person from publishing, each with the reason in words."""
    user = user_of(request)
    hidden = [record for record in records if record.publication != Publication.PUBLISHED]
    found = {record: four_eyes_objection(record, user) for record in hidden}
    return {record: objection for record, objection in found.items() if objection}


def public_words(
    queryset: models.QuerySet, offered: Sequence[Publishable]
) -> list[tuple[str, str, list[Any]]]:
    """What the public is going to read, of a single record and of all that is offered with it: name, page, values."""
    records = list(queryset[:2])
    if len(records) != 1:
        return []
    return [
        (with_kind(record), screen_address(record, "change", record.pk), what_it_says(record))
        for record in (*records, *offered)
    ]


def _answers(request: HttpRequest) -> Any:
    return request.POST if "sure" in request.POST else None


def publish_now(
    modeladmin: admin.ModelAdmin,
    request: HttpRequest,
    queryset: models.QuerySet,
    embargo: datetime | None = None,
    parts: Sequence[tuple[Any, models.QuerySet]] = (),
) -> None:
    """Show these records to the public, at once or under `embargo`, with their parts, and say what came of it."""
    alone, done, named = queryset.count() == 1, [], []
    for screen, rows in [(modeladmin, queryset), *parts]:
        ids = list(rows.values_list("pk", flat=True))
        open_ones = list(rows.filter(publication__in=BEGINS[Publication.PUBLISHED]).order_by("pk"))
        changed, refused = publish_each(rows, embargo)
        named += [(screen, record) for record in open_ones if record not in refused]
        done.append((screen, ids, changed, refused))
    # Told when all of it is done: what hides one record may have been published with it.
    if alone:
        tell_by_name(modeladmin, request, named)
    for screen, ids, changed, refused in done:
        tell_of_published(screen, request, ids, changed, refused, told=alone)


@admin.action(description=_("Unpublish selected %(verbose_name_plural)s"), permissions=["publish"])
@transaction.atomic
def unpublish(
    modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: models.QuerySet
) -> HttpResponse | None:
    """Take the selected records back from the public, after a look at which they are."""
    title = ngettext("Withdraw this record?", "Withdraw these records?", queryset.count())
    words = ngettext(
        "Nobody outside will see it any more. Publishing it once more brings everything back.",
        "Nobody outside will see them any more. Publishing them once more brings everything back.",
        queryset.count(),
    )
    shown = queryset.filter(publication=Publication.PUBLISHED).values_list("pk", flat=True)
    if vanishing := seen_below(modeladmin.model, list(shown)):
        below = _t("Published themselves, and hidden from then on as well: %(records)s.")
        words = f"{words} {below % {'records': vanishing}}"
    question = ask_why(modeladmin, request, queryset, title, words)
    if question is None:
        unpublish_now(modeladmin, request, queryset)
    return question


def ask_why(
    modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: models.QuerySet, title: str, words: str
) -> HttpResponse | None:
    """Ask before these records are withdrawn, and why where one of them is public; None after the yes, with the reason
    on record for what follows."""
    shown = queryset.filter(publication=Publication.PUBLISHED).exists()
    form = WithdrawForm(_answers(request), ()) if shown else None
    question = ask_first(modeladmin, request, queryset, "unpublish", lambda _parts: (title, words), form)
    if question is None and form is not None:
        give_reason(form.cleaned_data["reason"])
    return question


def unpublish_now(modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: models.QuerySet) -> None:
    """Take these records back from the public, and say what came of it."""
    selected = queryset.count()
    vanishing = seen_below(modeladmin.model, list(queryset.values_list("pk", flat=True)))
    changed = change_publication(queryset, Publication.WITHDRAWN)
    report(
        modeladmin, request, messages.SUCCESS, "%(records)s withdrawn from the public.",
        "%(records)s withdrawn from the public.", changed, records=counted(modeladmin.model, changed),
    )  # fmt: skip
    report(
        modeladmin, request, messages.INFO, "%(count)d record was not public.",
        "%(count)d records were not public.", selected - changed,
    )  # fmt: skip
    warn_of_vanishing(modeladmin, request, vanishing)


# --- a single record -------------------------------------------------------------------------------------------------

# The steps by name: what the button says, the permission it takes, and the states in which it can be taken.
STEPS: dict[str, tuple[Any, str, tuple[Publication, ...]]] = {
    "submit": (_("Submit for publication"), "change", BEGINS[Publication.SUBMITTED]),
    "take_back": (_("Take back as a draft"), "change", BEGINS[Publication.DRAFT]),
    "publish": (_("Publish"), "publish", BEGINS[Publication.PUBLISHED]),
    "send_back": (_("Send back"), "publish", BEGINS[Publication.DRAFT]),
    "unpublish": (_("Withdraw"), "publish", BEGINS[Publication.WITHDRAWN]),
}


# The state to which each of them leads.
LEADS_TO = {
    "submit": Publication.SUBMITTED,
    "take_back": Publication.DRAFT,
    "publish": Publication.PUBLISHED,
    "send_back": Publication.DRAFT,
    "unpublish": Publication.WITHDRAWN,
}
# After these nothing is left to do on the page of the record: they lead to the first page, where the next one waits.
ONWARD = ("submit", "publish", "send_back")


def may_take(screen: Any, request: HttpRequest, record: Publishable, step: str) -> bool:
    """Whether the person may take this step with `record` at all, whatever state it is in."""
    offered = step in STEPS and step in screen.get_actions(request)
    return offered and bool(getattr(screen, f"has_{STEPS[step][1]}_permission")(request, record))


def is_open(record: Publishable, step: str) -> bool:
    """Whether `record` is in a state in which this step leads anywhere."""
    return record.publication in STEPS[step][2]


def way_back(record: Publishable, user: User) -> str:
    """Which of the two ways back is for `user`: whoever wrote the record takes it back and needs no reason; a publisher
    sends it back to them, and says why."""
    mine = record.written_by_id == user.pk and user.has_perm(permission(type(record), "change"), record)
    return "take_back" if mine else "send_back"


def is_done(record: Publishable, step: str) -> bool:
    """Whether this step has left `record` in the state to which it leads, by now."""
    now = type(record)._default_manager.filter(pk=record.pk).values_list("publication", flat=True).first()
    return now == LEADS_TO[step]


def as_shown(screen: Any, request: HttpRequest, record: models.Model) -> str:
    """Which version of `record` its page shows: all that it says, and the rows that its form has inside."""
    more: list[models.Model] = []
    for inline in screen.get_inline_instances(request, record):
        key = _get_foreign_key(screen.model, inline.model, inline.fk_name).name
        more += inline.get_queryset(request).filter(**{key: record}).order_by("pk")
    for field in record._meta.many_to_many:
        pairs = getattr(record, field.name).through._default_manager
        more += pairs.filter(**{field.m2m_field_name(): record}).order_by("pk")
    return digest_of(type(record)._default_manager.filter(pk=record.pk), more)


def take(screen: Any, request: HttpRequest, record: Publishable, step: str) -> HttpResponse | None:
    """Take a step with one record as the list does: the page that asks first, or None when it is done."""
    if not is_open(record, step):
        text = _t("Nothing was done: the state of this record has changed meanwhile.")
        screen.message_user(request, text, messages.WARNING)
        return None
    seen = seen_version(request)
    if seen is not None and seen != as_shown(screen, request, record):
        text = _t(
            "Nothing was done: this record says something else than when you opened its page. This is how it is now; "
            "look at it, and press the button once more."
        )
        screen.message_user(request, text, messages.WARNING)
        return None
    rows = screen.get_queryset(request).filter(pk=record.pk)
    answer: HttpResponse | None = screen.get_actions(request)[step][0](screen, request, rows)
    return answer


def hand_in(screen: Any, request: HttpRequest, record: Publishable, *, new: bool) -> bool:
    """Submit a record with saving it where nobody has to be asked; whether that was so.

    A record that was entered just now goes with what the same person wrote for it. A draft that a publisher sent back
    goes with what came back in the same step and the same person wrote, unless there is more to decide about: what was
    public since, a colleague's part, and one that came back by itself, for a reason of its own, are asked about. What
    is doubtful in it, and what keeps it hidden and is nobody's to hand in here, is said afterwards.
    """
    rows = screen.get_queryset(request).filter(pk=record.pk, publication__in=BEGINS[Publication.SUBMITTED])
    parts = parts_of(screen, request, rows, "change", Publication.SUBMITTED)
    own = [part for part in parts if part.written_by_id == user_of(request).pk]
    if new:
        parts = own
    elif own != parts or not _came_back_together(rows, parts):
        return False
    form = PartsForm({"parts": list(PartsForm(None, parts).offered)}, parts)
    if not form.is_valid():
        return False
    doubts = doubts_before(screen, request, rows.all(), parts)
    change_now(screen, request, rows, Publication.SUBMITTED, form.chosen(screen.admin_site))
    if doubts:
        text = _t("The publisher will be told: %(doubts)s. You can still add it.")
        screen.message_user(request, text % {"doubts": "; ".join(doubts)}, messages.WARNING)
    for parent in draft_parents(type(record)._default_manager.get(pk=record.pk)):
        if getattr(parent, "publication", "") == Publication.DRAFT:
            text = _t("Nobody has handed in its %(parent)s yet: without it nobody outside will see this.")
            kind = parent._meta.verbose_name
            screen.message_user(request, text % {"parent": f"{kind} “{parent}”"}, messages.WARNING)
    return True


def _came_back_together(rows: models.QuerySet, parts: Sequence[Publishable]) -> bool:
    """Whether this record is a draft that a publisher sent back last, and all of `parts` in the same step."""
    record = rows.filter(publication=Publication.DRAFT).first()
    if record is None:
        return False
    steps = [sent_back([one]).get(one.pk) for one in (record, *parts)]
    return None not in steps and len({step.change for step in steps if step}) == 1
