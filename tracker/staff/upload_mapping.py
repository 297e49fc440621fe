"""The form that says how a file is read: one line for each of our columns, with what the file's first rows become."""

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.core.languages import languages
from tracker.core.saving import Difference, untouched
from tracker.ingest.columns import CHOICES
from tracker.ingest.compiling import compile_mapping
from tracker.ingest.guessing import READER_OF
from tracker.ingest.mapping import HOWS, READERS, WITHOUT_COLUMN, BadMapping, Mapping, Rule
from tracker.ingest.models import Upload
from tracker.ingest.tables import Table
from tracker.ingest.uploads.subjects import SUBJECTS
from tracker.missions.models import Person

SHOWN = 5  # rows of the file and of what becomes of them
HOW_LABELS = {
    "take": gettext_lazy("as it stands"),
    "split": gettext_lazy("one part of it"),
    "rest": gettext_lazy("all but one part of it"),
    "join": gettext_lazy("both, joined"),
    "first": gettext_lazy("the first that is filled in"),
}
READER_LABELS = {
    "": gettext_lazy("as text"),
    "date": gettext_lazy("a date"),
    "moment": gettext_lazy("a date and hour"),
    "opens": gettext_lazy("the opening of hours"),
    "closes": gettext_lazy("the closing of hours"),
    "clock": gettext_lazy("an hour"),
    "count": gettext_lazy("a number"),
    "latitude": gettext_lazy("the latitude of coordinates"),
    "longitude": gettext_lazy("the longitude of coordinates"),
    "country": gettext_lazy("a country’s name"),
    "choice": gettext_lazy("a word of our list"),
    "numbers": gettext_lazy("a list of numbers: a station for each"),
    "zone": gettext_lazy("from the country, city and coordinates"),
    "place": gettext_lazy("from the country and city"),
}


# What our columns are called where no field of the register has their name.
COLUMN_LABELS = {
    "country_iso2": gettext_lazy("country"),
    "iana_timezone": gettext_lazy("time zone"),
    "opens_local": gettext_lazy("opens (local time)"),
    "closes_local": gettext_lazy("closes (local time)"),
    "votes_on": gettext_lazy("votes on these days"),
    "constituency_number": gettext_lazy("number of the constituency"),
    "constituency_name": gettext_lazy("name of the constituency"),
    "source_url": gettext_lazy("source: address of the page"),
    "source_date": gettext_lazy("source: date of the page"),
    "number_source_url": gettext_lazy("source of the number"),
    "number_source_date": gettext_lazy("date of the number’s source"),
    "address_source_url": gettext_lazy("source of the address"),
    "voters_source_url": gettext_lazy("source of the voters"),
    "city_source_url": gettext_lazy("source of the city"),
    "mission_type": gettext_lazy("type of the mission"),
    "acronym": gettext_lazy("acronym of the organization"),
    "invited_date": gettext_lazy("invited on"),
    "announced_date": gettext_lazy("announced on"),
    "accredited_date": gettext_lazy("accredited on"),
    "arrival_date": gettext_lazy("arrives on"),
    "departure_date": gettext_lazy("departs on"),
    "observers_core": gettext_lazy("core team"),
    "observers_lto": gettext_lazy("long-term observers"),
    "observers_sto": gettext_lazy("short-term observers"),
    "statement_date": gettext_lazy("date of the statement"),
    "statement_url": gettext_lazy("address of the statement"),
    "end_date": gettext_lazy("last day"),
    "time_local": gettext_lazy("hour (local time)"),
    "utc_offset": gettext_lazy("offset from UTC"),
    "as_of": gettext_lazy("as of"),
    "outcome_or_figures": gettext_lazy("outcome"),
    "from_local": gettext_lazy("from (local time)"),
    "until_local": gettext_lazy("until (local time)"),
    "arrived_local": gettext_lazy("arrival (local time)"),
    "departed_local": gettext_lazy("departure (local time)"),
    "number": gettext_lazy("number of the station"),
    "host_mission": gettext_lazy("host mission"),
    "reference": gettext_lazy("own number of the form or plan"),
}


def usual_reader(column: Any) -> str:
    """How cells of our column are read unless somebody says otherwise."""
    found = "choice" if column.parse in CHOICES else READER_OF.get(column.parse, "")
    return "" if found in WITHOUT_COLUMN else found


class RuleForm(forms.Form):
    """How one of our columns is filled. The first line is enough for most; the rest is for split and joined cells."""

    column = forms.ChoiceField(required=False, label=gettext_lazy("Column of the file"))
    second = forms.ChoiceField(required=False, label=gettext_lazy("and"))
    how = forms.ChoiceField(
        required=False, label=gettext_lazy("Take"), choices=[(h, HOW_LABELS[h]) for h in HOWS]
    )
    separator = forms.CharField(required=False, label=gettext_lazy("parted by"), max_length=10, strip=False)
    part = forms.TypedChoiceField(
        required=False, label=gettext_lazy("part"), coerce=int, empty_value=0,
        choices=[("", "–"), (1, gettext_lazy("first")), (2, gettext_lazy("second")), (3, gettext_lazy("third")),
                 (-1, gettext_lazy("last")), (-2, gettext_lazy("last but one"))],
    )  # fmt: skip
    constant = forms.CharField(required=False, label=gettext_lazy("if empty"), max_length=500)
    reader = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Read it as"),
        choices=[(r, READER_LABELS[r]) for r in ("", *READERS)],
    )
    ranges = forms.BooleanField(required=False, label=gettext_lazy("12-15 stands for four numbers"))

    def __init__(
        self, column: Any, label: Any, header: Sequence[str], rule: Rule | None, data: QueryDict | None
    ) -> None:
        self.target, self.label, self.required, self.rule = column.name, label, column.required, rule
        # Whoever chooses a column for one of ours that holds a date or a word of a list means that.
        kept = rule or Rule(reader=usual_reader(column))
        initial = {
            "column": kept.columns[0] if kept.columns else "",
            "second": kept.columns[1] if len(kept.columns) > 1 else "",
            "how": kept.how, "separator": kept.separator, "part": kept.part or "", "constant": kept.constant,
            "reader": kept.reader, "ranges": kept.ranges,
        }  # fmt: skip
        super().__init__(data, prefix=column.name, initial=initial)
        offered = [("", _("(none)")), *((name, name) for name in header)]
        for name in ("column", "second"):
            self.fields[name].choices = offered  # type: ignore[attr-defined]

    @property
    def special(self) -> bool:
        """Whether more than the first line says how it is filled."""
        rule = self.rule
        return rule is not None and (rule.how != "take" or bool(rule.constant) or rule.ranges)

    @property
    def filled(self) -> bool:
        return self.rule is not None

    def made(self) -> Rule | None:
        """The rule, or None where the column stays empty. The form must be valid."""
        values = self.cleaned_data
        how = values["how"] or "take"
        wanted = [values["column"], values["second"]] if how in ("join", "first") else [values["column"]]
        columns = tuple(name for name in wanted if name)
        reader = values["reader"]
        if not columns and not values["constant"] and reader not in ("zone", "place"):
            return None
        choices = self.rule.choices if self.rule is not None and reader == "choice" else ()
        if not columns:
            how = "take"
        return Rule(
            columns=columns, how=how, separator=values["separator"] if how != "take" else "",
            part=values["part"] if how in ("split", "rest") else 0, constant=values["constant"], reader=reader,
            choices=choices, ranges=values["ranges"],
        )  # fmt: skip


def label_of(kind: str, column: str) -> Any:
    """What people call a column of our layout: as the field of the register, or by a word of its own."""
    if column in COLUMN_LABELS:
        return COLUMN_LABELS[column]
    model: Any = SUBJECTS[kind].kind.model
    fields = [*model._meta.get_fields(), *(Person._meta.fields if SUBJECTS[kind].people else ())]
    names = {field.name: field.verbose_name for field in fields if hasattr(field, "verbose_name")}
    return names.get(column, column.replace("_", " "))


def opened_reading(text: str) -> dict[str, Any] | None:
    """What a form says it had shown (JSON of `actions.reading_of`); None if it is anything else."""
    try:
        said = json.loads(text)
        Mapping.from_json(said["mapping"])
    except (ValueError, TypeError, KeyError, AttributeError, BadMapping):
        return None
    return said if isinstance(said, dict) else None


def in_words(kind: str, said: dict[str, Any]) -> dict[str, str]:
    """How a file is read (`actions.reading_of`), a label and words for each part of it."""
    mapping = Mapping.from_json(said["mapping"])
    days = {True: _("3 April"), False: _("4 March"), None: _("asked about")}
    words = {
        _("Sheet"): said.get("sheet") or "",
        _("Row of the header"): str(said.get("header_row") or ""),
        _("Page it comes from"): said.get("source") or "",
        _("Language of dates and numbers"): mapping.language,
        _("03/04/2024 is"): days[mapping.day_first],
    }
    for column in SUBJECTS[kind].layout.columns:
        words[str(label_of(kind, column.name))] = _rule_words(mapping.rules.get(column.name))
    return words


def _rule_words(rule: Rule | None) -> str:
    if rule is None:
        return ""
    words = [" + ".join(rule.columns)]
    if rule.how != "take":
        words.append(
            " ".join(str(one) for one in (HOW_LABELS[rule.how], rule.separator, rule.part or "") if one)
        )
    if rule.constant:
        words.append(_("if empty: %(text)s") % {"text": rule.constant})
    if rule.reader:
        words.append(str(READER_LABELS[rule.reader]))
    return ", ".join(word for word in words if word)


def beside(
    kind: str, opened: dict[str, Any] | None, now: dict[str, Any], typed: dict[str, Any]
) -> list[Difference]:
    """What others said of a file since a form of it was opened, beside what was chosen; all three as `reading_of`.

    Of a form that does not say what it had shown: where what was chosen is not what is said now.
    """
    before = in_words(kind, opened or typed)
    held, chosen = in_words(kind, now), in_words(kind, typed)
    return [
        Difference(label, before[label] if opened else _("not known"), held[label], chosen[label])
        for label in held
        if held[label] != before[label]
    ]


def chosen_over(
    kind: str, header: Sequence[str], opened: dict[str, Any] | None, now: dict[str, Any], data: QueryDict
) -> QueryDict:
    """What was chosen, on top of how the file is read now: lines that nobody touched show what others said."""
    merged = data.copy()
    if opened is None:
        return merged
    rules = [Mapping.from_json(said["mapping"]).rules for said in (opened, now)]
    for column in SUBJECTS[kind].layout.columns:
        before, held = (
            untouched(RuleForm(column, "", header, one.get(column.name), None)).record for one in rules
        )
        for name, inputs in held.items():
            for place, values in inputs.items():
                if data.getlist(f"{column.name}-{place}") == before[name][place]:
                    merged.setlist(f"{column.name}-{place}", values)
    general = [_general(said) for said in (opened, now)]
    for name, value in general[1].items():
        if data.get(name, "") == general[0][name]:
            merged[name] = value
    return merged


def _general(said: dict[str, Any]) -> dict[str, str]:
    mapping = Mapping.from_json(said["mapping"])
    days = {True: "yes", False: "no", None: ""}
    return {
        "source": said.get("source") or "",
        "language": mapping.language,
        "day_first": days[mapping.day_first],
    }


class MappingForms:
    """The whole form: a line for each column of our layout, the language, the source; and what comes of it."""

    def __init__(
        self, upload: Upload, table: Table, sample: list[tuple[str, ...]], data: QueryDict | None
    ) -> None:
        self.upload, self.table, self.sample, self.data = upload, table, sample, data
        self.kept = Mapping.from_json(upload.mapping["mapping"])
        self.language = self.kept.language if data is None else data.get("language", "")
        self.day_first = (
            self.kept.day_first if data is None else {"yes": True, "no": False}.get(data.get("day_first", ""))
        )
        self.source = (
            upload.mapping.get("source", "") if data is None else data.get("source", "").strip()[:500]
        )
        self.lines = [
            RuleForm(
                column,
                label_of(upload.kind, column.name),
                table.header,
                self.kept.rules.get(column.name),
                data,
            )
            for column in SUBJECTS[upload.kind].layout.columns
        ]
        self.problems: list[str] = []

    @property
    def languages(self) -> list[tuple[str, str]]:
        return languages()

    @property
    def first_rows(self) -> list[tuple[str, ...]]:
        """The first rows of the file as they stand."""
        return self.sample[:SHOWN]

    @property
    def filled(self) -> list[RuleForm]:
        return [line for line in self.lines if self._shown_first(line)]

    @property
    def others(self) -> list[RuleForm]:
        return [line for line in self.lines if not self._shown_first(line)]

    def _shown_first(self, line: RuleForm) -> bool:
        # The page that all rows come from is asked for above.
        return line.filled or (line.required and not (line.target == "source_url" and self.source))

    @property
    def unused(self) -> list[str]:
        """Columns of the file that nothing takes."""
        used = {name for rule in self.kept.rules.values() for name in rule.columns}
        return [name for name in self.table.header if name not in used]

    def mapping(self) -> Mapping | None:
        """What the person chose; None where something does not fit, then `problems` says what."""
        rules = {}
        for line in self.lines:
            if not line.is_valid():
                self.problems += [f"{line.target}: {' '.join(errors)}" for errors in line.errors.values()]
            elif (rule := line.made()) is not None:
                rules[line.target] = rule
        if self.problems:
            return None
        try:
            return Mapping(self.upload.kind, rules, self.language, self.day_first)
        except BadMapping as bad:
            self.problems = [f"{target}: {what}" if target else what for target, what in bad.problems]
            return None

    @property
    def shown(self) -> dict[str, Any]:
        """What the first rows become: columns that are filled, a line for each record, and what could not be read."""
        read = compile_mapping(
            self.kept, self.table.header, given={"source_url": self.source}, file=self.upload.name
        )
        rows: list[dict[str, str]] = []
        problems: list[str] = []
        for place, cells in enumerate(self.sample[:SHOWN], start=1):
            mapped = read(place, cells, {})
            rows += mapped.rows
            problems += [f"“{problem.value}” {problem.what} {problem.mend}" for problem in mapped.problems]
            problems += [
                _("“%(text)s” will be asked about.") % {"text": question.text}
                for question in mapped.questions
            ]
        filled = [line for line in self.lines if any(row.get(line.target) for row in rows)]
        return {
            "columns": [line.label for line in filled],
            "rows": [[row.get(line.target, "") for line in filled] for row in rows],
            "problems": list(dict.fromkeys(problems)),
        }
