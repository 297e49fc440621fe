import datetime
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_initial'),
        ('elections', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Accreditation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('category', models.CharField(choices=[('observer', 'Observer'), ('media', 'Media')], max_length=10, verbose_name='category')),
                ('status', models.CharField(choices=[('applied', 'applied'), ('accredited', 'accredited'), ('refused', 'refused'), ('withdrawn', 'withdrawn'), ('expired', 'expired')], default='applied', max_length=10, verbose_name='status')),
                ('number', models.CharField(blank=True, help_text='Stands on the badge; given with the decision.', max_length=20, verbose_name='number')),
                ('applied_at', models.DateTimeField(verbose_name='applied (UTC)')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided (UTC)')),
                ('valid_from', models.DateField(blank=True, null=True, verbose_name='valid from')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='valid until')),
                ('reason', models.TextField(blank=True, help_text='Of the latest decision. Never public.', verbose_name='reason')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accreditations', to='elections.election', verbose_name='election')),
            ],
            options={
                'verbose_name': 'accreditation',
                'verbose_name_plural': 'accreditations',
                'ordering': ['-applied_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='BulkDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('to', models.CharField(choices=[('accredited', 'accredit'), ('refused', 'refuse'), ('withdrawn', 'withdraw')], max_length=10, verbose_name='decision')),
                ('reason', models.TextField(blank=True, help_text='Stays inside the register.', verbose_name='reason')),
                ('valid_from', models.DateField(blank=True, null=True, verbose_name='valid from')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='valid until')),
                ('prepared_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='prepared (UTC)')),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmed (UTC)')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bulk_decisions', to='elections.election', verbose_name='election')),
                ('job', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='core.job', verbose_name='job')),
            ],
            options={
                'verbose_name': 'decision about several applications',
                'verbose_name_plural': 'decisions about several applications',
                'ordering': ['-prepared_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='BulkDecisionRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seen', models.CharField(choices=[('applied', 'applied'), ('accredited', 'accredited'), ('refused', 'refused'), ('withdrawn', 'withdrawn'), ('expired', 'expired')], max_length=10, verbose_name='status seen')),
                ('outcome', models.CharField(blank=True, choices=[('done', 'done'), ('already', 'was so already'), ('not', 'not done')], max_length=8, verbose_name='outcome')),
                ('problem', models.TextField(blank=True, verbose_name='why not')),
                ('accreditation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='missions.accreditation', verbose_name='accreditation')),
                ('decision', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='missions.bulkdecision', verbose_name='decision')),
            ],
            options={
                'verbose_name': 'application in a decision',
                'verbose_name_plural': 'applications in a decision',
                'ordering': ['accreditation__applied_at', 'accreditation_id'],
            },
        ),
        migrations.CreateModel(
            name='Mission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('published', 'published')], db_index=True, default='draft', help_text='A draft is never shown to the public.', max_length=10, verbose_name='publication')),
                ('type', models.CharField(choices=[('long_term_eom', 'Election observation mission, long-term (EOM)'), ('leom', 'Limited election observation mission (LEOM)'), ('eam', 'Election assessment mission (EAM)'), ('eet', 'Election expert team (EET)'), ('nam', 'Needs assessment mission (NAM)'), ('long_term', 'Long-term mission'), ('short_term', 'Short-term mission'), ('joint', 'Joint mission'), ('parliamentary_short_term', 'Parliamentary mission, short-term'), ('parliamentary_bilateral', 'Delegation of a national parliament'), ('emb_delegation', 'Delegation of an election authority'), ('ngo_international', 'International citizen observation'), ('ngo_domestic', 'Domestic citizen observation')], help_text='How long it stays and what for. One mission of each type in an election.', max_length=30, verbose_name='type')),
                ('status', models.CharField(choices=[('planned', 'planned'), ('invited', 'invited'), ('observing', 'observing'), ('observed', 'observed'), ('not_invited', 'not invited'), ('declined', 'invited, declined'), ('will_not_observe', 'announced not to observe'), ('withdrawn', 'withdrawn')], default='planned', help_text='Not invited and declined are facts too, and are shown.', max_length=20, verbose_name='status')),
                ('head_of_mission', models.CharField(blank=True, help_text='The person the organization named. Shown to the public.', max_length=120, verbose_name='head of mission')),
                ('head_role', models.CharField(blank=True, help_text='The office held at the time.', max_length=160, verbose_name='role of the head')),
                ('invited_by', models.CharField(blank=True, help_text='The body that sent the invitation.', max_length=160, verbose_name='invited by')),
                ('invited_on', models.DateField(blank=True, help_text='The date of the invitation. Empty if not known.', null=True, verbose_name='invited on')),
                ('announced_on', models.DateField(blank=True, help_text='When the organization told the public that it comes.', null=True, verbose_name='announced on')),
                ('accredited_on', models.DateField(blank=True, help_text='When the election authority accredited it.', null=True, verbose_name='accredited on')),
                ('arrives_on', models.DateField(blank=True, help_text='When its first members come.', null=True, verbose_name='arrival')),
                ('departs_on', models.DateField(blank=True, help_text='When its last members leave.', null=True, verbose_name='departure')),
                ('observers_total', models.PositiveIntegerField(blank=True, help_text='The announced figure closest to election day; rivals belong in announced figures.', null=True, verbose_name='observers, as announced')),
                ('planned_core', models.PositiveIntegerField(blank=True, help_text='As it was announced before. Empty if not known, never zero for unknown.', null=True, verbose_name='core team, planned')),
                ('planned_lto', models.PositiveIntegerField(blank=True, help_text='As it was announced before. Empty if not known, never zero for unknown.', null=True, verbose_name='long-term observers, planned')),
                ('planned_sto', models.PositiveIntegerField(blank=True, help_text='As it was announced before. Empty if not known, never zero for unknown.', null=True, verbose_name='short-term observers, planned')),
                ('actual_core', models.PositiveIntegerField(blank=True, help_text='How many came. Empty if not known, never zero for unknown.', null=True, verbose_name='core team, actual')),
                ('actual_lto', models.PositiveIntegerField(blank=True, help_text='How many came. Empty if not known, never zero for unknown.', null=True, verbose_name='long-term observers, actual')),
                ('actual_sto', models.PositiveIntegerField(blank=True, help_text='How many came. Empty if not known, never zero for unknown.', null=True, verbose_name='short-term observers, actual')),
                ('stations_visited', models.PositiveIntegerField(blank=True, help_text='What the mission said, often rounded; not counted from visits.', null=True, verbose_name='stations visited, as announced')),
                ('areas_observed', models.CharField(blank=True, help_text='Regions or cities, as the mission named them.', max_length=200, verbose_name='areas observed')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='missions', to='elections.election', verbose_name='election')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source')),
            ],
            options={
                'verbose_name': 'mission',
                'verbose_name_plural': 'missions',
                'ordering': ['organization__name', 'type'],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('partner', 'partner'), ('participant', 'members took part')], default='partner', help_text='Partner: the mission bears both names. Members took part: some of its people joined.', max_length=12, verbose_name='part')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source')),
                ('mission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='missions.mission', verbose_name='mission')),
            ],
            options={
                'verbose_name': 'member organization',
                'verbose_name_plural': 'member organizations',
                'ordering': ['organization__name'],
            },
        ),
        migrations.CreateModel(
            name='Observer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(help_text='Stands for the person in teams and lists, such as LTO-07.', max_length=20, verbose_name='code')),
                ('role', models.CharField(choices=[('core_team', 'Core team'), ('lto', 'Long-term observer (LTO)'), ('sto', 'Short-term observer (STO)'), ('interpreter', 'Interpreter')], default='sto', help_text='How long the observer stays; members of the core team lead the mission.', max_length=12, verbose_name='role')),
                ('name_published', models.BooleanField(default=False, help_text='Only if the mission itself made the name public. The page that verifies a badge shows it then.', verbose_name='name published by the mission')),
                ('mission', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='observers', to='missions.mission', verbose_name='mission')),
            ],
            options={
                'verbose_name': 'observer',
                'verbose_name_plural': 'observers',
                'ordering': ['mission', 'code'],
            },
        ),
        migrations.AddField(
            model_name='accreditation',
            name='observer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='accreditations', to='missions.observer', verbose_name='observer'),
        ),
        migrations.CreateModel(
            name='Organization',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('published', 'published')], db_index=True, default='draft', help_text='A draft is never shown to the public.', max_length=10, verbose_name='publication')),
                ('slug', models.SlugField(help_text='Part of its public address, such as cis. Do not change it later.', max_length=80, unique=True, verbose_name='address name')),
                ('name', models.CharField(help_text='In English and in full.', max_length=160, unique=True, verbose_name='name')),
                ('acronym', models.CharField(blank=True, help_text='As it is commonly written, such as ODIHR. Unique within a country.', max_length=20, verbose_name='acronym')),
                ('kind', models.CharField(choices=[('intergovernmental', 'Intergovernmental organization'), ('interparliamentary', 'Interparliamentary body'), ('ngo', 'Non-governmental organization'), ('emb_network', 'Network of election authorities'), ('national_parliament', 'National parliament'), ('national_emb', 'National election authority'), ('state', 'State'), ('other', 'Other')], help_text='What sort of body it is; missions are listed by it.', max_length=20, verbose_name='kind')),
                ('website', models.URLField(blank=True, help_text='Its own site. Public pages link to it.', validators=[django.core.validators.URLValidator(schemes=['http', 'https'])], verbose_name='website')),
                ('website_basis', models.CharField(blank=True, choices=[('seen_in_source', 'seen in a source'), ('not_checked', 'well known, not checked')], help_text='Whether a source shows the address, or it is only well known.', max_length=20, verbose_name='how the website is known')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('country', models.ForeignKey(blank=True, help_text='Only for a national body.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='organizations', to='core.country', verbose_name='country')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source')),
            ],
            options={
                'verbose_name': 'organization',
                'verbose_name_plural': 'organizations',
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='mission',
            name='members',
            field=models.ManyToManyField(related_name='joined_missions', through='missions.Membership', to='missions.organization', verbose_name='members'),
        ),
        migrations.AddField(
            model_name='mission',
            name='organization',
            field=models.ForeignKey(help_text='Under whose name it observes. Others that joined are listed as members.', on_delete=django.db.models.deletion.PROTECT, related_name='missions', to='missions.organization', verbose_name='organization'),
        ),
        migrations.AddField(
            model_name='membership',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='missions.organization', verbose_name='organization'),
        ),
        migrations.CreateModel(
            name='Engagement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('published', 'published')], db_index=True, default='draft', help_text='A draft is never shown to the public.', max_length=10, verbose_name='publication')),
                ('kind', models.CharField(choices=[('meeting', 'Meeting'), ('briefing', 'Briefing'), ('visit', 'Visit'), ('station_visit', 'Visit to a polling station'), ('press_conference', 'Press conference')], help_text='What sort of contact it was.', max_length=20, verbose_name='kind')),
                ('date', models.DateField(blank=True, help_text='The date where it took place.', null=True, verbose_name='date')),
                ('date_precision', models.CharField(choices=[('day', 'the day is known'), ('range', 'only a period is known')], default='day', help_text='Whether the source gives the day, or only a period.', max_length=5, verbose_name='date precision')),
                ('place', models.CharField(blank=True, help_text='City and building, as far as known.', max_length=120, verbose_name='place')),
                ('host', models.CharField(blank=True, help_text='Who receives or speaks; several are separated by “; ”.', max_length=200, verbose_name='host')),
                ('host_role', models.CharField(blank=True, help_text='The office held at the time.', max_length=160, verbose_name='role of the host')),
                ('visitor', models.CharField(blank=True, help_text='Who was received or spoken to; several are separated by “; ”.', max_length=200, verbose_name='visitor')),
                ('visitor_role', models.CharField(blank=True, help_text='The office held at the time.', max_length=160, verbose_name='role of the visitor')),
                ('topics', models.TextField(blank=True, help_text='In our own words, separated by “; ”.', verbose_name='topics')),
                ('outcome', models.TextField(blank=True, help_text='What came of it, or the figures that were named.', verbose_name='outcome or figures')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='engagements', to='elections.election', verbose_name='election')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source')),
                ('organizations', models.ManyToManyField(blank=True, related_name='engagements', to='missions.organization', verbose_name='organizations')),
            ],
            options={
                'verbose_name': 'engagement',
                'verbose_name_plural': 'engagements',
                'ordering': [models.OrderBy(models.F('date'), nulls_last=True), 'id'],
            },
        ),
        migrations.CreateModel(
            name='Outlet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('published', 'published')], db_index=True, default='draft', help_text='A draft is never shown to the public.', max_length=10, verbose_name='publication')),
                ('name', models.CharField(max_length=160, verbose_name='name')),
                ('kind', models.CharField(choices=[('agency', 'News agency'), ('broadcaster', 'Broadcaster'), ('print', 'Newspaper or magazine'), ('online', 'Online medium'), ('other', 'Other')], default='other', help_text='What sort of medium it is.', max_length=12, verbose_name='kind')),
                ('website', models.URLField(blank=True, validators=[django.core.validators.URLValidator(schemes=['http', 'https'])], verbose_name='website')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('country', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outlets', to='core.country', verbose_name='country')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source')),
            ],
            options={
                'verbose_name': 'media outlet',
                'verbose_name_plural': 'media outlets',
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='accreditation',
            name='outlet',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='accreditations', to='missions.outlet', verbose_name='media outlet'),
        ),
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('full_name', models.CharField(help_text='As in the passport.', max_length=160, verbose_name='full name')),
                ('document_number', models.CharField(blank=True, max_length=40, verbose_name='passport number')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='telephone')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('nationality', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.country', verbose_name='nationality')),
            ],
            options={
                'verbose_name': 'person',
                'verbose_name_plural': 'people',
                'ordering': ['full_name', 'id'],
            },
        ),
        migrations.AddField(
            model_name='observer',
            name='person',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='observer', to='missions.person', verbose_name='person'),
        ),
        migrations.AddField(
            model_name='accreditation',
            name='media_person',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='accreditations', to='missions.person', verbose_name='media person'),
        ),
        migrations.CreateModel(
            name='Statement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('publication', models.CharField(choices=[('draft', 'draft'), ('published', 'published')], db_index=True, default='draft', help_text='A draft is never shown to the public.', max_length=10, verbose_name='publication')),
                ('kind', models.CharField(choices=[('interim_report', 'Interim report'), ('preliminary_statement', 'Preliminary statement'), ('statement', 'Statement'), ('final_report', 'Final report')], default='statement', help_text='Preliminary: within days of the vote. Final: weeks later, with recommendations.', max_length=24, verbose_name='kind')),
                ('title', models.CharField(blank=True, help_text='As the document calls itself.', max_length=200, verbose_name='title')),
                ('issued_on', models.DateField(blank=True, help_text='The day of the statement or, failing that, of its report.', null=True, verbose_name='date')),
                ('language', models.CharField(blank=True, help_text='A code such as en or az.', max_length=12, verbose_name='language')),
                ('url', models.URLField(blank=True, help_text='Of the document itself. A page that reports on it is the source.', max_length=600, validators=[django.core.validators.URLValidator(schemes=['http', 'https'])], verbose_name='address')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('mission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='statements', to='missions.mission', verbose_name='mission')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source')),
            ],
            options={
                'verbose_name': 'statement',
                'verbose_name_plural': 'statements',
                'ordering': [models.OrderBy(models.F('issued_on'), nulls_last=True), 'id'],
            },
        ),
        migrations.CreateModel(
            name='AccreditationChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('applied', 'applied'), ('accredited', 'accredited'), ('refused', 'refused'), ('withdrawn', 'withdrawn'), ('expired', 'expired')], max_length=10, verbose_name='status')),
                ('at', models.DateTimeField(verbose_name='moment (UTC)')),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
                ('accreditation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='missions.accreditation', verbose_name='accreditation')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
            ],
            options={
                'verbose_name': 'accreditation change',
                'verbose_name_plural': 'accreditation changes',
                'ordering': ['at', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('at__isnull', True), models.Q(('at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), name='accreditation_change_in_calendar', violation_error_message='The year must be between 1900 and 2199.'), models.CheckConstraint(condition=models.Q(('status__in', ['applied', 'accredited', 'refused', 'withdrawn', 'expired'])), name='accreditation_change_status_known')],
            },
        ),
        migrations.CreateModel(
            name='AccreditationRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('category', models.CharField(choices=[('observer', 'Observer'), ('media', 'Media')], help_text='Whether the rule is for observers or for media.', max_length=10, verbose_name='category')),
                ('opens_at', models.DateTimeField(blank=True, help_text='Empty: at any time.', null=True, verbose_name='applications open (UTC)')),
                ('closes_at', models.DateTimeField(blank=True, help_text='Empty: no deadline.', null=True, verbose_name='applications close (UTC)')),
                ('decided_by', models.DateTimeField(blank=True, help_text='Empty: no deadline.', null=True, verbose_name='decisions are due (UTC)')),
                ('quota', models.PositiveIntegerField(blank=True, help_text='Most badges in this category. Empty: no limit.', null=True, verbose_name='quota')),
                ('quota_each', models.PositiveIntegerField(blank=True, help_text='Empty: no limit.', null=True, verbose_name='quota of each mission or outlet')),
                ('valid_from', models.DateField(blank=True, help_text='Proposed to the officer who decides.', null=True, verbose_name='badges valid from')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='badges valid until')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='accreditation_rules', to='elections.election', verbose_name='election')),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.source', verbose_name='source of the rule')),
            ],
            options={
                'verbose_name': 'accreditation rule',
                'verbose_name_plural': 'accreditation rules',
                'ordering': ['election', 'category'],
                'constraints': [models.UniqueConstraint(fields=('election', 'category'), name='accreditation_rule_once_per_category', violation_error_message='This election already has a rule for this category.'), models.CheckConstraint(condition=models.Q(('opens_at__isnull', True), ('closes_at__isnull', True), ('closes_at__gt', models.F('opens_at')), _connector='OR'), name='accreditation_rule_closes_after_it_opens', violation_error_message='Applications must close after they open.'), models.CheckConstraint(condition=models.Q(('valid_from__isnull', True), ('valid_until__isnull', True), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='accreditation_rule_valid_period', violation_error_message='The last day cannot be before the first.'), models.CheckConstraint(condition=models.Q(models.Q(('opens_at__isnull', True), models.Q(('opens_at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('opens_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), models.Q(('closes_at__isnull', True), models.Q(('closes_at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('closes_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), models.Q(('decided_by__isnull', True), models.Q(('decided_by__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('decided_by__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR')), name='accreditation_rule_in_calendar', violation_error_message='The year must be between 1900 and 2199.'), models.CheckConstraint(condition=models.Q(('category__in', ['observer', 'media'])), name='accreditation_rule_category_known')],
            },
        ),
        migrations.AddConstraint(
            model_name='bulkdecision',
            constraint=models.CheckConstraint(condition=models.Q(('to', 'accredited'), models.Q(('reason', ''), _negated=True), _connector='OR'), name='bulk_decision_says_why', violation_error_message='Say why; the reason stays inside the register.'),
        ),
        migrations.AddConstraint(
            model_name='bulkdecision',
            constraint=models.CheckConstraint(condition=models.Q(('valid_from__isnull', True), ('valid_until__isnull', True), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='bulk_decision_valid_period', violation_error_message='The last day cannot be before the first.'),
        ),
        migrations.AddConstraint(
            model_name='bulkdecision',
            constraint=models.CheckConstraint(condition=models.Q(('to__in', ['accredited', 'refused', 'withdrawn'])), name='bulk_decision_to_known'),
        ),
        migrations.AddConstraint(
            model_name='bulkdecisionrow',
            constraint=models.UniqueConstraint(fields=('decision', 'accreditation'), name='bulk_decision_row_once'),
        ),
        migrations.AddConstraint(
            model_name='bulkdecisionrow',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'not'), models.Q(('problem', ''), _negated=True)), models.Q(models.Q(('outcome', 'not'), _negated=True), ('problem', '')), _connector='OR'), name='bulk_decision_row_says_why_not'),
        ),
        migrations.AddConstraint(
            model_name='bulkdecisionrow',
            constraint=models.CheckConstraint(condition=models.Q(('seen__in', ['applied', 'accredited', 'refused', 'withdrawn', 'expired'])), name='bulk_decision_row_seen_known'),
        ),
        migrations.AddConstraint(
            model_name='bulkdecisionrow',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['done', 'already', 'not', ''])), name='bulk_decision_row_outcome_known'),
        ),
        migrations.AddConstraint(
            model_name='organization',
            constraint=models.UniqueConstraint(condition=models.Q(('acronym', ''), _negated=True), fields=('acronym', 'country'), name='organization_acronym_once', nulls_distinct=False, violation_error_message='Another organization of this country has this acronym.'),
        ),
        migrations.AddConstraint(
            model_name='organization',
            constraint=models.CheckConstraint(condition=models.Q(('website', ''), ('website__regex', '^https?://'), _connector='OR'), name='organization_website_http', violation_error_message='Write a web address in full, beginning with https:// or http://.'),
        ),
        migrations.AddConstraint(
            model_name='organization',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='organization_has_name', violation_error_message='Give the name of the organization.'),
        ),
        migrations.AddConstraint(
            model_name='organization',
            constraint=models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'published'])), name='organization_publication_known'),
        ),
        migrations.AddConstraint(
            model_name='organization',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['intergovernmental', 'interparliamentary', 'ngo', 'emb_network', 'national_parliament', 'national_emb', 'state', 'other'])), name='organization_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='organization',
            constraint=models.CheckConstraint(condition=models.Q(('website_basis__in', ['seen_in_source', 'not_checked', ''])), name='organization_website_basis_known'),
        ),
        migrations.AddConstraint(
            model_name='mission',
            constraint=models.UniqueConstraint(fields=('election', 'organization', 'type'), name='mission_once_per_type', violation_error_message='This organization already has a mission of this type in this election.'),
        ),
        migrations.AddConstraint(
            model_name='mission',
            constraint=models.CheckConstraint(condition=models.Q(('departs_on__isnull', True), ('arrives_on__isnull', True), ('departs_on__gte', models.F('arrives_on')), _connector='OR'), name='mission_departs_after_arrival', violation_error_message='The mission cannot leave before it arrives.'),
        ),
        migrations.AddConstraint(
            model_name='mission',
            constraint=models.UniqueConstraint(fields=('id', 'election'), name='mission_id_election'),
        ),
        migrations.AddConstraint(
            model_name='mission',
            constraint=models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'published'])), name='mission_publication_known'),
        ),
        migrations.AddConstraint(
            model_name='mission',
            constraint=models.CheckConstraint(condition=models.Q(('type__in', ['long_term_eom', 'leom', 'eam', 'eet', 'nam', 'long_term', 'short_term', 'joint', 'parliamentary_short_term', 'parliamentary_bilateral', 'emb_delegation', 'ngo_international', 'ngo_domestic'])), name='mission_type_known'),
        ),
        migrations.AddConstraint(
            model_name='mission',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['planned', 'invited', 'observing', 'observed', 'not_invited', 'declined', 'will_not_observe', 'withdrawn'])), name='mission_status_known'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('mission', 'organization'), name='membership_once', violation_error_message='This organization is already a member of the mission.'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['partner', 'participant'])), name='membership_role_known'),
        ),
        migrations.AddConstraint(
            model_name='engagement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('date__isnull', False), ('date_precision', 'day')), models.Q(('date__isnull', True), ('date_precision', 'range')), _connector='OR'), name='engagement_day_or_period', violation_error_message='Give the date, or say that only a period is known.'),
        ),
        migrations.AddConstraint(
            model_name='engagement',
            constraint=models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'published'])), name='engagement_publication_known'),
        ),
        migrations.AddConstraint(
            model_name='engagement',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['meeting', 'briefing', 'visit', 'station_visit', 'press_conference'])), name='engagement_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='engagement',
            constraint=models.CheckConstraint(condition=models.Q(('date_precision__in', ['day', 'range'])), name='engagement_date_precision_known'),
        ),
        migrations.AddConstraint(
            model_name='outlet',
            constraint=models.UniqueConstraint(fields=('name', 'country'), name='outlet_once_in_country', violation_error_message='This outlet is already recorded in this country.'),
        ),
        migrations.AddConstraint(
            model_name='outlet',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='outlet_has_name', violation_error_message='Give the name of the outlet.'),
        ),
        migrations.AddConstraint(
            model_name='outlet',
            constraint=models.CheckConstraint(condition=models.Q(('website', ''), ('website__regex', '^https?://'), _connector='OR'), name='outlet_website_http', violation_error_message='Write a web address in full, beginning with https:// or http://.'),
        ),
        migrations.AddConstraint(
            model_name='outlet',
            constraint=models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'published'])), name='outlet_publication_known'),
        ),
        migrations.AddConstraint(
            model_name='outlet',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['agency', 'broadcaster', 'print', 'online', 'other'])), name='outlet_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='person',
            constraint=models.CheckConstraint(condition=models.Q(('full_name', ''), _negated=True), name='person_has_name', violation_error_message='Give the name of the person.'),
        ),
        migrations.AddConstraint(
            model_name='observer',
            constraint=models.UniqueConstraint(fields=('mission', 'code'), name='observer_code_once_in_mission', violation_error_message='This mission already has an observer with this code.'),
        ),
        migrations.AddConstraint(
            model_name='observer',
            constraint=models.CheckConstraint(condition=models.Q(('code', ''), _negated=True), name='observer_has_code', violation_error_message="Give the observer's code."),
        ),
        migrations.AddConstraint(
            model_name='observer',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['core_team', 'lto', 'sto', 'interpreter'])), name='observer_role_known'),
        ),
        migrations.AddConstraint(
            model_name='accreditation',
            constraint=models.UniqueConstraint(condition=models.Q(('number', ''), _negated=True), fields=('election', 'number'), name='accreditation_number_once', violation_error_message='This number is already given in this election.'),
        ),
        migrations.AddConstraint(
            model_name='accreditation',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['applied', 'accredited'])), fields=('election', 'observer'), name='accreditation_one_alive_per_observer', violation_error_message='This observer already has an application or a badge.'),
        ),
        migrations.AddConstraint(
            model_name='accreditation',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['applied', 'accredited'])), fields=('election', 'media_person'), name='accreditation_one_alive_per_media_person', violation_error_message='This person already has an application or a badge.'),
        ),
        migrations.AddConstraint(
            model_name='accreditation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('category', 'observer'), ('media_person__isnull', True), ('observer__isnull', False), ('outlet__isnull', True)), models.Q(('category', 'media'), ('observer__isnull', True), ('outlet__isnull', False)), _connector='OR'), name='accreditation_of_observer_or_media', violation_error_message='Name the observer, or the outlet and its person.'),
        ),
        migrations.AddConstraint(
            model_name='accreditation',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['applied', 'refused', 'withdrawn']), models.Q(models.Q(('number', ''), _negated=True), ('valid_from__isnull', False), ('valid_until__isnull', False)), _connector='OR'), name='accreditation_badge_has_number_and_dates', violation_error_message='An accreditation needs its number and the days it is valid.'),
        ),
        migrations.AddConstraint(
            model_name='accreditation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'refused'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='accreditation_refusal_has_reason', violation_error_message='Say why it is refused.'),
        ),
        migrations.AddConstraint(
            model_name='accreditation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('status', 'applied')), models.Q(models.Q(('status', 'applied'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='accreditation_decision_dated'),
        ),
        migrations.AddConstraint(
            model_name='accreditation',
            constraint=models.CheckConstraint(condition=models.Q(('valid_from__isnull', True), ('valid_until__isnull', True), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='accreditation_valid_period', violation_error_message='The last day cannot be before the first.'),
        ),
        migrations.AddConstraint(
            model_name='accreditation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('applied_at__isnull', True), models.Q(('applied_at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('applied_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR'), models.Q(('decided_at__isnull', True), models.Q(('decided_at__gte', datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('decided_at__lt', datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), _connector='OR')), name='accreditation_in_calendar', violation_error_message='The year must be between 1900 and 2199.'),
        ),
        migrations.AddConstraint(
            model_name='accreditation',
            constraint=models.CheckConstraint(condition=models.Q(('category__in', ['observer', 'media'])), name='accreditation_category_known'),
        ),
        migrations.AddConstraint(
            model_name='accreditation',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['applied', 'accredited', 'refused', 'withdrawn', 'expired'])), name='accreditation_status_known'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.CheckConstraint(condition=models.Q(('url', ''), ('url__regex', '^https?://'), _connector='OR'), name='statement_url_http', violation_error_message='Write a web address in full, beginning with https:// or http://.'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.CheckConstraint(condition=models.Q(('publication__in', ['draft', 'published'])), name='statement_publication_known'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['interim_report', 'preliminary_statement', 'statement', 'final_report'])), name='statement_kind_known'),
        ),
    ]
