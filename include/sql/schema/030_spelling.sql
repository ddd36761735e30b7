-- Comments in American spelling, in warehouses that have the older ones, too.
do $$
declare
    statement text;
begin
    for statement in
        select format(
            'comment on %s is %L',
            case
                when comments.objsubid = 0 then format('table %s', comments.objoid::regclass)
                else format('column %s.%I', comments.objoid::regclass, columns.attname)
            end,
            replace(comments.description, 'offence', 'offense')
        )
        from pg_description as comments
        inner join pg_class as tables on tables.oid = comments.objoid
        left join pg_attribute as columns on columns.attrelid = tables.oid and columns.attnum = comments.objsubid
        where
            comments.classoid = 'pg_class'::regclass
            and tables.relnamespace in ('mart'::regnamespace, 'ops'::regnamespace)
            and comments.description like '%offence%'
            and (comments.objsubid > 0 or tables.relkind = 'r')
    loop
        execute statement;
    end loop;
end
$$;
