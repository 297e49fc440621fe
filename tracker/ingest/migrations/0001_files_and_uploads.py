"""What was loaded from files, files that people bring, and what they answered about them."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('ingest', '0001_initial'),
        ('ingest', '0002_uploads'),
        ('ingest', '0004_files_in_pieces'),
    ]

    initial = True

    dependencies = [
        ('core', '0001_accounts_and_history'),
        ('elections', '0001_elections'),
        ('missions', '0001_missions_and_people'),
    ]

    operations = [
        migrations.CreateModel(
            name='LoadedRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dataset', models.CharField(max_length=60, verbose_name='dataset')),
                ('kind', models.CharField(max_length=40, verbose_name='kind of record')),
                ('key', models.CharField(max_length=700, verbose_name='key in the file')),
                ('object_id', models.BigIntegerField(verbose_name='record')),
                ('values', models.JSONField(verbose_name='values as loaded')),
            ],
            options={
                'verbose_name': 'loaded record',
                'verbose_name_plural': 'loaded records',
                'constraints': [models.UniqueConstraint(fields=('dataset', 'kind', 'key'), name='loadedrecord_key_once')],
            },
        ),
        migrations.CreateModel(
            name='Profile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('kind', models.CharField(max_length=20, verbose_name='kind of records')),
                ('fingerprint', models.CharField(max_length=64, verbose_name='fingerprint of the header')),
                ('mapping', models.JSONField(verbose_name='mapping')),
                ('saved_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='saved (UTC)')),
                ('saved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='saved by')),
            ],
            options={
                'verbose_name': 'import profile',
                'verbose_name_plural': 'import profiles',
                'constraints': [models.UniqueConstraint(fields=('kind', 'fingerprint'), name='profile_header_once')],
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='file')),
                ('size', models.PositiveIntegerField(verbose_name='size in bytes')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('format', models.CharField(max_length=10, verbose_name='format')),
                ('kind', models.CharField(max_length=20, verbose_name='kind of records')),
                ('sheet', models.TextField(blank=True, verbose_name='sheet')),
                ('header_row', models.PositiveIntegerField(null=True, verbose_name='row of the header')),
                ('mapping', models.JSONField(default=dict, verbose_name='mapping')),
                ('retire_missing', models.BooleanField(default=False, verbose_name='retire what the file no longer has')),
                ('state', models.CharField(choices=[('received', 'received'), ('checking', 'being checked'), ('checked', 'checked'), ('applying', 'being applied'), ('applied', 'applied'), ('undoing', 'being undone'), ('undone', 'undone'), ('discarded', 'discarded')], default='received', max_length=10, verbose_name='state')),
                ('counts', models.JSONField(default=dict, verbose_name='counts')),
                ('compared', models.TextField(blank=True, verbose_name='compared after')),
                ('written', models.TextField(blank=True, verbose_name='written after')),
                ('written_by_transaction', models.BigIntegerField(null=True, verbose_name='transaction')),
                ('problem', models.TextField(blank=True, verbose_name='what stands in the way')),
                ('sent_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='sent (UTC)')),
                ('applied_at', models.DateTimeField(null=True, verbose_name='applied (UTC)')),
                ('undone_at', models.DateTimeField(null=True, verbose_name='undone (UTC)')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to='elections.election', verbose_name='election')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='uploads', to='core.job', verbose_name='job')),
                ('profile', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='uploads', to='ingest.profile', verbose_name='profile')),
                ('sent_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to=settings.AUTH_USER_MODEL, verbose_name='sent by')),
                ('organization', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to='missions.organization', verbose_name='organization')),
            ],
            options={
                'verbose_name': 'upload',
                'verbose_name_plural': 'uploads',
                'ordering': ['-sent_at', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['undoing', 'undone']), models.Q(('state', 'applied'), ('applied_at__isnull', False)), models.Q(models.Q(('state', 'applied'), _negated=True), ('applied_at__isnull', True)), _connector='OR'), name='upload_applied_dated'), models.CheckConstraint(condition=models.Q(('state__in', ['received', 'checking', 'checked', 'applying', 'applied', 'undoing', 'undone', 'discarded'])), name='upload_state_known')],
            },
        ),
        migrations.CreateModel(
            name='UploadedFile',
            fields=[
                ('upload', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='file', serialize=False, to='ingest.upload')),
                ('content', models.BinaryField(verbose_name='content')),
            ],
            options={
                'verbose_name': 'uploaded file',
                'verbose_name_plural': 'uploaded files',
            },
        ),
        migrations.CreateModel(
            name='UploadedRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20, verbose_name='kind of record')),
                ('row', models.PositiveIntegerField(verbose_name='row')),
                ('key', models.CharField(max_length=700, verbose_name='key')),
                ('label', models.CharField(max_length=200, verbose_name='name')),
                ('action', models.CharField(choices=[('new', 'new'), ('changed', 'changed'), ('kept', 'kept as corrected by hand'), ('unchanged', 'unchanged'), ('deleted', 'deleted by hand'), ('missing', 'missing from the file'), ('bad', 'cannot be read')], max_length=10, verbose_name='what happens')),
                ('object_id', models.BigIntegerField(null=True, verbose_name='record')),
                ('values', models.JSONField(default=dict, verbose_name='values')),
                ('changes', models.JSONField(default=dict, verbose_name='differences')),
                ('takes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), default=list, size=None, verbose_name='fields taken')),
                ('before', models.JSONField(null=True, verbose_name='values loaded before')),
                ('problems', models.JSONField(default=list, verbose_name='problems')),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='records', to='ingest.upload')),
            ],
            options={
                'verbose_name': 'uploaded record',
                'verbose_name_plural': 'uploaded records',
                'ordering': ['id'],
                'indexes': [models.Index(fields=['upload', 'kind', 'action', 'id'], name='uploadedrecord_of_upload')],
            },
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('topic', models.CharField(max_length=20, verbose_name='topic')),
                ('text', models.CharField(max_length=200, verbose_name='text, folded')),
                ('context', models.CharField(blank=True, max_length=200, verbose_name='context')),
                ('value', models.CharField(max_length=200, verbose_name='value')),
                ('given_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='given by')),
            ],
            options={
                'verbose_name': 'answer',
                'verbose_name_plural': 'answers',
                'constraints': [models.UniqueConstraint(fields=('topic', 'text', 'context'), name='answer_once')],
            },
        ),
        # The bytes of files as they are: a compressed one would be unpacked from its beginning for each piece of it.
        migrations.RunSQL(
            "ALTER TABLE ingest_uploadedfile ALTER COLUMN content SET STORAGE EXTERNAL",
            "ALTER TABLE ingest_uploadedfile ALTER COLUMN content SET STORAGE EXTENDED",
        ),
    ]
