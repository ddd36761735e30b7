-- close_to_readers: take from PUBLIC what reading does not need. {owner}: the pipeline's role; {database}: name of this database.
-- Run by a superuser, because the functions are PostgreSQL's own; run again, it changes what a new version brought.
do $$
declare
    functions text;
begin
    -- What writes, locks, waits, signals or runs the text of a statement is volatile; a few that are not are named.
    select string_agg(candidates.oid::regprocedure::text, ', ') into functions
    from pg_proc as candidates
    where
        candidates.pronamespace = 'pg_catalog'::regnamespace
        and candidates.prokind = 'f'
        and (
            candidates.provolatile = 'v'
            and candidates.prorettype not in (
                'internal'::regtype, 'trigger'::regtype, 'event_trigger'::regtype, 'tsm_handler'::regtype,
                'index_am_handler'::regtype, 'table_am_handler'::regtype, 'language_handler'::regtype
            )
            and candidates.proname not in (
                'array_sample', 'array_shuffle', 'clock_timestamp', 'gen_random_uuid', 'pg_database_size', 'pg_indexes_size',
                'pg_is_in_recovery', 'pg_relation_size', 'pg_table_size', 'pg_total_relation_size', 'random', 'random_normal',
                'setseed', 'timeofday', 'uuidv4', 'uuidv7'
            )
            or candidates.proname ~ '_to_xml(schema|_and_xmlschema)?$'
            or candidates.proname ~ '^pg_stat_get_(activity|backend_|progress_info|subscription|wal_)'
            or candidates.proname in ('txid_current', 'pg_current_xact_id')
        )
        and exists (
            select from aclexplode(coalesce(candidates.proacl, acldefault('f', candidates.proowner))) as granted
            where granted.grantee = 0
        );
    if functions is not null then
        execute format('revoke execute on function %s from public', functions);
        execute format('grant execute on function %s to %I', functions, {owner_name});
    end if;
end
$$;
revoke usage on language plpgsql from public;
grant usage on language plpgsql to {owner};
revoke temporary on database {database} from public;
revoke create on schema public from public;
-- The button that stops a query in SQL Lab. A role can cancel the statements of its own sessions only.
grant execute on function pg_cancel_backend(integer) to austin_crime_reader;
