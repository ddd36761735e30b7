-- publish_empty_table: fill an empty published table. {published}: the table; {staged}: its content; {columns}: all of the table.
-- In the order of its key, whose index grows at its end then.
insert into {published} ({columns})
select {columns} from {staged}
order by {columns};
