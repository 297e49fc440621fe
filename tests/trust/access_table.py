"""Who may do what at which screen, written by hand: what `test_access` holds the software to.

A cell says what a role may do to rows of a model: v(iew), a(dd), c(hange), d(elete), p(ublish and withdraw), or - for
nothing. Where two rows differ the cell is "first|second". The rows: of what the host state keeps, first a published
one, then a draft; of what organizations keep, first one of organization A, for which the coordinator works, then one
of B, which is hidden. Of accounts, first an ordinary one, then a superuser's.

What a person enters on a screen of its own (applications, visits) has no "a" or "c" here; SCREENS holds those. The
file that is asked about holds visits, which the officer does not see.
"""

ROLES = ("election_desk", "accreditation_officer", "mission_coordinator", "publisher", "auditor", "administrator",
         "superuser")  # fmt: skip

MODELS = """
                   desk      officer   coordinator publisher auditor administrator superuser
Election           vac|vacd  v         v|-         vp        v       -             vacdp
Constituency       vac|vacd  v         v|-         vp        v       -             vacdp
Milestone          vac|vacd  v         v|-         vp        v       -             vacdp
AnnouncedFigure    vac|vacd  v         v|-         vp        v       -             vacdp
PollingStation     vac|vacd  v         v|-         vp        v       -             vacdp
VotingWindow       vd        v         v|-         v         v       -             vd
Engagement         vac|vacd  v         v|-         vp        v       -             vacdp
Organization       v         vac|vacd  v|-         vp        v       v             vacdp
Mission            v         vac|vacd  vc|-        vp        v       -             vacdp
Membership         v         vacd      v|-         v         v       -             vacd
Statement          v         vacd|vac  vacd|-      vp        v       -             vacdp
Outlet             v         vac|vacd  -           vp        v       -             vacdp
Observer           v         vacd      vacd|-      v         v       -             vacd
Person             -         vacd      vcd|-       -         -       -             vacd
AccreditationRule  v         vacd      -           v         v       -             vacd
Accreditation      v         v         v|-         v         v       -             v
Team               v         -         vacd|-      v         v       -             vacd
Deployment         v         -         vacd|-      v         v       -             vacd
Visit              v         -         vacd|-      v         v       -             vacd
Incident           v         -         vacd|-      vp        v       -             vacdp
Edition            v         v         -           v         v       -             v
Source             vacd      vac       va          v         v       -             vacd
Country            v         v         v           v         v       -             v
TimeZone           v         v         v           v         v       -             v
PersonReading      -         -         -           -         v       -             v
SignInAttempt      -         -         -           -         v       v             v
Job                -         -         -           -         v       v             v
User               -         -         -           -         v       vac|v         vac
"""

# The screens of work: + lets in, - refuses. The coordinator is asked about a row of its own organization.
SCREENS = """
                           desk officer coordinator publisher auditor administrator superuser
accreditation              +    +       +           +         +       -             +
accreditation_queue        +    +       +           +         +       -             +
accreditation_prepare      -    +       -           -         -       -             +
accreditation_decision     -    +       -           -         -       -             +
accreditation_application  +    +       +           +         +       -             +
accreditation_observer     -    +       +           -         -       -             +
accreditation_media        -    +       -           -         -       -             +
accreditation_badges       -    +       +           -         -       -             +
boards                     +    -       +           +         +       -             +
board                      +    -       +           +         +       -             +
board_plan                 -    -       +           -         -       -             +
board_step                 -    -       +           -         -       -             +
visits                     +    -       +           +         +       -             +
visit_new                  -    -       +           -         -       -             +
visit_stations             -    -       +           -         -       -             +
visit                      +    -       +           +         +       -             +
visit_correct              -    -       +           -         -       -             +
visit_step                 -    -       +           -         -       -             +
incidents                  +    -       +           +         +       -             +
incident                   +    -       +           +         +       -             +
publishing                 +    +       -           +         +       -             +
publishing_election        +    +       -           +         +       -             +
person_export              -    +       -           -         -       -             +
person_erase               -    +       -           -         -       -             +
history                    -    -       -           -         +       -             +
object_history             +    +       +           +         +       -             +
uploads                    +    +       +           -         +       -             +
upload_new                 +    +       +           -         -       -             +
upload                     +    -       +           -         +       -             +
upload_mapping             +    -       +           -         +       -             +
upload_questions           +    -       +           -         +       -             +
upload_records             +    -       +           -         +       -             +
upload_bad_rows            -    -       +           -         -       -             +
upload_file                -    -       +           -         -       -             +
upload_submit              -    -       +           -         -       -             +
uploads_remembered         +    +       -           -         -       -             +
jobs                       +    +       +           +         +       +             +
job                        -    -       -           -         +       +             +
"""


def read(table: str) -> dict[str, dict[str, str]]:
    """A table as {row: {role: cell}}; a missing cell is an error."""
    found: dict[str, dict[str, str]] = {}
    for line in table.strip().splitlines()[1:]:
        name, *cells = line.split()
        assert name not in found, f"{name} stands there twice"
        found[name] = dict(zip(ROLES, cells, strict=True)) | {"newcomer": "-"}
    return found
