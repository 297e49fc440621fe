from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
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
    ]
