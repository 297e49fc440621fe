"""The reason of a decision about several is copied to every application in it; erasing a person reaches the copies."""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("tracker.missions.migrations.0005_erase_person").ERASE.replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
HEAD, _, TAIL = BEFORE.partition("        UPDATE public.missions_bulkdecision")
COPIES = """
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
"""
DECLARED = "    said text;\n    copied bigint;\n    step bigint;\n"
AFTER = (
    HEAD.replace("    decision bigint;\n", "    decision bigint;\n" + DECLARED)
    + COPIES.lstrip("\n")
    + "        UPDATE public.missions_bulkdecision"
    + TAIL
)


class Migration(migrations.Migration):
    dependencies = [("missions", "0005_erase_person")]

    operations = [migrations.RunSQL(AFTER, BEFORE)]
