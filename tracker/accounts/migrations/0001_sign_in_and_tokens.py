"""Tries to sign in, and tokens of the API."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('accounts', '0001_initial'),
        ('accounts', '0003_api_tokens'),
    ]

    initial = True

    dependencies = [
        ('core', '0001_accounts_and_history'),
    ]

    operations = [
        migrations.CreateModel(
            name='SignInAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='moment')),
                ('kind', models.CharField(choices=[('password', 'password'), ('code', 'second factor'), ('link', 'link by mail')], max_length=8, verbose_name='kind')),
                ('door', models.CharField(max_length=60, verbose_name='door')),
                ('outcome', models.CharField(choices=[('open', 'not finished'), ('right', 'right'), ('wrong', 'wrong'), ('refused', 'refused unseen')], default='open', max_length=8, verbose_name='outcome')),
                ('account', models.CharField(max_length=64, verbose_name='account (hash)')),
                ('device', models.CharField(blank=True, max_length=64, verbose_name='known device (hash)')),
                ('address', models.GenericIPAddressField(null=True, verbose_name='address')),
                ('owner_told', models.BooleanField(default=False, verbose_name='owner was told')),
            ],
            options={
                'verbose_name': 'sign-in attempt',
                'verbose_name_plural': 'sign-in attempts',
                'ordering': ['-at'],
                'indexes': [models.Index(fields=['account', 'at'], name='attempt_by_account'), models.Index(fields=['address', 'at'], name='attempt_by_address')],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='what it is for')),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('visits', 'enter visits'), ('stations', 'bring polling stations')], max_length=20), size=None, verbose_name='what it may do')),
                ('digest', models.CharField(max_length=64, unique=True, verbose_name='SHA-256 of the token')),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='made (UTC)')),
                ('expires_at', models.DateTimeField(verbose_name='ends (UTC)')),
                ('used_at', models.DateTimeField(null=True, verbose_name='last used (UTC)')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended (UTC)')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name': 'token',
                'verbose_name_plural': 'tokens',
                'ordering': ['-made_at', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('scopes', []), _negated=True), name='apitoken_has_scope')],
            },
        ),
    ]
