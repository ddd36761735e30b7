-- district_populations: one row per council district with its residents. From: the 2020 census, as the sources in it print it.
-- Five districts are printed by sources that we could read. The other five share what is left of the city's 961,855 residents
-- equally: the districts of 2021 were drawn to hold the same number within ten percent.
delete from mart.district_populations;

insert into mart.district_populations (council_district, resident_count, census_year, is_estimate, source)
values
(1, 94010, 2020, false, 'City of Austin, redistricting commission of 2021, austintexas.gov/icrc/districts-commissioners'),
(2, 96398, 2020, true, 'Estimate: a fifth of the residents of the city that are not in districts 1, 3, 5, 8 and 9'),
(3, 91533, 2020, false, 'Community Impact, Central Austin, October 2022, from City of Austin and U.S. Census Bureau'),
(4, 96398, 2020, true, 'Estimate: a fifth of the residents of the city that are not in districts 1, 3, 5, 8 and 9'),
(5, 97539, 2020, false, 'Community Impact, Central Austin, October 2022, from City of Austin and U.S. Census Bureau'),
(6, 96398, 2020, true, 'Estimate: a fifth of the residents of the city that are not in districts 1, 3, 5, 8 and 9'),
(7, 96398, 2020, true, 'Estimate: a fifth of the residents of the city that are not in districts 1, 3, 5, 8 and 9'),
(8, 99093, 2020, false, 'Community Impact, Central Austin, October 2022, from City of Austin and U.S. Census Bureau'),
(9, 97690, 2020, false, 'Community Impact, Central Austin, October 2022, from City of Austin and U.S. Census Bureau'),
(10, 96398, 2020, true, 'Estimate: a fifth of the residents of the city that are not in districts 1, 3, 5, 8 and 9');
