"""Reading a file and comparing it with the register: everything a person looks at before anything is written."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.fields.json import KT

from tracker.ingest.kinds import UPLOAD_KINDS, Kind
from tracker.ingest.models import Upload, UploadedRecord
from tracker.ingest.problems import Problem
from tracker.ingest.reading import Row, read_row
from tracker.ingest.records.dataset import KEY_SEPARATOR, Record
from tracker.ingest.slugs import free_slug
from tracker.ingest.uploads.comparing import Action, Comparison, Line, steady_key
from tracker.ingest.uploads.doubts import hashed, warn_of_shared_numbers
from tracker.ingest.uploads.forgetting import hold
from tracker.ingest.uploads.keys import REMEMBERED
from tracker.ingest.uploads.moments import MOMENT
from tracker.ingest.uploads.subjects import SUBJECTS, Subject, Surroundings, look_around
from tracker.missions.models import Organization

CHUNK = 2_000
MOST_LABEL = 200
# A row of a file, brought into the columns of our own layout: its number, the cells of each record it holds, and what
# could not be understood.
MappedRow = tuple[int, list[dict[str, str]], list[Problem]]
# Not COPY, which PostgreSQL does not do where row security is on.
_KEEP = """
    INSERT INTO ingest_uploadedrecord
    (upload_id, kind, row, key, label, action, object_id, values, changes, takes, before, problems)
    SELECT %s, r.kind, r.row, r.key, r.label, r.action, r.object_id, r.values::jsonb, r.changes::jsonb,
        string_to_array(r.takes, ' '), r.before::jsonb, r.problems::jsonb
    FROM unnest(%b::text[], %b::int[], %b::text[], %b::text[], %b::text[], %b::bigint[], %b::text[], %b::text[],
        %b::text[], %b::text[], %b::text[]) WITH ORDINALITY
        AS r(kind, row, key, label, action, object_id, values, changes, takes, before, problems, place)
    ORDER BY r.place"""


def _second(partition: str, actions: str, condition: str = "true") -> str:
    """SQL that makes records which an earlier row of the file speaks of too a fault of their rows."""
    return f"""
    UPDATE ingest_uploadedrecord r SET action = 'bad', values = '{{}}', object_id = NULL, changes = '{{}}',
        takes = '{{}}', before = NULL, problems = jsonb_build_array(jsonb_build_array('', r.label,
        'speaks of the same record as row ' || d.first || '.', 'Take one of the two out.', 'error'))
    FROM (SELECT id, row_number() OVER same AS place, first_value(row) OVER same AS first
        FROM ingest_uploadedrecord WHERE upload_id = %(upload)s AND kind = %(kind)s AND action {actions}
        WINDOW same AS (PARTITION BY {partition} ORDER BY row, id)) d
    WHERE d.place > 1 AND r.id = d.id AND {condition}"""  # noqa: S608 - ours


_NUMBERED = "(r.kind <> 'station' OR COALESCE(r.values->>'number', '') <> '')"
_SECOND_OF_KEY = _second("key", "NOT IN ('bad', 'missing')", _NUMBERED)
_SECOND_OF_RECORD = _second("object_id", "IN ('changed', 'kept', 'unchanged')")
_ANOTHER = """
    SELECT id, place FROM (SELECT id, row, row_number() OVER (PARTITION BY key ORDER BY row, id) AS place
        FROM ingest_uploadedrecord
        WHERE upload_id = %(upload)s AND kind = %(kind)s AND action NOT IN ('bad', 'missing')) d
    WHERE place > 1 ORDER BY row, id"""
_FORGET_REPEATED = """
    DELETE FROM ingest_uploadedrecord r USING (
        SELECT id, row_number() OVER (PARTITION BY kind, key ORDER BY id) AS place
        FROM ingest_uploadedrecord WHERE upload_id = %(upload)s AND kind <> %(kind)s) d
    WHERE d.place > 1 AND r.id = d.id"""


def compare_rows(
    upload: Upload,
    rows: Iterable[MappedRow],
    progress: Callable[[int], None] = lambda done: None,
    *,
    told: Collection[str] | None = None,
    names: Mapping[str, str] | None = None,
) -> None:
    """Write down what `rows` would do to the register, in place of what was written down before.

    `told`: the columns of our layout that the file fills; all of them where that is not said. `names`: what the file
    calls them, which is how problems do.
    `progress` is told how many rows are done, between transactions. The register itself is only read.
    """
    subject = SUBJECTS[upload.kind]
    around = look_around(upload.election, upload.sent_by, subject.kind.model)
    UploadedRecord.objects.filter(upload=upload).delete()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {MOMENT}")
        (upload.compared,) = cursor.fetchone()
    check = _Check(upload, subject, around, told, names or {})
    done = 0
    for chunk in chunks(rows, CHUNK):
        with transaction.atomic():
            hold(upload)
            check.add(chunk)
        done += len(chunk)
        progress(done)
    with transaction.atomic():
        hold(upload)
        check.tell_apart()
        check.find_missing()
        warn_of_shared_numbers(upload)
    upload.counts = {"rows": done} | count_records(upload)


def chunks(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """`rows` in lists of at most `size`."""
    rest = iter(rows)
    while chunk := list(islice(rest, size)):
        yield chunk


class _Check:
    def __init__(
        self,
        upload: Upload,
        subject: Subject,
        around: Surroundings,
        told: Collection[str] | None,
        names: Mapping[str, str],
    ) -> None:
        self.upload, self.subject, self.around, self.names = upload, subject, around, names
        columns = [column.name for column in subject.layout.columns] if told is None else told
        self.comparison = Comparison(
            around.election.slug,
            around.election.pk,
            told=[field_of(column) for column in columns],
            chosen={(key, name): wins for key, name, wins in upload.mapping.get("choices", [])},
        )
        # Records that rows refer to, such as sources, come once for the whole file. Of these some are remembered;
        # what comes again for all that goes at the end.
        self.referred: set[tuple[str, str]] = set()
        self.slugs: set[str] | None = None

    def add(self, chunk: list[MappedRow]) -> None:
        """Read, compare and keep one chunk of the file."""
        problems: dict[int, list[Problem]] = {}
        warnings: dict[int, list[Problem]] = {}
        rows: list[Row] = []
        for number, parts, found in chunk:  # these name the columns as the file does
            for problem in found:
                (warnings if problem.warning else problems).setdefault(number, []).append(problem)
            for cells in parts:
                row, unreadable = read_row(self.subject.layout, number, cells)
                rows.append(row)
                if unreadable:
                    problems.setdefault(number, []).extend(map(self._named, unreadable))
        dataset = self.subject.records(rows, self.around)
        for problem in dataset.problems:
            kept = warnings if problem.warning else problems
            kept.setdefault(problem.row or 0, []).append(self._named(problem))
        if problems:
            # What a bad row refers to is not to come in for its sake.
            dataset = self.subject.records([row for row in rows if row.number not in problems], self.around)
        self._keep(
            [self._bad(number, found + warnings.get(number, [])) for number, found in problems.items()]
        )
        for kind in UPLOAD_KINDS:
            records = dataset.records.get(kind.name, [])
            if kind is self.subject.kind:
                lines = [self._line(kind, record) for record in records]
                self.comparison.settle(kind, lines)
                for line in lines:
                    line.problems += map(_said, warnings.get(line.row, []))
            else:
                lines = self._referred(kind, records)
            if kind.name == "organization":
                self._give_slugs(lines)
            self._keep(lines)

    def _named(self, problem: Problem) -> Problem:
        return replace(problem, column=self.names.get(problem.column, problem.column))

    def _line(self, kind: Kind, record: Record) -> Line:
        key = steady_key(kind, record.key, record.values)
        return Line(kind.name, record.row.number, key, label_of(record.values, record.key), record.values)

    def _referred(self, kind: Kind, records: list[Record]) -> list[Line]:
        """Lines of what rows refer to, without those that change nothing."""
        lines = []
        if len(self.referred) > REMEMBERED:
            self.referred.clear()
        for record in records:
            if (kind.name, record.key) not in self.referred:
                self.referred.add((kind.name, record.key))
                lines.append(self._line(kind, record))
        self.comparison.settle(kind, lines)
        return [line for line in lines if line.action in (Action.NEW, Action.CHANGED)]

    def _bad(self, number: int, problems: list[Problem]) -> Line:
        said = list(map(_said, problems))
        return Line(self.subject.kind.name, number, f"row {number}", "", {}, Action.BAD.value, problems=said)

    def _give_slugs(self, lines: list[Line]) -> None:
        """New organizations get the word of their address with the preview, so that it can be looked at."""
        if self.slugs is None:
            self.slugs = set(Organization.objects.values_list("slug", flat=True))
        for line in lines:
            if line.action == Action.NEW:
                slug = free_slug(line.values["acronym"] or line.values["name"], taken=self.slugs)
                self.slugs.add(slug)
                line.values["slug"] = slug

    def _keep(self, lines: list[Line]) -> None:
        if not lines:
            return
        rows = [
            (
                line.kind, line.row, line.key, line.label[:MOST_LABEL], line.action, line.object_id, _json(line.values),
                _json(line.changes) if line.changes else "{}", " ".join(line.takes),
                None if line.before is None else _json(line.before), _json(line.problems) if line.problems else "[]",
            )
            for line in lines
        ]  # fmt: skip
        # Past Django's cursor, which writes parameters into the statement as text: these go in binary.
        with psycopg.Cursor(connection.connection) as cursor:
            cursor.execute(_KEEP, [self.upload.pk, *map(list, zip(*rows, strict=True))])

    # --- the whole file

    def tell_apart(self) -> None:
        """Rows with the same key, or of the same record: the second is bad where it says which it is, else another one.

        Two stations in one embassy whose numbers nobody knows are two stations; two rows with one number are a mistake.
        """
        kind = self.subject.kind
        of_file: dict[str, Any] = {"upload": self.upload.pk, "kind": kind.name}
        with connection.cursor() as cursor:
            cursor.execute(_FORGET_REPEATED, of_file)
            cursor.execute(_SECOND_OF_KEY, of_file)
        # What is left of one key are stations whose numbers nobody knows.
        with connection.chunked_cursor() as cursor:
            cursor.execute(_ANOTHER, of_file)
            while places := dict(cursor.fetchmany(CHUNK)):
                self._settle_again(kind, places)
        with connection.cursor() as cursor:
            cursor.execute(_SECOND_OF_RECORD, of_file)

    def _settle_again(self, kind: Kind, places: dict[int, int]) -> None:
        """Compare records anew under a key of their own; `places`: of their ids, the which of its key each is."""
        held = UploadedRecord.objects.in_bulk(places)
        again = []
        for pk, place in places.items():
            found = held[pk]
            key = f"{found.key} | #{place}"
            again.append((found, Line(found.kind, found.row, key, found.label, found.values)))
        self.comparison.settle(kind, [line for _found, line in again])
        for found, line in again:
            found.key, found.action, found.object_id = line.key, line.action, line.object_id
            found.changes, found.takes, found.before = line.changes, line.takes, line.before
        UploadedRecord.objects.bulk_update(
            held.values(), ["key", "action", "object_id", "changes", "takes", "before"]
        )

    def find_missing(self) -> None:
        """What the register holds of this kind and election, and no row of the file speaks of."""
        if self.upload.mapping.get("part"):
            return  # rows mended of another file: what they lack stands there
        kind = self.subject.kind
        scope = kind.scope(self.around.election.pk)
        if not scope:
            return  # organizations belong to no election: a file never has them all
        rows = kind.model._base_manager.filter(**scope)
        if kind.ended:
            rows = rows.exclude(**dict([kind.ended]))
        said = UploadedRecord.objects.filter(upload=self.upload, kind=kind.name)
        if kind.within:
            # A file tells of the owners that it names, and of nobody else's records.
            named = (
                said.exclude(action=Action.BAD)
                .order_by()
                .values_list(KT(f"values__{kind.within}"), flat=True)
            )
            owners = {self.comparison.held(kind, kind.within, key) for key in named.distinct()}
            rows = rows.filter(**{f"{kind.within}__in": owners}).select_related(*kind.shown_with)
        spoken_of = said.exclude(action__in=[Action.NEW, Action.BAD]).filter(object_id=OuterRef("pk"))
        missing = rows.exclude(Exists(spoken_of)).order_by("pk")
        with connection.cursor() as cursor, hashed(cursor):
            for part in chunks(missing.iterator(CHUNK), CHUNK):
                UploadedRecord.objects.bulk_create(
                    UploadedRecord(
                        upload=self.upload,
                        kind=kind.name,
                        row=0,
                        key=f"missing {record.pk}",
                        label=str(record)[:MOST_LABEL],
                        action=Action.MISSING,
                        object_id=record.pk,
                    )
                    for record in part
                )


def _said(problem: Problem) -> list[str]:
    """A problem as a record keeps it."""
    weight = "warning" if problem.warning else "error"
    return [problem.column, problem.value, problem.what, problem.mend, weight]


def field_of(column: str) -> str:
    """The field of a record that a column of our layout fills, where it does so alone or with others."""
    known = {
        "country_iso2": "country", "iana_timezone": "timezone", "constituency_number": "constituency",
        "opens_local": "windows", "closes_local": "windows", "votes_on": "windows", "mission_type": "type",
        "invited_date": "invited_on", "announced_date": "announced_on", "accredited_date": "accredited_on",
        "arrival_date": "arrives_on", "departure_date": "departs_on", "observers_core": "planned_core",
        "observers_lto": "planned_lto", "observers_sto": "planned_sto", "end_date": "ends_on",
        "outcome_or_figures": "outcome",
    }  # fmt: skip
    return known.get(column, column.removesuffix("_url"))


def count_records(upload: Upload) -> dict[str, Any]:
    """How many records of the upload's own kind there are by action, and of the others how many come along."""
    own = SUBJECTS[upload.kind].kind.name
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, action, count(*) FROM ingest_uploadedrecord WHERE upload_id = %s GROUP BY 1, 2",
            [upload.pk],
        )
        found = cursor.fetchall()
    counts: dict[str, Any] = {action: number for kind, action, number in found if kind == own}
    rows = (
        UploadedRecord.objects.filter(upload=upload, kind=own).exclude(action=Action.BAD).exclude(problems=[])
    )
    if warned := rows.count():
        counts["warned"] = warned
    counts["along"] = {kind: number for kind, action, number in found if kind != own and action == Action.NEW}
    return counts


def label_of(values: dict[str, Any], key: str) -> str:
    """What a person calls the record with these values."""
    if "full_name" in values:
        code: str = values["code"]  # stands for the person wherever a label is shown
        return code
    if "city" in values:
        return f"{values['city']} {values.get('number') or ''}".strip()
    if "team" in values:
        return (
            f"{values['team'].rpartition(KEY_SEPARATOR)[2]}: {values['station'].partition(KEY_SEPARATOR)[0]}"
        )
    named: str = values.get("name") or values.get("title") or values.get("url") or key
    return named


def _json(value: Any) -> str:
    # PostgreSQL's JSON holds no NUL; cells with one were refused before.
    return json.dumps(value, ensure_ascii=False)
