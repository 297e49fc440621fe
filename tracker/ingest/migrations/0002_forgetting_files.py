"""How a file with people's data is forgotten, and that erasing a person reaches it."""

from django.db import migrations

# One definition of what goes and what stays, for whoever asks: the sender, the worker, the clock, the erasure.
FORGET = """
CREATE FUNCTION public.forget_uploads(wanted bigint[], why text) RETURNS integer LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number integer;
BEGIN
    -- First of all their rows: whoever works on one holds it, and sees afterwards that it is gone.
    PERFORM FROM public.ingest_upload WHERE id = ANY (wanted) ORDER BY id FOR UPDATE;
    DELETE FROM public.ingest_uploadedfile WHERE upload_id = ANY (wanted);
    DELETE FROM public.ingest_uploadedrecord r USING public.ingest_upload u
        WHERE u.id = r.upload_id AND u.id = ANY (wanted) AND u.state NOT IN ('applied', 'undoing', 'undone');
    UPDATE public.ingest_uploadedrecord SET values = '{}', changes = '{}', problems = '[]'
        WHERE upload_id = ANY (wanted);
    UPDATE public.ingest_upload SET name = 'upload-' || id || '.' || format, sheet = '', mapping = '{}', problem = '',
        counts = counts - 'questions' || jsonb_build_object('forgotten', why),
        state = CASE WHEN state IN ('applied', 'undoing', 'undone') THEN state ELSE 'discarded' END
        WHERE id = ANY (wanted);
    GET DIAGNOSTICS number = ROW_COUNT;
    RETURN number;
END $$;
"""

# A person who is taken out of the register is taken out of what files said as well. What a job takes back is no
# erasure.
ERASE = """
CREATE FUNCTION public.forget_files_of_erased() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    seat public.missions_observer;
    gone jsonb;
BEGIN
    IF coalesce(current_setting('tracker.origin', true), '') LIKE 'job %' THEN
        RETURN NULL;
    END IF;
    IF TG_TABLE_NAME = 'missions_person' THEN
        SELECT * INTO seat FROM public.missions_observer WHERE person_id = NEW.id;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        gone := '{"document_number": ["erased"], "email": ["erased"], "phone": ["erased"]}';
    ELSIF TG_OP = 'DELETE' OR NEW.person_id IS NOT NULL THEN
        -- The seat is gone, or is another mission's: whoever erases its person later does not find the way back.
        seat := OLD;
        gone := '{}';
    ELSE
        seat := NEW;
        gone := '{"full_name": ["erased"], "nationality": ["erased"], "document_number": ["erased"],'
            ' "email": ["erased"], "phone": ["erased"]}';
    END IF;
    UPDATE public.ingest_loadedrecord SET values = values || gone
        WHERE kind = 'upload:observer' AND object_id = seat.id;
    UPDATE public.ingest_uploadedrecord SET before = before || gone
        WHERE kind = 'observer' AND object_id = seat.id AND before IS NOT NULL;
    PERFORM public.forget_uploads(array(
        SELECT u.id FROM public.ingest_upload u JOIN public.missions_mission m ON m.id = seat.mission_id
        WHERE u.kind = 'observers' AND u.election_id = m.election_id AND NOT u.counts ? 'forgotten'
        AND (u.organization_id IS NULL OR u.organization_id = m.organization_id)
    ), 'erased');
    RETURN NULL;
END $$;
CREATE TRIGGER files_forget_the_erased AFTER UPDATE OF person_id ON public.missions_observer
    FOR EACH ROW WHEN (OLD.person_id IS NOT NULL AND NEW.person_id IS NULL)
    EXECUTE FUNCTION public.forget_files_of_erased();
CREATE TRIGGER files_forget_the_deleted AFTER DELETE ON public.missions_observer
    FOR EACH ROW WHEN (OLD.person_id IS NOT NULL)
    EXECUTE FUNCTION public.forget_files_of_erased();
CREATE TRIGGER files_forget_the_moved AFTER UPDATE OF mission_id ON public.missions_observer
    FOR EACH ROW WHEN (NEW.person_id IS NOT NULL AND OLD.mission_id <> NEW.mission_id)
    EXECUTE FUNCTION public.forget_files_of_erased();
CREATE TRIGGER files_forget_contact AFTER UPDATE OF document_number, email, phone ON public.missions_person
    FOR EACH ROW WHEN (NEW.document_number = '' AND NEW.email = '' AND NEW.phone = ''
        AND (OLD.document_number <> '' OR OLD.email <> '' OR OLD.phone <> ''))
    EXECUTE FUNCTION public.forget_files_of_erased();
"""
REVERSE = """
DROP TRIGGER files_forget_contact ON public.missions_person;
DROP TRIGGER files_forget_the_moved ON public.missions_observer;
DROP TRIGGER files_forget_the_deleted ON public.missions_observer;
DROP TRIGGER files_forget_the_erased ON public.missions_observer;
DROP FUNCTION public.forget_files_of_erased();
DROP FUNCTION public.forget_uploads(bigint[], text);
"""


class Migration(migrations.Migration):
    replaces = [
        ("ingest", "0003_files_of_people"),
    ]

    dependencies = [("ingest", "0001_files_and_uploads"), ("missions", "0001_missions_and_people")]

    operations = [migrations.RunSQL(FORGET + ERASE, REVERSE)]
