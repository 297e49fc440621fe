"""Erasing a person is one function of the database: it needs more rights than some of those who may erase have."""

from django.db import migrations

ERASE = """
-- Take the person out of the register: the row, the keys that point at it, and the reasons of decisions about several
-- applications, with what the history keeps of those. They are out of a coordinator's sight, but may name the person;
-- and an observer whose person goes, or a person whose observer lets go, is nobody's to write in between.
CREATE FUNCTION public.erase_person(person bigint, word text) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    decision bigint;
BEGIN
    -- Of the staff: whoever keeps people, and a coordinator their own, unless the media have accredited them as well.
    IF current_setting('role', true) = 'tracker_staff'
       AND NOT public.wall_has_role('{accreditation_officer}')
       AND (NOT public.wall_owns('missions_person', person::text)
            OR EXISTS (SELECT FROM public.missions_accreditation a WHERE a.media_person_id = person)) THEN
        RAISE EXCEPTION 'this account may not erase person %', person USING ERRCODE = 'insufficient_privilege';
    END IF;
    FOR decision IN
        SELECT DISTINCT r.decision_id FROM public.missions_bulkdecisionrow r
        JOIN public.missions_accreditation a ON a.id = r.accreditation_id
        LEFT JOIN public.missions_observer o ON o.id = a.observer_id
        WHERE a.media_person_id = person OR o.person_id = person
    LOOP
        UPDATE public.missions_bulkdecision SET reason = word WHERE id = decision AND reason NOT IN ('', word);
        PERFORM public.history_forget('missions_bulkdecision', decision::text);
    END LOOP;
    UPDATE public.missions_observer SET person_id = NULL WHERE person_id = person;
    UPDATE public.missions_accreditation SET media_person_id = NULL WHERE media_person_id = person;
    DELETE FROM public.missions_person WHERE id = person;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("missions", "0004_people")]

    operations = [migrations.RunSQL(ERASE, "DROP FUNCTION public.erase_person(bigint, text)")]
