// The receipt of a load: the city's counts next to ours, group by group, and what was received.
import { bytes, Fold, Grid, h, Mono, number, ours, plural, Section, Trouble, UI, useAnswer, useState } from "./common.js";

const TITLES = { occurred_year: "By year", crime_type: "By crime type", council_district: "By council district" };
const GROUPS_SHOWN = 30;

export function Receipt({ loadId }) {
  const { data, error } = useAnswer(() => ours("receipt", { load_id: loadId }), [loadId]);
  if (error) return h(Trouble, { error });
  if (!data?.group_count) return null; // an unchanged load compares no groups
  const isEqual = data.equal_count === data.group_count;
  return h(Section, { title: "The receipt",
    note: "The city's own counts, asked for after the load had everything, next to what this load holds." },
  h(UI.Text, { fontSize: "lg", mb: 2 },
    h(UI.Badge, { colorPalette: isEqual ? "green" : "red", size: "lg", mr: 2 }, isEqual ? "All equal" : "Not equal"),
    `${number(data.equal_count)} of ${plural(data.group_count, "group")} equal.`),
  Object.entries(data.dimensions).map(([name, groups]) => h(Dimension, { key: name, name, groups })),
  h(Fold, { title: `Received: ${plural(data.files.length, "file")}, with the SHA-256 of each` },
    h(Grid, { label: "Files received", rows: data.files, columns: [
      ["File", (row) => row.batch_id],
      ["Reports", (row) => number(row.report_count), true],
      ["Size", (row) => bytes(row.byte_count), true],
      ["SHA-256", (row) => h(Mono, { minW: "20em" }, row.sha256)],
    ] })));
}

function Dimension({ name, groups }) {
  const [isAll, setAll] = useState(false);
  const equal = groups.filter((group) => group.is_equal).length;
  return h(Fold, { title: `${TITLES[name] ?? name}: ${number(equal)} of ${plural(groups.length, "group")} equal` },
    h(Grid, { label: TITLES[name], rows: isAll ? groups : groups.slice(0, GROUPS_SHOWN), columns: [
      ["Group", (row) => row.group_key ?? "(none)"],
      ["City", (row) => number(row.portal_count), true],
      ["Here", (row) => number(row.published_count), true],
      ["Rejected", (row) => number(row.rejected_count), true],
      ["", (row) => (row.is_equal ? "equal" : h(UI.Badge, { colorPalette: "red" }, "differs"))],
    ] }),
    groups.length > GROUPS_SHOWN && !isAll &&
      h(UI.Button, { size: "xs", variant: "outline", onClick: () => setAll(true) }, `Show all ${number(groups.length)}`));
}
