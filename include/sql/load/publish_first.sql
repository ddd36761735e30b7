-- publish_first: fill mart.crimes, which is empty and has no index. {columns}: all of them. From: staging.crimes_next.
insert into mart.crimes ({columns})
select {columns}
from staging.crimes_next;

update ops.loads set
    added_count = (select count(*) from mart.crimes),
    edited_count = 0,
    removed_count = 0
where status = 'running';
