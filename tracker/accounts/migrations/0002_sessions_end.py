"""What a session rests on ends it when it changes, whoever changes it and by which door: raw SQL as well."""

from django.db import migrations

SQL = """
CREATE FUNCTION accounts_account_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Never back: a copy of the row that was read before a change would bring ended sessions to life again.
    NEW.session_epoch := greatest(OLD.session_epoch, NEW.session_epoch);
    IF (NEW.roles, NEW.is_active, NEW.is_staff, NEW.is_superuser, NEW.username)
        IS DISTINCT FROM (OLD.roles, OLD.is_active, OLD.is_staff, OLD.is_superuser, OLD.username)
    THEN
        NEW.session_epoch := NEW.session_epoch + 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_changed BEFORE UPDATE ON core_user
    FOR EACH ROW EXECUTE FUNCTION accounts_account_changed();

CREATE FUNCTION accounts_affiliation_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.account_id = NEW.account_id AND OLD.organization_id = NEW.organization_id THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        UPDATE core_user SET session_epoch = session_epoch + 1 WHERE id = OLD.account_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE core_user SET session_epoch = session_epoch + 1 WHERE id = NEW.account_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER affiliation_changed AFTER INSERT OR UPDATE OR DELETE ON missions_affiliation
    FOR EACH ROW EXECUTE FUNCTION accounts_affiliation_changed();

CREATE FUNCTION accounts_factor_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE core_user SET session_epoch = session_epoch + 1 WHERE id = OLD.user_id;
    ELSE
        UPDATE core_user SET session_epoch = session_epoch + 1 WHERE id = NEW.user_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER factor_changed AFTER INSERT OR DELETE ON mfa_authenticator
    FOR EACH ROW EXECUTE FUNCTION accounts_factor_changed();
"""

REVERSE = """
DROP TRIGGER factor_changed ON mfa_authenticator;
DROP FUNCTION accounts_factor_changed();
DROP TRIGGER affiliation_changed ON missions_affiliation;
DROP FUNCTION accounts_affiliation_changed();
DROP TRIGGER account_changed ON core_user;
DROP FUNCTION accounts_account_changed();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_sign_in_and_tokens"),
        ("core", "0001_accounts_and_history"),
        ("missions", "0001_missions_and_people"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunSQL(SQL, REVERSE)]
