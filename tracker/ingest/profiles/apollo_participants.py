"""Participants of Apollo (NDI), as it exports them, and as its sample of a file to be imported has them.

Roles are the election's own words; whatever is not among the usual ones is asked about. The partner is not taken for
the mission: Apollo keeps one mission, and its partners are members of it. A password that stands in an export is no
column of ours and is never read; a location is where the deployments are brought from.
"""

from tracker.ingest.mapping import Mapping, Rule
from tracker.ingest.profiles import Profile, has_columns

_ROLES = (
    ("OBS", "sto"), ("Observer", "sto"), ("STO", "sto"), ("LTO", "lto"),
    ("SUP", "core_team"), ("Supervisor", "core_team"), ("Coordinator", "core_team"),
)  # fmt: skip


def _profile(name: str, phone: str, sample: str, *columns: str, **more: str) -> Profile:
    rules = {
        "code": Rule(columns=("Participant ID",)),
        "full_name": Rule(columns=("Full Name",)),
        "role": Rule(columns=("Role",), reader="choice", choices=_ROLES),
        "phone": Rule(columns=(phone,)),
    }
    rules |= {target: Rule(columns=(column,)) for target, column in more.items()}
    known = ("Participant ID", "Full Name", "Location Code", "Role", "Gender", phone, *columns)
    return Profile(name, Mapping("observers", rules), has_columns(*known), sample, given=())


PROFILES = (
    _profile(
        "Apollo: participants, exported", "Phone #1", "apollo_participants_exported.csv", "Partner", "Supervisor ID",
        email="Email",
    ),
    _profile("Apollo: participants", "Phone 1", "apollo_participants.csv", "Organization"),
)  # fmt: skip
