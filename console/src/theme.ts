import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

// Pine is for what is said, amber for what is suggested.
const pine: MantineColorsTuple = [
  "#e9f4f1",
  "#d3e7e2",
  "#a8d2c9",
  "#7dc0b4",
  "#5cafa1",
  "#3c9486",
  "#277a6e",
  "#1d635a",
  "#174f48",
  "#0f3a35",
];
const amber: MantineColorsTuple = [
  "#fdf3e4",
  "#f9e3c4",
  "#f3cd98",
  "#efb768",
  "#e9a34b",
  "#d98b2b",
  "#b86e17",
  "#94550f",
  "#74420c",
  "#553008",
];
const dark: MantineColorsTuple = [
  "#e7e5df",
  "#c9cac6",
  "#a3a9a9",
  "#818a8b",
  "#465254",
  "#313b3d",
  "#252d2f",
  "#1a2123",
  "#14191b",
  "#0e1213",
];

export const theme = createTheme({
  colors: { pine, amber, dark },
  primaryColor: "pine",
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily: '"Geist Variable", system-ui, sans-serif',
  fontFamilyMonospace: '"Geist Mono Variable", ui-monospace, monospace',
  headings: { fontFamily: '"Newsreader Variable", Georgia, serif', fontWeight: "480" },
});

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#faf8f4",
    "--mantine-color-text": "#1d2628",
    "--mantine-color-dimmed": "#596567",
    "--mantine-color-default-border": "#ddd8cd",
    "--mantine-color-placeholder": "#6d7779",
    "--mantine-color-error": "#b3261e",
    "--surface": "#ffffff",
    "--sunken": "#f3efe7",
    "--line": "#e6e1d6",
    "--said": "#1d635a",
    "--said-soft": "#d3e7e2",
    "--suggested": "#8a4d0c",
    "--suggested-soft": "#f9e3c4",
    "--bad": "#b3261e",
    "--good": "#1d6b3f",
  },
  dark: {
    "--mantine-color-body": "#101516",
    "--mantine-color-text": "#e7e5df",
    "--mantine-color-dimmed": "#9ba5a6",
    "--mantine-color-default-border": "#313b3d",
    "--mantine-color-placeholder": "#8b9596",
    "--mantine-color-error": "#ff8f86",
    "--surface": "#171d1f",
    "--sunken": "#0c1011",
    "--line": "#283133",
    "--said": "#7dc0b4",
    "--said-soft": "#17403a",
    "--suggested": "#efb768",
    "--suggested-soft": "#4a3310",
    "--bad": "#ff8f86",
    "--good": "#7fcf9b",
  },
});
