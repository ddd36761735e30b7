-- grants: what the read-only role may read, if the server has it. Run after every migration.
do $$
begin
    if exists (select from pg_roles where rolname = 'austin_crime_reader') then
        grant usage on schema mart, ops to austin_crime_reader;
        grant select on all tables in schema mart, ops to austin_crime_reader;
        revoke select on ops.rejected_reports from austin_crime_reader;
    end if;
end
$$;
