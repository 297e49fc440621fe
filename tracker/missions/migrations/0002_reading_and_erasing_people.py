"""Readings of people's records, only added to; and a person taken out of the register, by one function."""

from django.db import migrations

# Written by a function that takes the account from the transaction, never changed. A reading may be of a file that
# somebody brought, with people in it whom the register does not know yet.
READINGS = """
CREATE FUNCTION public.note_person_readings(people bigint[], shown_on text, of_file bigint) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO public.missions_personreading (person, file, account, at, screen, request)
    SELECT key, of_file, nullif(current_setting('tracker.user', true), '')::bigint, clock_timestamp(), shown_on,
        left(coalesce(current_setting('tracker.request', true), ''), 40)
    FROM unnest(CASE WHEN of_file IS NULL THEN people ELSE people || NULL::bigint END) AS key
$$;
CREATE FUNCTION public.person_readings_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'readings are only added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'personreading_immutable';
END $$;
CREATE TRIGGER personreading_stays BEFORE UPDATE OR DELETE ON public.missions_personreading
    FOR EACH STATEMENT EXECUTE FUNCTION public.person_readings_stay();
"""
NO_READINGS = """
DROP TRIGGER personreading_stays ON public.missions_personreading;
DROP FUNCTION public.person_readings_stay();
DROP FUNCTION public.note_person_readings(bigint[], text, bigint);
"""

# A function of the database, as it needs more rights than some of those who may erase have. The reason of a decision
# about several is copied to every application in it; erasing a person reaches the copies.
ERASE = """
-- Take the person out of the register: the row, the keys that point at it, and the reasons of decisions about several
-- applications, with what the history keeps of those. They are out of a coordinator's sight, but may name the person;
-- and an observer whose person goes, or a person whose observer lets go, is nobody's to write in between.
CREATE FUNCTION public.erase_person(person bigint, word text) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    decision bigint;
    said text;
    copied bigint;
    step bigint;
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
        SELECT b.reason INTO said FROM public.missions_bulkdecision b WHERE b.id = decision;
        IF said NOT IN ('', word) THEN
            FOR copied IN
                SELECT r.accreditation_id FROM public.missions_bulkdecisionrow r
                JOIN public.missions_accreditation a ON a.id = r.accreditation_id
                WHERE r.decision_id = decision AND (r.outcome = 'done' OR a.reason = said)
            LOOP
                UPDATE public.missions_accreditation SET reason = word WHERE id = copied AND reason = said;
                PERFORM public.history_forget('missions_accreditation', copied::text);
                FOR step IN
                    UPDATE public.missions_accreditationchange SET reason = word
                    WHERE accreditation_id = copied AND reason = said RETURNING id
                LOOP
                    PERFORM public.history_forget('missions_accreditationchange', step::text);
                END LOOP;
            END LOOP;
        END IF;
        UPDATE public.missions_bulkdecision SET reason = word WHERE id = decision AND reason NOT IN ('', word);
        PERFORM public.history_forget('missions_bulkdecision', decision::text);
    END LOOP;
    UPDATE public.missions_observer SET person_id = NULL WHERE person_id = person;
    UPDATE public.missions_accreditation SET media_person_id = NULL WHERE media_person_id = person;
    DELETE FROM public.missions_person WHERE id = person;
END $$;
"""


class Migration(migrations.Migration):
    replaces = [
        ("missions", "0004_people"),
        ("missions", "0005_erase_person"),
        ("missions", "0006_erase_copied_reasons"),
        ("missions", "0007_readings_of_files"),
    ]

    dependencies = [("missions", "0001_missions_and_people")]

    operations = [
        migrations.RunSQL(READINGS, NO_READINGS),
        migrations.RunSQL(ERASE, "DROP FUNCTION public.erase_person(bigint, text)"),
    ]
