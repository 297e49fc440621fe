"""What of each record the public may know: every field of every model is decided here, and nowhere else.

`published` fields stand on public pages; `counted` ones are read there to count, to link or to decide what is shown,
and are never shown themselves; `withheld` ones are out of reach of every public page: the database refuses them to
the public's role (`core.wall`). Which *rows* are public is the affair of `published_with` and its kin in the models.
A field that stands in no list, or in two, fails a test. The names are words and no imports: this is the lowest layer.
"""

from dataclasses import dataclass

from django.db import models


@dataclass(frozen=True)
class Fields:
    """The fields of one model by what the public may know of them, each a list of names in one text."""

    published: str = ""
    counted: str = ""
    withheld: str = ""

    @property
    def readable(self) -> list[str]:
        """What a public query may touch."""
        return [*self.published.split(), *self.counted.split()]

    @property
    def decided(self) -> list[str]:
        return [*self.readable, *self.withheld.split()]


def publishable(published: str = "", counted: str = "", withheld: str = "") -> Fields:
    """The fields of a model that is published row by row: those of `models.Publishable` are decided here for all."""
    return Fields(
        published, f"{counted} publication embargo_until", f"{withheld} written_by approved_by writers"
    )


DISCLOSURE: dict[str, Fields] = {
    # --- accounts, places, sources, work
    "core.User": Fields(
        withheld=(
            "id password last_login is_superuser username first_name last_name email is_staff is_active date_joined"
            " roles demonstration session_epoch"
        ),
    ),
    # --- what happened: the auditor's, and of one's own records the organization's
    "core.Change": Fields(
        withheld="id number at account origin request reason role txid rows previous_hash hash"
    ),
    "core.Head": Fields(withheld="id number hash"),
    "core.ChangedRow": Fields(withheld="id change table_name key kind before after digest"),
    "core.PersonalValue": Fields(withheld="changed_row table_name key salt before after"),
    "accounts.ApiToken": Fields(
        withheld="id account name scopes digest made_at expires_at used_at ended_at ended_because session_epoch"
    ),
    "accounts.SignInAttempt": Fields(withheld="id at kind door outcome account device address owner_told"),
    "core.User_groups": Fields(withheld="id user group"),
    "core.User_user_permissions": Fields(withheld="id user permission"),
    "core.Country": Fields(published="iso2 iso3 name_en name_az name_ru"),
    "core.TimeZone": Fields(published="name"),
    "core.Source": Fields(
        counted="id",
        published="publisher title url published_on read_on",
        withheld="notes entered_by entered_for",
    ),
    "core.Submission": Fields(withheld="key digest account record answer at"),
    "core.Job": Fields(
        withheld=(
            "id kind arguments state done total attempts cancel_asked requested_by requested_at started_at heartbeat_at"
            " finished_at result error"
        ),
    ),
    # --- the contest
    "elections.Election": publishable(
        counted="id publishing",
        published=(
            "slug name name_az name_ru country kind call round starts_on ends_on timezone authority demonstration"
            " source"
        ),
        withheld="four_eyes four_eyes_end_by contact_days people_days notes",
    ),
    "elections.SimulatedDay": Fields(
        counted="id election demonstration", published="now", withheld="seed last_event"
    ),
    "elections.Constituency": publishable(
        counted="id",
        published="election number name note note_source source",
    ),
    "elections.Milestone": publishable(
        counted="id",
        published="election title kind starts_on ends_on at timezone responsible_body basis source notes",
    ),
    "elections.AnnouncedFigure": publishable(
        counted="id",
        published=(
            "election metric scope value place unit qualifier announced_by announced_on as_of_date as_of_at"
            " as_of_timezone as_of_clock_time conflict_group source notes"
        ),
    ),
    # --- where people vote
    "stations.PollingStation": publishable(
        published=(
            "id election setting status constituency number number_source country city city_basis city_source"
            " host_mission host_mission_basis address address_source timezone latitude longitude coordinate_precision"
            " registered_voters voters_source hours_source source notes"
        ),
    ),
    "stations.VotingWindow": Fields(counted="id", published="station opens_at closes_at"),
    # --- who observes
    "missions.Organization": publishable(
        counted="id",
        published="slug name acronym kind country website website_basis source notes",
    ),
    "missions.Mission": publishable(
        published=(
            "id election organization type status head_of_mission head_role invited_by invited_on announced_on"
            " accredited_on arrives_on departs_on observers_total planned_core planned_lto planned_sto actual_core"
            " actual_lto actual_sto stations_visited areas_observed source notes"
        ),
    ),
    "missions.Membership": Fields(counted="id", published="mission organization role source notes"),
    "missions.Engagement": publishable(
        counted="id",
        published=(
            "election kind date date_precision place host host_role visitor visitor_role topics outcome source notes"
        ),
    ),
    "missions.Engagement_organizations": Fields(counted="id", published="engagement organization"),
    "missions.Statement": publishable(
        counted="id",
        published="mission kind title issued_on language url source notes",
    ),
    # --- people: of a person the name alone, and only where the mission itself made it public (published_where)
    "missions.Person": Fields(
        counted="id", published="full_name", withheld="nationality document_number email phone notes"
    ),
    "missions.PersonReading": Fields(withheld="id person file account at screen request"),
    "missions.Observer": Fields(counted="id mission role person name_published", withheld="code"),
    "missions.Outlet": publishable(
        counted="id",
        published="name kind country",
        withheld="website source notes",
    ),
    "missions.AccreditationRule": Fields(
        withheld=(
            "id election category opens_at closes_at decided_by quota quota_each valid_from valid_until source notes"
        ),
    ),
    "missions.Accreditation": Fields(
        counted="id election observer outlet status",
        published="category number valid_from valid_until",
        withheld="media_person applied_at decided_at reason",
    ),
    "missions.AccreditationChange": Fields(counted="id accreditation status at", withheld="by reason"),
    "missions.Affiliation": Fields(withheld="id account organization"),
    "missions.BulkDecision": Fields(
        withheld="id election to reason valid_from valid_until by prepared_at confirmed_at job"
    ),
    "missions.BulkDecisionRow": Fields(withheld="id decision accreditation seen outcome problem"),
    # --- field work: counts are public, rows are not
    "fieldwork.Assessment": Fields(counted="id mission", published="ordinal label polarity"),
    "fieldwork.Team": Fields(counted="id mission", withheld="name kind area area_country area_constituency"),
    "fieldwork.Team_members": Fields(withheld="id team observer"),
    "fieldwork.Deployment": Fields(
        counted="id team mission election station status", withheld="starts_at ends_at notes"
    ),
    "fieldwork.Visit": Fields(
        counted="id team mission election station phase arrived_at assessment status",
        withheld=(
            "departed_at findings submission_key version key_version created_by created_at submitted_by submitted_at"
            " verified_by verified_at"
        ),
    ),
    "fieldwork.Incident": publishable(
        counted="id",
        published="election category severity status occurred_at station place summary",
        withheld="team description submission_key",
    ),
    "fieldwork.IncidentChange": Fields(withheld="id incident status at by reason publication"),
    # --- figures. That a person published an edition, and which number that account has, is part of its hash.
    "coverage.Mark": Fields(counted="id election at"),
    "coverage.Tally": Fields(counted="election marks"),
    "coverage.Edition": Fields(
        counted="id election published_by",
        published=(
            "number as_of published_at content detail total changes content_hash previous_hash hash history_number"
            " history_hash thinned_at"
        ),
    ),
    "coverage.Correction": Fields(
        counted="id election model key hidden", published="kind before after reason at", withheld="held"
    ),
    "ingest.LoadedRecord": Fields(withheld="id dataset kind key object_id values"),
    "ingest.Profile": Fields(withheld="id name kind fingerprint mapping saved_by saved_at"),
    "ingest.Answer": Fields(withheld="id topic text context value given_by"),
    "ingest.Upload": Fields(
        withheld=(
            "id name size sha256 format election kind sheet header_row mapping profile retire_missing state counts"
            " compared written written_by_transaction job problem sent_by organization sent_at applied_at undone_at"
        )
    ),
    "ingest.UploadedFile": Fields(withheld="upload content"),
    "ingest.UploadedRecord": Fields(
        withheld="id upload kind row key label action object_id values changes takes before problems"
    ),
}


def published_fields(model: type[models.Model]) -> list[str]:
    """The fields of `model` that stand on public pages, and whose corrections therefore do."""
    return DISCLOSURE[model._meta.label].published.split()


def readable_fields(model: type[models.Model]) -> list[str]:
    """The fields of `model` that a public query may touch; none of a model that is not ours."""
    known = DISCLOSURE.get(model._meta.label)
    return known.readable if known else []


def withheld_fields(model: type[models.Model]) -> list[str]:
    """The fields of `model` that no public query may touch."""
    known = set(readable_fields(model))
    return [field.name for field in model._meta.local_fields if field.name not in known]
