-- crime_group_rules: one row per rule that puts crime types into a group. From: this file.
-- The first rule whose pattern is found in the type, in capitals or not, decides. The groups follow the offense families of the
-- Texas Penal Code and of the FBI's Uniform Crime Reporting: attempts count as the offense, and an entered building or vehicle
-- before what happened in it. No rule catches all: a type that no rule knows stays visible as "Not grouped yet".
delete from mart.crime_group_rules;

insert into mart.crime_group_rules (rule_rank, crime_group, crime_class, type_pattern, reason)
values
(
    10, 'Warrants and court orders', 'Other', 'protective order|court order|stay away|ex parte|bond condition|^viol po\y',
    'Orders of a court, before the offense that they name'
),
(
    20, 'Warrants and court orders', 'Other', 'warrant|warr$|probation|parole|bail jumping|contempt of court',
    'Arrests for a court or a warrant'
),
(
    30, 'Warrants and court orders', 'Other', 'fail(ure)? to reg|immigration hold|escape from custody|electronic monitoring',
    'Supervision after a conviction, and custody'
),
(
    40, 'Alcohol and impaired driving', 'Other',
    '^crash/|dwi|driving while intox|\ydui\y|boating while|^bwi|public intox|alcohol|\yliq(uor)?\y|drinking after',
    'Drinking, driving after it, and crashes that are an offense'
),
(50, 'Homicide', 'Against a person', 'murder|manslaughter|homicide|aiding suicide', 'Texas Penal Code, chapter 19'),
(
    60, 'Burglary', 'Against property', '^(att )?burg(lary)? (of res|non res|of shed)',
    'A building that was entered, whatever happened in it'
),
(
    70, 'Theft', 'Against property', '^burglary of (veh|coin)',
    'From a vehicle or a machine: theft by the FBI''s definition'
),
(
    80,
    'Sexual offenses',
    'Against a person',
    'rape|sodomy|sexual (assault|asult|assl?t|coercion|performance)|sex (abuse|asslt|aslt)',
    'Penetration and abuse: Texas Penal Code, sections 21.02, 22.011 and 22.021'
),
(
    90, 'Sexual offenses', 'Against a person',
    'indecen|lewdness|contact-sexual|incest|porn|sexting|intimate visual|invasive visual|improper contact|grooming|enticing'
    '|solicitation of (a )?(minor|child)|harmful material|bestiality|doc exposure|window peeping|compelling prost',
    'Other offenses of a sexual kind: chapters 21, 33 and 43'
),
(
    100, 'Public order', 'Other', 'prostitut|obscen|gambling|game rm|massage',
    'Vice: chapters 43 and 47, without force'
),
(110, 'Robbery', 'Against a person', 'robbery', 'Texas Penal Code, chapter 29'),
(
    120, 'Vehicle theft', 'Against property', 'auto theft|^rental car|unauthorized use',
    'The vehicle itself, also one that was rented and not returned'
),
(
    130, 'Fraud', 'Against property',
    'fraud|forge|counterfeit|\y(cred|credit|debit) card|identity theft|identifying info|embezzle|false pretext|bunco'
    '|pigeon drop'
    '|kiting|secured creditors|false statement|money laundering|computer security|impersonation|fiduciary|exec-doc|bribery'
    '|labell?ing|consumer prod|exploitation|extortion|spoof|phishing',
    'Deceit for gain: chapters 32 and 33'
),
(
    140, 'Theft', 'Against property', 'theft|shoplift|pocket picking|purse snatching|stolen prop|till tapping',
    'Texas Penal Code, chapter 31, with mail and services'
),
(
    150, 'Drugs', 'Other',
    'controlled sub|cont sub|marijuana|dang drug|drug paraph|prescription|inhalant|\ydxm\y|narc(otic)?\y|nuisance abatement',
    'Health and Safety Code, chapters 481 to 485'
),
(
    160, 'Weapons', 'Other',
    'weap|firearm|handgun|knife|discharge gun|display gun|unlawful carry|^ucw|explosive|bomb threat|firework|ordnance',
    'Carrying, showing and firing: chapter 46, and what might explode'
),
(
    170, 'Assault and threats', 'Against a person',
    'ass?aul?t|\yas[sl]+t\y|strang|deadly|kidnap|unlawful restraint|inj(ury)?( |/)|threat|stalking|harassment'
    '|trafficking|terroristic'
    '|retaliation|endanger|negl|hazing|purchase of child|crimes against elderly|illegal alien|emerg phone'
    '|emergency call|oppression'
    '|reckless conduct|coercion|dis(abled|order) individual',
    'Harm to a person, or the threat of it: chapters 20, 22, 25, 36 and 42'
),
(
    180, 'Property damage', 'Against property', 'arson|criminal mischief|graffiti|damage|\ydesecrat',
    'Texas Penal Code, chapter 28'
),
(
    190, 'Public order', 'Other',
    'disturbance|^doc |disrupt|riot|prowler|trespass|loiter|camping|sleeping in|sit and lie|urinating|solicitation - begging'
    '|aggressive confront|curfew|noise|music|sound|litter|dumping|solid waste|glass container|smoking|tobacco'
    '|domestic violence/alarm',
    'Disturbances, and what is not allowed in public'
),
(
    200, 'Public order', 'Other', 'viol city ord|^voco|^exp-viol city|ordinance|attack by dog|amplified|abandoned refrigerator',
    'City ordinances'
),
(
    210, 'Other offenses', 'Other',
    'evading|resisting|failure to id|fictitious|false (alarm|report|id)|interfer|hindering|tampering|perjury'
    '|abuse of (911|official)'
    '|official (info|misconduct)|gift to public|impersonating|peace officer|public servant',
    'Against the police, courts and public servants: chapters 36 to 39'
),
(
    220, 'Other offenses', 'Other',
    'child custody|runaway|truancy|delinquency|nonsupport|child abuse|misrep age|awol|desertion|cruelty to animal'
    '|assistance animal'
    '|corpse|federal viol|airport|state law|water safety|organized crime|conspiracy|criminal (solicitation|instrument)'
    '|disclosure'
    '|interception|telecommunication|aircraft|prisoner|medicine',
    'What is left: families, animals, state and federal law'
);
