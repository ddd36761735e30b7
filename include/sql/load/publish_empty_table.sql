-- publish_empty_table: fill an empty published table. {published}: the table; {staged}: its content; {columns}: all of the table.
insert into {published} ({columns})
select {columns} from {staged};
