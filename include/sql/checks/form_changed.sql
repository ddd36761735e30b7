-- form_changed: 1 if the dataset's form is not that of the last published load. From: ops.loads.
select
    last_load.dataset_form || ' to ' || loads.dataset_form as subject,
    case when loads.dataset_form = last_load.dataset_form then 0 else 1 end as observed
from ops.loads as loads
inner join ops.loads as last_load on loads.planned_against = last_load.load_id
where loads.status = 'running';
