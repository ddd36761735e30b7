-- publish_table: make a published table equal to its staged version; equal rows stay untouched.
-- {published}: the table; {staged}: its new content; {columns}: all of the table. A row as text is null-safe and can be hashed.
delete from {published} as published
where
    published::text in (
        select gone.*::text from (
            select {columns} from {published}
            except
            select {columns} from {staged}
        ) as gone
    );

insert into {published} ({columns})
select {columns} from {staged}
except
select {columns} from {published};
