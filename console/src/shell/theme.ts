import { applyMode, Mode } from "@cloudscape-design/global-styles";

/** Light, dark, or as the browser says. Kept for this browser; it is no secret. */
export type Theme = "light" | "dark" | "auto";

const KEY = "longshore-theme";
const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "auto";
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  applyTheme();
}

export function applyTheme(): void {
  const theme = chosenTheme();
  const isDark = theme === "dark" || (theme === "auto" && prefersDark.matches);
  applyMode(isDark ? Mode.Dark : Mode.Light);
}

prefersDark.addEventListener("change", applyTheme);
