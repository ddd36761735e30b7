-- grants_missing: tables and views of mart and ops that the read-only role, if the server has it, should read and cannot.
select count(*) as missing_count
from pg_class as relations
inner join pg_roles as roles on roles.rolname = 'austin_crime_reader'
where
    relations.relnamespace in ('mart'::regnamespace, 'ops'::regnamespace)
    and relations.relkind in ('r', 'v')
    and relations.oid <> 'ops.rejected_reports'::regclass
    and not (
        has_schema_privilege(roles.oid, relations.relnamespace, 'usage')
        and has_table_privilege(roles.oid, relations.oid, 'select')
    );
