-- crimes_next: mart.crimes as the running load would publish it. {columns}: all of mart.crimes. From: mart.crimes, staging.
create view staging.crimes_next as
select {columns}
from mart.crimes as held
where
    not exists (
        select 1 from staging.replaced_crimes as replaced
        where replaced.incident_id = held.incident_id
    )
union all
select {columns}
from staging.crimes;
comment on view staging.crimes_next is 'mart.crimes as this load will publish it.';
