import type { MantineColorsTuple } from "@mantine/core";
import { createTheme } from "@mantine/core";

/** The one accent: a blue that keeps 4.5:1 against white at shade 7 and against the dark surface at shade 3. */
const concord: MantineColorsTuple = [
  "#eef5fd",
  "#d9e8f9",
  "#b0d0f3",
  "#7fb4ec",
  "#5a9de6",
  "#3b87dc",
  "#2571c9",
  "#1c5fb8",
  "#164d96",
  "#0f3a73",
];

/** The greys of dark fields and buttons, in the tone of the page's own surfaces. */
const dark: MantineColorsTuple = [
  "#e5e9ee",
  "#c3cbd5",
  "#98a4b3",
  "#748091",
  "#3a4552",
  "#2c3540",
  "#1f2731",
  "#1b212a",
  "#0e1217",
  "#0a0d11",
];

/** System fonts only: the page fetches nothing from elsewhere. */
const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif';
const MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';

export const theme = createTheme({
  colors: { concord, dark },
  primaryColor: "concord",
  primaryShade: { light: 7, dark: 6 },
  fontFamily: SANS,
  fontFamilyMonospace: MONO,
  headings: { fontFamily: SANS, fontWeight: "600" },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
});
