// Below the title of each drawing, a sentence says what it shows now. It is made of the rows that the drawing itself got, so it
// obeys every filter, and readers aloud, who get nothing from a drawing, read the numbers. Tables and tiles are text already.
const DRAWN = /^(echarts|mixed_timeseries|heatmap|pie|deck)/;
const sentences = new Map();

const inNumbers = (value, isShare) => value.toLocaleString("en-US", { style: isShare ? "percent" : "decimal", maximumFractionDigits: 1 });

const asDate = (milliseconds, grain) => new Date(milliseconds).toLocaleDateString("en-US", {
  timeZone: "UTC", year: "numeric", month: "short", ...(grain === "P1M" ? {} : { day: "numeric" }),
});

// The names of days and months begin with a number to sort by ("6 Sat"), and hours are bare.
const asLabel = (value, column, isTime, grain) => {
  if (value === null || value === undefined) return "none";
  if (isTime && Number.isFinite(value)) return `${column === "week" ? "week of " : ""}${asDate(value, grain)}`;
  if (column === "age_weeks") return `after ${value} weeks`;
  if (column === "hour" && /^\d+$/.test(value)) return `${value}:00`;
  return String(value).replace(/^\d+ (?=[A-Z][a-z]{2}$)/, "").replace(/ {2,}/g, " ");
};

// What is drawn at each place, and of which parts it is made: a column of a stack, a point of each line, a square, a district.
const places = (form, query, { data, colnames, coltypes }) => {
  const named = query.columns.map((column) => column.label ?? column);
  const axes = named.filter((name) => name !== form.line_column && colnames.includes(name));
  const numbers = colnames.filter((name, at) => coltypes[at] === 0 && !named.includes(name) && !/^rank$|__contribution$/.test(name));
  const isTime = (axis) => coltypes[colnames.indexOf(axis)] === 2;
  const rows = data.map((row) => ({
    label: axes.map((axis) => asLabel(row[axis], axis, isTime(axis), form.time_grain_sqla)).join(", "),
    parts: numbers.filter((name) => row[name] !== null).map((name) => ({ name, value: row[name] })),
  }));
  // A district of several polygons has a row for each.
  return [...new Map(rows.map((row) => [row.label, row])).values()].filter(({ parts }) => parts.length);
};

const sum = (values) => values.reduce((total, value) => total + value, 0);

const filtersInForce = (form, { from_dttm: from, to_dttm: to }) => {
  const chosen = (form.extra_form_data?.filters ?? []).map(({ col, val }) => `${String(col).replaceAll("_", " ")} ${[val].flat().map((one) => one ?? "none").join(" or ")}`);
  // The end is the first moment after.
  const time = [from && `from ${asDate(from)}`, to && `to ${asDate(to - 1)}`].filter(Boolean).join(" ");
  return [...chosen, time].filter(Boolean).join(", ");
};

const compared = (drawn, ranges) => {
  const usual = new Map(ranges.map(({ label, parts }) => [label, parts.map(({ value }) => value)]));
  const over = drawn.filter(({ parts, place }) => usual.has(place) && !parts.some(({ name }) => name.includes("still running")));
  const above = over.filter(({ place, total }) => total > Math.max(...usual.get(place)));
  const below = over.filter(({ place, total }) => total < Math.min(...usual.get(place)));
  return `; of ${over.length} whole months, ${above.length} lie above the usual range and ${below.length} below`;
};

// Of a map of changes: 1 where there are more by more than chance, -1 where there are fewer.
const changes = (drawn) => {
  const named = (direction) => drawn.filter(({ parts }) => parts[0].value === direction).map(({ label }) => label).join("; ");
  const [more, fewer] = [named(1), named(-1)];
  if (!more && !fewer) return "No district changed by more than chance.";
  return [more && `More than the year before: ${more}.`, fewer && `Fewer: ${fewer}.`, "The others can be chance."].filter(Boolean).join(" ");
};

const inWords = (form, queries, results) => {
  const drawn = places(form, queries[0], results[0]);
  const filters = filtersInForce(form, results[0]);
  const only = filters && ` (${filters})`;
  if (!drawn.length) return `Nothing to draw${only}.`;
  if (form.metric === "change_direction") return changes(drawn);
  // Lines of several years, or shares, do not add up.
  const isLines = /line$/.test(form.viz_type);
  const isCount = !isLines && !/per_/.test(form.metric);
  const isShare = /%/.test(form.y_axis_format);
  // Of bars in two colors, the rarer one is named: the month that still runs.
  const count = (name) => drawn.filter(({ parts }) => parts.some((part) => part.name === name)).length;
  const names = [...new Set(drawn.flatMap(({ parts }) => parts.map(({ name }) => name)))].sort((one, other) => count(other) - count(one));
  const all = drawn.flatMap(({ label, parts }) => {
    const named = (name) => (names.length > 1 && (isLines || name !== names[0]) ? `${label} (${name.replace(/^reports, /i, "")})` : label);
    if (isLines) return parts.map(({ name, value }) => ({ label: named(name), total: value, parts }));
    return [{ place: label, label: parts.length === 1 ? named(parts[0].name) : label, total: sum(parts.map(({ value }) => value)), parts }];
  });
  const end = (which) => all.reduce((one, other) => (which(one.total, other.total) === one.total ? one : other));
  const [most, least] = [end(Math.max), end(Math.min)].map(({ label, total }) => `${label}, ${inNumbers(total, isShare)}`);
  const ends = all.length > 1 ? `Most: ${most}; least: ${least}` : most;
  const together = isCount && all.length > 1 ? `; together: ${inNumbers(sum(all.map(({ total }) => total)))}` : "";
  const range = results.length === 2 ? compared(all, places(form, queries[1], results[1])) : "";
  return `${ends}${together}${range}${only}.`;
};

const show = () => {
  for (const [id, sentence] of sentences) {
    const header = document.querySelector(`[data-test-chart-id="${id}"] [data-test="slice-header"]`);
    if (!header) continue;
    const line = header.querySelector(".in-words") ?? header.appendChild(Object.assign(document.createElement("p"), { className: "in-words" }));
    if (line.textContent !== sentence) line.textContent = sentence;
  }
};
// A chart that was scrolled away is made anew.
new MutationObserver(show).observe(document.documentElement, { childList: true, subtree: true });

const say = async (address, options, answer) => {
  if (!new URL(address, location).pathname.startsWith("/api/v1/chart/data") || !answer.ok || typeof options?.body !== "string") return;
  const { form_data: form, queries } = JSON.parse(options.body);
  if (!form?.slice_id || !DRAWN.test(form.viz_type)) return;
  const { result } = await answer.clone().json();
  if (!result?.[0]?.data) return;
  sentences.set(form.slice_id, inWords(form, queries, result));
  show();
};
