"""Whatever ends the sessions of an account ends its tokens, with the reason for their owner to read."""

from django.db import migrations, models

SQL = """
-- An update and not the copy in memory: triggers of others may have raised the epoch meanwhile.
UPDATE accounts_apitoken t SET session_epoch = u.session_epoch FROM core_user u WHERE u.id = t.account_id;

CREATE FUNCTION accounts_end_tokens(account bigint, because text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE accounts_apitoken SET ended_at = statement_timestamp(), ended_because = because
    WHERE account_id = account AND ended_at IS NULL;
$$;
REVOKE ALL ON FUNCTION accounts_end_tokens(bigint, text) FROM PUBLIC;

CREATE FUNCTION accounts_sessions_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM accounts_end_tokens(NEW.id, CASE
        WHEN NEW.password <> OLD.password THEN 'password'
        WHEN OLD.is_active AND NOT NEW.is_active THEN 'closed'
        WHEN (NEW.roles, NEW.is_active, NEW.is_staff, NEW.is_superuser)
            IS DISTINCT FROM (OLD.roles, OLD.is_active, OLD.is_staff, OLD.is_superuser) THEN 'roles'
        WHEN NEW.username <> OLD.username THEN 'renamed'
        ELSE 'signed_out' END);
    RETURN NULL;
END $$;
-- The password is part of a session's seal and not of the epoch.
CREATE TRIGGER sessions_ended AFTER UPDATE ON core_user FOR EACH ROW
    WHEN (NEW.session_epoch <> OLD.session_epoch OR NEW.password <> OLD.password)
    EXECUTE FUNCTION accounts_sessions_ended();
"""

# Before the epoch is raised, which would say that the account was signed out.
AFFILIATION = """
CREATE OR REPLACE FUNCTION accounts_affiliation_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.account_id = NEW.account_id AND OLD.organization_id = NEW.organization_id THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        {old}UPDATE core_user SET session_epoch = session_epoch + 1 WHERE id = OLD.account_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        {new}UPDATE core_user SET session_epoch = session_epoch + 1 WHERE id = NEW.account_id;
    END IF;
    RETURN NULL;
END $$;
"""
FACTOR = """
CREATE OR REPLACE FUNCTION accounts_factor_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        {old}UPDATE core_user SET session_epoch = session_epoch + 1 WHERE id = OLD.user_id;
    ELSE
        {new}UPDATE core_user SET session_epoch = session_epoch + 1 WHERE id = NEW.user_id;
    END IF;
    RETURN NULL;
END $$;
"""
FORWARD = (
    SQL
    + AFFILIATION.format(
        old="PERFORM accounts_end_tokens(OLD.account_id, 'organization');\n        ",
        new="PERFORM accounts_end_tokens(NEW.account_id, 'organization');\n        ",
    )
    + FACTOR.format(
        old="PERFORM accounts_end_tokens(OLD.user_id, 'factor');\n        ",
        new="PERFORM accounts_end_tokens(NEW.user_id, 'factor');\n        ",
    )
)
REVERSE = (
    AFFILIATION.format(old="", new="")
    + FACTOR.format(old="", new="")
    + """
DROP TRIGGER sessions_ended ON core_user;
DROP FUNCTION accounts_sessions_ended();
DROP FUNCTION accounts_end_tokens(bigint, text);
"""
)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_sessions_end")]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="ended_because",
            field=models.CharField(
                blank=True,
                default="",
                choices=[
                    ("owner", "ended by its owner"),
                    ("administrator", "ended by an administrator"),
                    ("password", "ended because the account has a new password"),
                    ("factor", "ended because the second factor of the account changed"),
                    ("roles", "ended because the roles of the account changed"),
                    ("organization", "ended because the account works for another organization"),
                    ("closed", "ended because the account was closed"),
                    ("renamed", "ended because the account has another user name"),
                    ("signed_out", "ended because the account was signed out everywhere"),
                ],
                max_length=16,
                verbose_name="why it ended",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="apitoken",
            name="session_epoch",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.RunSQL(FORWARD, REVERSE),
    ]
