// How it works: one report on its way through the steps, which plays by itself unless a person asks for reduced motion.
import { Grid, h, Mono, ours, Trouble, UI, useAnswer, useEffect, useState } from "./common.js";

const STEP_MS = 4000;
const keepsStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function Walk({ stations }) {
  const { data, error } = useAnswer(() => ours("example"), []);
  const [place, setPlace] = useState(0), [isPlaying, setPlaying] = useState(!keepsStill());
  const last = stations.length - 1, station = stations[place];
  useEffect(() => {
    if (!isPlaying || place >= last) return undefined;
    const timer = setTimeout(() => setPlace(place + 1), STEP_MS);
    return () => clearTimeout(timer);
  }, [isPlaying, place, last]);
  if (error) return h(Trouble, { error });
  if (!data || !station) return null;
  const go = (next) => { setPlaying(false); setPlace(Math.min(Math.max(next, 0), last)); };
  const isMoving = isPlaying && place < last;
  const play = () => { if (place === last) setPlace(0); setPlaying(!isMoving); };
  const title = data.is_sample ? "A report on its way (an invented one)" :
    `A report on its way: ${data.raw.incident_report_number ?? "without number"}, of the last load`;
  const button = (text, onClick, disabled = false) => h(UI.Button, { size: "sm", variant: "outline", onClick, disabled }, text);
  return h(UI.Card.Root, { as: "section", "aria-label": "How it works", my: 4, variant: "subtle" }, h(UI.Card.Body, { gap: 3 },
    h(UI.Flex, { wrap: "wrap", gap: 2, align: "center", justify: "space-between" },
      h(UI.Heading, { as: "h2", size: "md" }, title),
      h(UI.HStack, null, button("Back", () => go(place - 1), place === 0), button(isMoving ? "Pause" : "Play", play),
        button("Next", () => go(place + 1), place === last))),
    h(Track, { stations, place, go }),
    h(UI.Box, { "aria-live": "polite" },
      h(UI.Heading, { as: "h3", size: "lg" }, `${place + 1}. ${station.title}`), h(UI.Text, { color: "fg.muted" }, station.doc)),
    h(UI.SimpleGrid, { columns: { base: 1, lg: 2 }, gap: 4 },
      h(UI.Box, { minW: 0 },
        h(UI.Heading, { as: "h4", size: "sm", mb: 1 }, "As the city sends it"),
        h(Mono, { bg: "bg.muted", p: 2, rounded: "md" }, JSON.stringify(data.raw, null, 2))),
      h(UI.Box, { minW: 0 },
        h(UI.Heading, { as: "h4", size: "sm", mb: 1 }, "What this step makes of it"),
        (data.steps[station.id] ?? ["This step does the same for every report."])
          .map((line) => h(UI.Text, { key: line, fontSize: "lg", mb: 1 }, line)),
        station.id.endsWith("clean_and_stage") && h(Cleaned, { rows: data.cleaned })))));
}

/** The steps as dots; the report is the large mark, which moves. */
function Track({ stations, place, go }) {
  const left = (index) => `${100 * index / (stations.length - 1)}%`;
  return h(UI.Box, { position: "relative", h: "28px", mx: "14px", role: "group", "aria-label": `Step ${place + 1} of ${stations.length}` },
    h(UI.Box, { position: "absolute", top: "13px", w: "100%", h: "2px", bg: "border.emphasized" }),
    stations.map((station, index) => h(UI.Box, { as: "button", key: station.id, type: "button", "aria-label": station.title,
      title: station.title, onClick: () => go(index), position: "absolute", top: "2px", ml: "-12px", p: "7px", left: left(index),
      cursor: "pointer" },
    h(UI.Box, { w: "10px", h: "10px", rounded: "full", bg: index <= place ? "green.solid" : "border.emphasized" }))),
    h(UI.Box, { position: "absolute", pointerEvents: "none", top: "4px", ml: "-15px", w: "30px", h: "20px", rounded: "sm",
      bg: "brand.solid", left: left(place), transition: keepsStill() ? "none" : "left 0.8s ease-in-out" }));
}

/** A report's values as sent and as cleaned; what the rules changed is marked. */
export function Cleaned({ rows }) {
  const value = (row) => h(UI.Box, { as: row.is_changed ? "mark" : "span", px: 1, fontFamily: "mono", fontSize: "xs", color: "fg",
    bg: row.is_changed ? "yellow.subtle" : "transparent", title: row.rule }, row.value ?? "null");
  return h(Grid, { label: "Raw and cleaned", rows, columns: [
    ["Sent as", (row) => h(Mono, null, row.raw ?? "—")], ["Column", (row) => h(Mono, null, row.name)], ["Cleaned", value],
  ] });
}
