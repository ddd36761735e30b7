-- publish_table: make a published table equal to its staged version; equal rows stay untouched.
-- {published}: the table; {staged}: its new content; {columns}: all of the table; {condition}: which rows may differ.
-- A row as text is null-safe and can be hashed.
delete from {published} as published
where
    {condition}
    and published::text in (
        select gone.*::text from (
            select {columns} from {published}
            where {condition}
            except
            select {columns} from {staged}
            where {condition}
        ) as gone
    );

insert into {published} ({columns})
select {columns} from {staged}
where {condition}
except
select {columns} from {published}
where {condition};
