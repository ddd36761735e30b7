-- keys_unique: incident numbers that would occur twice. From: staging.crimes_next.
select
    null as subject,
    count(*) - count(distinct incident_id) as observed
from staging.crimes_next;
