-- forget_portal: an empty warehouse belongs to no portal.
update mart.data_status set
    source_url = null,
    is_sample = null;
