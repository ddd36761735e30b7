-- publish_added: add what a load changes to the counts of a published table. {published}: the table; {staged}: what is added;
-- {columns}: all of the table; {key}: those of its key; {sums}: name = held.name + excluded.name, of each count.
insert into {published} as held ({columns})
select {columns} from {staged}
on conflict ({key}) do update set
    {sums};

delete from {published}
where report_count = 0;
