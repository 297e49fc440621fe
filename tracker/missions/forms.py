"""Forms that enter missions, people and their applications; what the last write goes through the actions."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms.utils import ErrorList
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.addresses import screen_address
from tracker.core.languages import languages, most_used_first
from tracker.core.models import Country, User
from tracker.core.ownership import visible_to
from tracker.elections.models import Election
from tracker.missions import actions
from tracker.missions.models import Accreditation, Category, Mission, Observer, Organization, Outlet, Person

PERSON_FIELDS = ("full_name", "nationality", "document_number", "email", "phone")


class LanguageSelect(forms.Select):
    """A language by its name, for a field that keeps the code. A code on record that no list has stays to be chosen."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        most, others = most_used_first()
        choices = [("", _("not said")), (_("Most used"), most), (_("All others"), others)]
        super().__init__(attrs, choices)

    def optgroups(self, name: str, value: Any, attrs: dict[str, Any] | None = None) -> Any:
        groups = super().optgroups(name, value, attrs)
        known = {"", *dict(languages())}
        for code in filter(lambda one: one not in known, value):
            groups.append(
                (None, [self.create_option(name, code, code, True, len(groups), attrs=attrs)], len(groups))
            )
        return groups


class NamesTheOther(forms.ModelForm):
    """A form that says which record stands in its way, to whoever may see that one."""

    seen_by: ClassVar[User]

    def errors_of(self, rule: str) -> list[ValidationError]:
        """The errors of the whole form which say that the constraint of this name is broken."""
        (broken,) = (one for one in self.instance._meta.constraints if one.name == rule)
        everywhere = self.errors.get(NON_FIELD_ERRORS, ErrorList()).as_data()
        return [error for error in everywhere if error.message == broken.get_violation_error_message()]

    def other(self, rows: QuerySet[Any]) -> Any:
        """The first of `rows` that is another record, if the person may see it; else None."""
        return visible_to(rows.exclude(pk=self.instance.pk), self.seen_by).first()


class OrganizationForm(NamesTheOther):
    """An organization. Another with its acronym is named at the acronym, and linked, for whoever may see it."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        taken = self.errors_of("organization_acronym_once")
        if not taken:
            return
        everywhere = self.errors[NON_FIELD_ERRORS]
        everywhere.data = [one for one in everywhere.data if one not in taken]
        if not everywhere.data:
            del self.errors[NON_FIELD_ERRORS]
        # The address name follows the acronym, and its section need not be opened for what is mended there.
        slug = self.errors.get("slug", ErrorList()).as_data()
        if slug and all(error.code == "unique" for error in slug):
            del self.errors["slug"]
        self.add_error("acronym", self._taken_by())

    def _taken_by(self) -> str:
        """Whose the acronym is."""
        mine = self.instance
        words = (
            _t("Another organization has this acronym")
            if mine.country_id is None
            else _t("Another organization of this country has this acronym")
        )
        there = self.other(Organization.objects.filter(acronym=mine.acronym, country=mine.country_id))
        if there is None:
            return f"{words}."
        address = screen_address(there, "change", there.pk)
        # This form may be a pop-up, and what was typed in it stays.
        return format_html('{}: <a href="{}" target="_blank">{}</a>.', words, address, there)


class MissionForm(NamesTheOther):
    """A mission. One that is there already is named and linked, for whoever may see it.

    What became of it is chosen: most are entered when the election is over, and a preset is kept unread.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        status: Any = self.fields.get("status")
        if status is not None and self.instance.pk is None:
            status.choices = [("", _("choose")), *status.choices]
            status.initial = ""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        for error in self.errors_of("mission_once_per_type"):
            if there := self._there_already():
                error.message = format_html(
                    '{} <a href="{}">{}</a>. {}',
                    _t("This organization already has a mission of this type in this election:"),
                    screen_address(there, "change", there.pk),
                    there,
                    _t("Open it to add what you know; nothing of this form is saved."),
                )

    def _there_already(self) -> Mission | None:
        """The mission that stands in the way of this one; None for whoever may not see it."""
        mine = self.instance
        rows = Mission.objects.filter(
            election=mine.election_id, organization=mine.organization_id, type=mine.type
        )
        return self.other(rows.select_related("organization"))


class StatementForm(forms.ModelForm):
    """A statement. Without a title the public reads its kind alone; files bring such, and they stay as they are."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        title = self.fields.get("title")
        if title is not None and (self.instance.pk is None or self.instance.title):
            title.required = True
            title.error_messages["required"] = _(
                "Give the title, as the document calls itself: it is what the public reads."
            )


class PersonFields(forms.Form):
    """The personal data of whoever a form is about. Browsers are asked not to keep it for the next one."""

    full_name = forms.CharField(
        label=_("Full name"), max_length=160, required=False, help_text=_("As in the passport. Never public.")
    )
    nationality = forms.ModelChoiceField(
        label=_("Nationality"), queryset=Country.objects.all(), required=False, empty_label=_("not known")
    )
    document_number = forms.CharField(label=_("Passport number"), max_length=40, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    phone = forms.CharField(label=_("Telephone"), max_length=40, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in PERSON_FIELDS:
            if name in self.fields:
                self.fields[name].widget.attrs["autocomplete"] = "off"

    def fill_person(self, person: Person) -> Person:
        """`person` with what was typed; not saved."""
        for name in PERSON_FIELDS:
            setattr(person, name, self.cleaned_data[name])
        return person


class ObserverForm(PersonFields, forms.ModelForm):
    """An observer with the person behind the code on one screen and, if asked, the application at once."""

    # Whoever may not see personal data enters the code and the role.
    with_person: ClassVar[bool] = True

    apply_now = forms.BooleanField(
        label=_("Apply for accreditation at once"),
        required=False,
        help_text=_("Enters the application, dated now; the officer decides in the queue."),
    )

    class Meta:
        model = Observer
        fields = ("mission", "code", "role", "name_published")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not self.with_person:
            for name in PERSON_FIELDS:
                self.fields.pop(name, None)
        elif self.instance.person:
            for name in PERSON_FIELDS:
                self.initial.setdefault(name, getattr(self.instance.person, name))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.with_person and not cleaned.get("full_name"):
            if self.instance.person:
                self.add_error("full_name", _("To erase a person, delete the person's own record."))
            elif any(cleaned.get(name) for name in PERSON_FIELDS):
                self.add_error("full_name", _("Give the name these data belong to."))
        if cleaned.get("apply_now") and cleaned.get("mission"):
            self._check_application(cleaned["mission"].election)
        return cleaned

    def _check_application(self, election: Election) -> None:
        observer = self.instance if self.instance.pk else None
        application = Accreditation(election=election, category=Category.OBSERVER, observer=observer)
        try:
            actions.check_application(application)
        except ValidationError as problem:
            self.add_error("apply_now", problem)

    def save(self, commit: bool = True) -> Observer:
        if self.with_person and self.cleaned_data.get("full_name"):
            person = self.fill_person(self.instance.person or Person())
            person.save()
            self.instance.person = person
        return super().save(commit)

    def apply(self, by: User) -> Accreditation | None:
        """After saving: the application, if one was asked for."""
        if not self.cleaned_data.get("apply_now"):
            return None
        return actions.apply_for_observer(by=by, observer=self.instance)


class MediaForm(PersonFields):
    """A media person and the outlet that sends them, on record or new, and the application."""

    outlet = forms.ModelChoiceField(
        label=_("Media outlet"),
        queryset=Outlet.objects.select_related("country"),
        required=False,
        empty_label=_("a new one, named below"),
    )
    outlet_name = forms.CharField(label=_("Name of the new outlet"), max_length=160, required=False)
    outlet_country = forms.ModelChoiceField(
        label=_("Its country"), queryset=Country.objects.all(), required=False, empty_label=_("choose")
    )
    outlet_kind = forms.ChoiceField(
        label=_("Its kind"), choices=Outlet.Kind.choices, initial=Outlet.Kind.OTHER, required=False
    )
    field_order = ("outlet", "outlet_name", "outlet_country", "outlet_kind", *PERSON_FIELDS)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["full_name"].required = True

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("outlet"):
            if not cleaned.get("outlet_name"):
                self.add_error("outlet", _("Choose an outlet, or name a new one."))
            elif not cleaned.get("outlet_country"):
                self.add_error("outlet_country", _("Choose the country of the new outlet."))
        elif cleaned.get("outlet_name"):
            self.add_error("outlet_name", _("Leave this empty, or choose “a new one” above."))
        return cleaned

    @transaction.atomic
    def apply(self, *, by: User, election: Election) -> Accreditation:
        """Enter the application; ValidationError where a rule is against it, and then nothing is written."""
        typed = self.cleaned_data
        outlet = typed["outlet"] or Outlet(
            name=typed["outlet_name"],
            country=typed["outlet_country"],
            kind=typed["outlet_kind"] or Outlet.Kind.OTHER,
        )
        return actions.enter_media(
            by=by,
            election=election,
            outlet=outlet,
            person=self.fill_person(Person()),
        )
