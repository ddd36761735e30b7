-- publish_table: make a published table what it is to be; rows that are the same stay untouched.
-- {live}: the table; {next}: what it is to be; {columns}: all of the table. A row as text is null-safe and can be hashed.
delete from {live} as old
where old::text in (
    select gone.*::text from (
        select {columns} from {live}
        except
        select {columns} from {next}
    ) as gone
);

insert into {live} ({columns})
select {columns} from {next}
except
select {columns} from {live};
